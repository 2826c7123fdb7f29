package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/engine/level"
	"mvrun/engine/room"
	"mvrun/validate"
)

// Registry reads the facts that a comparison needs. requests counts the HTTP
// requests that Read sent. An error means that the fact is not known. It may
// implement Reasoner.
type Registry interface {
	Read(ctx context.Context, image imagelist.Image, need validate.Need) (fact validate.Fact, requests int, err error)
}

// Reasoner is an error that knows which reason a result should have for it.
type Reasoner interface {
	error
	Reason() validate.Reason
}

// Causes with which the context of a run, or of one image, is cancelled.
var (
	ErrInterrupted = errors.New("interrupted")
	errTimeout     = errors.New("timed out")
)

// DeadlineError is the cause of the end of a run that took longer than it may.
type DeadlineError struct {
	After time.Duration
	Hint  string // what the user calls this limit, for messages; may be ""
}

func (e *DeadlineError) Error() string {
	return fmt.Sprintf("the run's time was over after %v%s", e.After, inBrackets(e.Hint))
}

// inBrackets returns " (hint)", or "" for no hint.
func inBrackets(hint string) string {
	if hint == "" {
		return ""
	}
	return " (" + hint + ")"
}

// Reason implements Reasoner.
func (e *DeadlineError) Reason() validate.Reason { return validate.Timeout }

// Ended returns the reason and the message of an image that has no verdict because
// the run ended. cause is the cause of the run's context.
func Ended(cause error) (validate.Reason, string) {
	if deadline := (*DeadlineError)(nil); errors.As(cause, &deadline) {
		return deadline.Reason(), "no verdict: " + deadline.Error()
	}
	return validate.Interrupted, "interrupted before there was a verdict"
}

// Options make an Engine.
type Options struct {
	Registry Registry
	Jobs     int // images validated at once; with Auto, the most that may be
	// Auto finds out, for each pair of registries, how many images they can take at once.
	Auto    bool
	Timeout time.Duration // for one image
	// TimeoutHint is what the user calls Timeout, for messages; may be "".
	TimeoutHint string
	Sinks       []Sink      // in the order in which they get each result
	Stop        func(error) // called once if a sink fails; must not block

	// Redact hides the users' secrets in words of which a registry has written a part. It
	// may be nil.
	Redact func(words string) string

	// Fresh makes every image ask the registries for all its facts, also for those
	// that another image has asked for. A person at a prompt may mend a mirror
	// between two images.
	Fresh bool

	// Shard is the part of each list that the run validates.
	Shard imagelist.Shard

	// Earlier returns the last result that an earlier run has for a question about
	// an image, or nil. Images that were OK then are not validated again. Earlier
	// may be nil.
	Earlier func(image *imagelist.Image, question string) *Result
}

// Engine validates images. Its methods may be called from many goroutines.
type Engine struct {
	options   Options
	jobs      chan struct{} // holds a value for each image under way; nil if Auto
	places    *level.Places // nil unless Auto
	facts     *facts        // nil if Fresh
	room      *room.Room
	collector *collector

	sequence     atomic.Uint32 // of the last result
	readingBlobs atomic.Int64  // how many images have begun to read their blobs, and have no verdict yet

	mu        sync.Mutex
	readings  []*imagelist.Reading // of the run's lists, in the order in which the script reads them
	invalid   map[identity]imagelist.Image
	listed    int               // how many of invalid there were when the failed list was made
	questions map[asked]string  // their hashes
	latest    validate.Question // of all images
	// answered are the images and questions that this run itself has asked; nil if
	// it does not go on from an earlier run.
	answered map[key]struct{}
}

// New returns an Engine whose collector runs until Close.
func New(o Options) *Engine {
	e := &Engine{options: o, room: room.New(o.Jobs), invalid: map[identity]imagelist.Image{}, questions: map[asked]string{}, collector: collect(o.Sinks, o.Stop)}
	if o.Auto {
		e.places = level.NewPlaces(o.Jobs)
	} else {
		e.jobs = make(chan struct{}, o.Jobs)
	}
	if o.Earlier != nil {
		e.answered = map[key]struct{}{}
	}
	if !o.Fresh {
		e.facts = newFacts()
	}
	return e
}

