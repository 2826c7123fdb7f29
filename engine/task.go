package engine

import (
	"context"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Task is one thread of a run. It holds the result of the image at hand back
// until the thread turns to another one or ends, so that an image that is
// validated again after a failure counts once, with its last verdict.
type Task struct {
	engine *Engine
	latest *Result
}

// Begin starts a task. It belongs to one goroutine.
func (e *Engine) Begin() *Task { return &Task{engine: e} }

// Validate compares an image. It always returns a result: what went wrong is
// in there.
func (t *Task) Validate(ctx context.Context, image imagelist.Image, q validate.Question) *Result {
	if t.latest != nil && identify(t.latest.Image) != identify(image) {
		t.End()
	}
	if earlier := t.engine.options.Earlier; earlier != nil && t.latest == nil {
		if result := earlier(image); result != nil && result.OK() {
			t.latest = result
			return result
		}
	}
	result := t.engine.check(ctx, image, q)
	result.Attempts = 1
	if t.latest != nil {
		result.Attempts += t.latest.Attempts
		result.Requests += t.latest.Requests
		result.Started = t.latest.Started
	}
	t.latest = result
	return result
}

// Waive accepts a result that is not OK, for a reason.
func (t *Task) Waive(result *Result, reason string) *Result {
	if t.latest != nil && identify(t.latest.Image) != identify(result.Image) {
		t.End()
	}
	waived := *result
	waived.Waived = reason
	t.latest = &waived
	return &waived
}

// Fail turns the result at hand into an error: what the thread did with the
// image failed, so that the result is not its last word. An image that has no
// result yet, if there is one, gets this.
func (t *Task) Fail(image *imagelist.Image, reason validate.Reason, message string) {
	failed := &Result{Started: time.Now()}
	switch {
	case t.latest != nil && (image == nil || identify(t.latest.Image) == identify(*image)):
		copied := *t.latest
		failed = &copied
	case image != nil:
		failed.Image = *image
		t.End()
	default:
		return
	}
	failed.Status, failed.Reason, failed.Message = validate.Error, reason, message
	failed.Match, failed.Waived, failed.Earlier = "", "", false
	t.latest = failed
}

// End records the result that is held back.
func (t *Task) End() {
	if t.latest != nil {
		t.engine.collector.record(t.latest)
		t.latest = nil
	}
}
