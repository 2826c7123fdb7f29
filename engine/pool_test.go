package engine

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestEachEnds shows that nothing is taken after the end, and that no more
// than so many work at once.
func TestEachEnds(t *testing.T) {
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stopped)
	err := Each(ctx, 3, func(context.Context) (int, error) { panic("taken") }, func(context.Context, int, int) error { return nil })
	if err != stopped {
		t.Errorf("got %v, want %v", err, stopped)
	}

	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		left := 20
		next := func(context.Context) (int, error) {
			if left--; left < 0 {
				return 0, io.EOF
			}
			return left, nil
		}
		began := time.Now()
		err := Each(t.Context(), 3, next, func(context.Context, int, int) error {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(time.Second)
			now.Add(-1)
			return nil
		})
		if took := time.Since(began); err != nil || most.Load() != 3 || took != 7*time.Second {
			t.Errorf("%d at once, in %v: %v", most.Load(), took, err)
		}
	})
}
