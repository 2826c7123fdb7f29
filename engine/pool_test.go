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

func TestCrew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // at whose end nothing may be left
		c := newCrew()
		var ran atomic.Int64
		work := func() {
			time.Sleep(time.Second)
			ran.Add(1)
		}
		began := time.Now()
		for range 10 {
			c.run(work)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("to begin took %v", took)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n := ran.Load(); n != 10 {
			t.Errorf("%d ran side by side, want 10", n)
		}
		for i := range 10 {
			select {
			case c.idle <- work:
			default:
				t.Fatalf("%d of ten stayed", i)
			}
		}
		c.run(work)
		c.close()
		if n := ran.Load(); n != 21 {
			t.Errorf("at its end %d ran, want 21", n)
		}
	})
}

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
