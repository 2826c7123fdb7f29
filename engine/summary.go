package engine

import (
	"errors"
	"iter"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Summary is the outcome of a run. Engine.Close fills in the counts of images;
// the caller adds the rest before Engine.Finish hands the summary to the sinks.
type Summary struct {
	Images  int
	Status  map[validate.Status]int
	Reasons map[validate.Status]map[validate.Reason]int
	Matches map[validate.Match]int // of images that passed
	// Judged counts the images that passed, with the reason "", and that failed, by
	// what was asked about them.
	Judged  map[Terms]map[validate.Reason]int
	Waived  int // images accepted in spite of their result; not counted above
	Earlier int // images whose result is an earlier run's; counted above
	Started time.Time
	Elapsed time.Duration
	// NotPassed are the images that failed or could not be checked, by reason.
	NotPassed []Group
	// Lists are the lists that the script read. The run is of the part Shard of each.
	Lists   []ListCount
	Shard   imagelist.Shard
	Lines   int // lines of this part
	LeftOut int // lines of this part of which there is no result

	// NotHandedOver counts images that did not pass, and of whose lines the script
	// gave nothing to the failed list; and lines that are no images, and that the
	// script read after it had written the list.
	NotHandedOver int

	Unreached   int      // of the lines left out, those that a run which ended early did not reach
	Cause       error    // of an end before the script's own end, nil otherwise
	Requests    int      // HTTP requests that were sent
	Bytes       int64    // bytes of blobs that were read
	Hints       []string // what the user can do next, a sentence each
	FailedList  string
	FailedLines int // lines of FailedList, which is "" if there is none

	ExitStatus   int  // of the process
	OwnStatus    int  // the exit status by the results alone
	ScriptStatus *int // what the script returned, nil if it returned none
}

// Interrupted reports whether somebody ended the run, by Ctrl-C for instance.
func (s Summary) Interrupted() bool { return errors.Is(s.Cause, ErrInterrupted) }

// Deadline returns the deadline that ended the run, or nil.
func (s Summary) Deadline() *DeadlineError {
	var deadline *DeadlineError
	errors.As(s.Cause, &deadline)
	return deadline
}

// Summarize counts results, of which each image has one: those of a run that another
// process made, for instance. The counts are the same that Engine.Close returns. The
// caller adds the rest.
func Summarize(results iter.Seq[*Result]) Summary {
	return summarize(func(yield func(*imagelist.Image, outcome) bool) {
		for r := range results {
			if !yield(r.Image, outcomeOf(r)) {
				return
			}
		}
	})
}

// summarize counts the outcomes of images. It goes through them twice.
func summarize(outcomes iter.Seq2[*imagelist.Image, outcome]) Summary {
	s := Summary{
		Status:  map[validate.Status]int{},
		Reasons: map[validate.Status]map[validate.Reason]int{},
		Matches: map[validate.Match]int{},
		Judged:  map[Terms]map[validate.Reason]int{},
	}
	for _, o := range outcomes {
		s.count(o)
	}
	s.NotPassed = notPassed(outcomes)
	return s
}

// outcome is the part of a result that a summary counts; many results share one.
type outcome struct {
	status   validate.Status
	reason   validate.Reason
	match    validate.Match
	waived   bool
	rejected bool
	earlier  bool
	terms    Terms
}

func outcomeOf(r *Result) outcome {
	return outcome{r.Status, r.Reason, r.Match, r.Waived != "", r.Rejected != "", r.Earlier, r.Terms}
}

// ok reports whether the image needs no further attention.
func (o outcome) ok() bool {
	return o.waived || o.status == validate.Pass || o.status == validate.Skip
}

// count adds one outcome to the summary.
func (s *Summary) count(o outcome) {
	s.Images++
	if o.earlier {
		s.Earlier++
	}
	if o.waived {
		s.Waived++
		return
	}
	s.Status[o.status]++
	if o.status == validate.Pass || o.status == validate.Fail {
		add(s.Judged, o.terms, o.reason)
	}
	if o.match != "" {
		s.Matches[o.match]++
	}
	if o.reason != "" {
		add(s.Reasons, o.status, o.reason)
	}
}

// add counts one more image of a kind, by its reason.
func add[Kind comparable](counts map[Kind]map[validate.Reason]int, kind Kind, reason validate.Reason) {
	if counts[kind] == nil {
		counts[kind] = map[validate.Reason]int{}
	}
	counts[kind][reason]++
}