// Jobs returns how many images are validated at once, at most.
func (e *Engine) Jobs() int { return e.options.Jobs }

// IsAuto reports whether the engine finds out how many images are validated at once.
func (e *Engine) IsAuto() bool { return e.options.Auto }

// ReadingBlobs returns how many images have begun to read their blobs, and have no verdict
// yet.
func (e *Engine) ReadingBlobs() int { return int(e.readingBlobs.Load()) }

// check compares one image, as soon as one of the jobs is free.
func (e *Engine) check(ctx context.Context, image *imagelist.Image, q validate.Question) *Result {
	entered, leave, err := e.enter(ctx, askedAbout(image, q))
	if err != nil {
		result := &Result{Image: image, Status: validate.Error, Started: time.Now()}
		result.Reason, result.Message = Ended(err)
		return result
	}
	defer leave()
	ctx = entered
	result := &Result{Image: image, Started: time.Now()}
	q = questionAbout(image, q)
	ctx, cancel := context.WithTimeoutCause(ctx, e.options.Timeout, errTimeout)
	defer cancel()
	ctx, share := e.room.Enter(ctx)
	defer share.Leave()

	verdict, requests, err := e.compare(ctx, *image, q)
	if err != nil {
		verdict = validate.Verdict{Status: validate.Error, Reason: e.reason(ctx, err), Message: err.Error()}
		switch {
		case errors.Is(context.Cause(ctx), errTimeout):
			verdict.Message = fmt.Sprintf("no verdict within %s: %v", e.timeout(), err)
		case ctx.Err() != nil:
			verdict.Reason, verdict.Message = Ended(context.Cause(ctx))
		}
		verdict.Message = validate.ShortenMessage(verdict.Message) // an error may quote what a registry sent
	}
	result.Status, result.Reason, result.Message = verdict.Status, verdict.Reason, verdict.Message
	result.Match, result.Platforms, result.Lists = verdict.Match, verdict.Platforms, verdict.Lists
	result.SourceDigest, result.DestinationDigest = verdict.SourceDigest, verdict.DestinationDigest
	result.Missing, result.Corrupt, result.Warnings = verdict.Missing, verdict.Corrupt, verdict.Warnings
	result.ServedBy = e.servedBy(*image)
	result.Requests, result.Duration = requests, time.Since(result.Started)
	if e.options.Redact != nil {
		result.clean(e.options.Redact)
	}
	return result
}

// timeout returns how long an image may take, for messages.
func (e *Engine) timeout() string {
	return fmt.Sprint(e.options.Timeout) + inBrackets(e.options.TimeoutHint)
}

// reason returns the reason of an image that could not be checked because of err.
func (e *Engine) reason(ctx context.Context, err error) validate.Reason {
	var reasoner Reasoner
	switch {
	case errors.Is(context.Cause(ctx), errTimeout):
		return validate.Timeout
	case errors.As(err, &reasoner):
		return reasoner.Reason()
	}
	return validate.Unreachable
}

// Sync returns when the sinks have got every result that was recorded before.
func (e *Engine) Sync() { e.collector.sync() }

// Close waits for the sinks and returns the counts of the run, and the error of
// a sink if one failed. cause says why the script did not come to its end; it is
// nil if the script did. Nothing may be validated or recorded after Close.
func (e *Engine) Close(cause error) (Summary, error) {
	s, err := e.collector.close(cause)
	e.mu.Lock()
	defer e.mu.Unlock()
	s.NotHandedOver += len(e.invalid) - e.listed
	return s, err
}

// Finish calls Finish of every sink that has it, in their order. It must be
// called after Close.
func (e *Engine) Finish(s Summary) error {
	var failed []error
	for _, sink := range e.options.Sinks {
		if f, ok := sink.(Finisher); ok {
			failed = append(failed, f.Finish(s))
		}
	}
	return errors.Join(failed...)
}
