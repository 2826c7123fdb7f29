package engine

import (
	"context"
	"errors"
	"fmt"

	"mvrun/engine/level"
	"mvrun/engine/room"
)

// Work calls do as soon as one of the jobs is free: do asks the registry of a repository
// for something that is no validation. The context of do ends after the time that one
// image may take. do may be called twice, if it needs more memory than is free at once.
//
// Work returns the error of do. If the context ended, it returns the cause of the
// end of ctx, or an error that says how long do was given.
func (e *Engine) Work(ctx context.Context, repository string, do func(context.Context) error) error {
	entered, leave, err := e.enter(ctx, level.Pair{Destination: registryOf(repository)})
	if err != nil {
		return err
	}
	defer leave()
	limited, cancel := context.WithTimeoutCause(entered, e.options.Timeout, errTimeout)
	defer cancel()
	limited, share := e.room.Enter(limited)
	defer share.Leave()
	err = Guard(func() error { return do(limited) })
	if errors.Is(err, room.ErrCrowded) { // with a place, that does not happen again
		if err = share.Wait(limited); err == nil {
			err = Guard(func() error { return do(limited) })
		}
	}
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
