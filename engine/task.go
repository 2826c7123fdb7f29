package engine

import (
	"context"
	"fmt"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Task is the work of one thread of a script. It records the result of an image
// when the thread turns to another image, or ends. An image that a thread
// validates several times therefore counts once, with its last result.
type Task struct {
	engine *Engine
	latest *Result // not recorded yet; nil if there is none
}

// Begin starts a task. Only one goroutine may use it.
func (e *Engine) Begin() *Task { return &Task{engine: e} }

// Validate compares an image. It always returns a result, also if the comparison
// was not possible.
func (t *Task) Validate(ctx context.Context, image *imagelist.Image, q validate.Question) *Result {
	if t.latest != nil && identify(t.latest.Image) != identify(image) {
		t.End()
	}
	question, terms := t.engine.questionOf(image, q), t.engine.termsOf(image, q)
	t.engine.noteQuestion(q)
	if t.latest == nil || t.latest.Question != question {
		if result := t.engine.earlier(image, question, terms); result != nil {
			t.latest = result
			return result
		}
	}
	t.engine.noteAnswer(image, question)
	result := t.engine.check(ctx, image, q)
	result.Question, result.Terms, result.sequence = question, terms, t.engine.nextSequence()
	result.Attempts = 1
	if t.latest != nil {
		result.Attempts += t.latest.Attempts
		result.Requests += t.latest.Requests
		result.Started = t.latest.Started
	}
	t.latest = result
	return result
}

// Waive returns a copy of a result which is accepted although it is not OK. The
// copy becomes the result of its image.
func (t *Task) Waive(result *Result, reason string) *Result {
	waived := *result
	waived.Waived, waived.Rejected = reason, ""
	return t.replace(&waived)
}

// Reject returns a copy of a result which a script fails. The copy becomes the result
// of its image. A result that was OK gets the reason Rejected. Another one keeps its
// own reason, and the text stands beside it.
func (t *Task) Reject(result *Result, text string) *Result {
	rejected := *result
	if result.OK() {
		rejected.Status, rejected.Reason, rejected.Match, rejected.Message = validate.Fail, validate.Rejected, "", text
		if result.Waived != "" {
			rejected.Message = fmt.Sprintf("%s (waived before: %s; %s)", text, result.Waived, result.Message)
		}
	}
	rejected.Waived, rejected.Rejected, rejected.Earlier = "", text, false
	return t.replace(&rejected)
}

// replace makes a result, which a script has changed, the result of its image.
func (t *Task) replace(result *Result) *Result {
	if t.latest != nil && identify(t.latest.Image) != identify(result.Image) {
		t.End()
	}
	result.sequence = t.engine.nextSequence()
	t.latest = result
	return result
}

// Fail turns the result of image into an error, or makes one if there is none,
// because the thread that worked on the image failed. If image is nil, Fail
// changes the result that is not recorded yet, if there is one and the script has
// not handed it over.
func (t *Task) Fail(image *imagelist.Image, reason validate.Reason, message string) {
	failed := &Result{Started: time.Now()}
	switch {
	case image == nil && t.latest != nil && t.engine.collector.ledger.has(t.latest.sequence):
		return
	case t.latest != nil && (image == nil || identify(t.latest.Image) == identify(image)):
		copied := *t.latest
		failed = &copied
	case image != nil:
		failed.Image = image
		t.End()
	default:
		return
	}
	failed.Status, failed.Reason, failed.Message = validate.Error, reason, message
	failed.Match, failed.Waived, failed.Rejected, failed.Earlier, failed.sequence = "", "", "", false, t.engine.nextSequence()
	t.latest = failed
}

// End records the result that is not recorded yet, if there is one.
func (t *Task) End() {
	if t.latest != nil {
		t.engine.collector.record(t.latest)
		t.latest = nil
	}
}
