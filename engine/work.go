package engine

import (
	"context"
	"errors"
	"fmt"
)

// Work with registries that is no validation.

// Work calls do as soon as there is room among the jobs, and ends its context
// after the time that one image may take. Its error is do's own, one that says
// that this time is over, or the cause of ctx's end.
func (e *Engine) Work(ctx context.Context, do func(context.Context) error) error {
	select {
	case e.jobs <- struct{}{}:
		defer func() { <-e.jobs }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	limited, cancel := context.WithTimeoutCause(ctx, e.options.Timeout, errTimeout)
	defer cancel()
	err := Guard(func() error { return do(limited) })
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(context.Cause(limited), errTimeout):
		return fmt.Errorf("no answer within %s: %w", e.timeout(), err)
	}
	return err
}
