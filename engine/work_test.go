package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(mirrored, 1)
		defer e.Close(nil)
		stopped := errors.New("stopped")
		ctx, cancel := context.WithCancelCause(t.Context())

		// It takes the only room, so that the next waits, until its context ends.
		inside, leave := make(chan struct{}), make(chan struct{})
		first := make(chan error)
		go func() {
			first <- e.Work(t.Context(), "r.example/app", func(context.Context) error {
				close(inside)
				<-leave
				return nil
			})
		}()
		<-inside
		second := make(chan error)
		go func() {
			second <- e.Work(ctx, "r.example/app", func(context.Context) error { panic("there was no room") })
		}()
		synctest.Wait()
		cancel(stopped)
		if err := <-second; err != stopped {
			t.Errorf("waiting: got %v, want %v", err, stopped)
		}
		close(leave)
		if err := <-first; err != nil {
			t.Error(err)
		}

		// The time for one image is over.
		began := time.Now()
		err := e.Work(t.Context(), "r.example/app", func(ctx context.Context) error {
			<-ctx.Done()
			return errors.New("asked in vain")
		})
		if err == nil || err.Error() != "no answer within 1m0s (the limit): asked in vain" || time.Since(began) != time.Minute {
			t.Errorf("got %v after %v", err, time.Since(began))
		}

		// The run ends meanwhile.
		ctx, cancel = context.WithCancelCause(t.Context())
		err = e.Work(ctx, "r.example/app", func(inner context.Context) error {
			cancel(stopped)
			return inner.Err()
		})
		if err != stopped {
			t.Errorf("cancelled: got %v, want %v", err, stopped)
		}

		// A bug in there is an error, and leaves room for the next.
		for range 2 {
			err = e.Work(t.Context(), "r.example/app", func(context.Context) error { panic("a bug") })
			if err == nil || !strings.Contains(err.Error(), "internal error, please report it: a bug") {
				t.Errorf("got %v", err)
			}
		}
	})
}
