package job

import (
	"context"
	"errors"
	"time"

	"mvrun/engine"
)

// Execute runs the script. If the script does not end soon after the run has ended,
// Execute leaves it behind: Starlark cannot interrupt a builtin, and nothing can
// interrupt the opening of a file that hangs. The process then ends without it.
func (j *Job) Execute() {
	type outcome struct {
		status *int
		err    error
	}
	ended := make(chan outcome, 1)
	go func() {
		status, err := j.config.Program(j.ctx, j.config.Script, j.world)
		ended <- outcome{status, err}
	}()
	select {
	case o := <-ended:
		j.status, j.err = o.status, o.err
		return
	case <-j.ctx.Done():
	}
	cause := context.Cause(j.ctx)
	select {
	case o := <-ended:
		j.status, j.err = o.status, o.err
	case <-time.After(patienceFor(cause)):
		j.log.Warn("the script does not end; the run ends without it")
		j.err = cause
	}
}

// patienceFor returns how long a run whose context has ended waits for its script.
// While memory runs out, there is little time.
func patienceFor(cause error) time.Duration {
	if errors.As(cause, new(*memoryError)) {
		return 200 * time.Millisecond
	}
	return 3 * time.Second
}

// cause returns why the run ended before its script did, or nil. An error of
// the script is such a cause, too.
func (j *Job) cause() error {
	if j.err == nil {
		return nil
	}
	if cause := context.Cause(j.ctx); errors.Is(cause, engine.ErrInterrupted) || errors.As(cause, new(*engine.DeadlineError)) {
		return cause
	}
	return j.err
}
