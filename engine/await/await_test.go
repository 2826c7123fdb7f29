package await_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/engine/await"
)

// TestSignal shows whether the time, the event or the context ends a wait.
func TestSignal(t *testing.T) {
	for _, test := range []struct {
		name           string
		signal, cancel time.Duration // when each of them comes; 0 means never
		want           time.Duration
		err            error
	}{
		{"time passes", 0, 0, 10 * time.Second, nil},
		{"the event comes", time.Second, 0, time.Second, nil},
		{"the context ends", 0, time.Second, time.Second, context.Canceled},
		{"the event comes too late", time.Minute, 0, 10 * time.Second, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				signal := make(chan struct{})
				if test.signal > 0 {
					time.AfterFunc(test.signal, func() { close(signal) })
				}
				if test.cancel > 0 {
					time.AfterFunc(test.cancel, cancel)
				}
				began := time.Now()
				err := await.Signal(ctx, signal, 10*time.Second)
				if took := time.Since(began); err != test.err || took != test.want {
					t.Errorf("after %v: %v; want %v after %v", took, err, test.err, test.want)
				}
				if test.signal == 0 {
					began = time.Now()
					err = await.Sleep(ctx, 0)
					if took := time.Since(began); took != 0 || test.err == nil && err != nil {
						t.Errorf("no sleep took %v: %v", took, err)
					}
				}
				time.Sleep(time.Minute) // waits until the event has come
			})
		})
	}
}

// TestFlight shows that one caller makes a value, that all others get it, and
// that the next caller makes another one.
func TestFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var group await.Group[string, int]
		var callers sync.WaitGroup
		made := 0
		get := func(key string) (int, error) {
			flight, own := group.Join(key)
			if !own {
				return flight.Wait(t.Context())
			}
			return flight.Fly(func() (int, error) {
				made++
				time.Sleep(time.Second)
				return made, nil
			})
		}
		for round := 1; round <= 2; round++ {
			for range 10 {
				callers.Go(func() {
					if got, err := get("a"); got != round || err != nil {
						t.Errorf("got %d, %v; want %d", got, err, round)
					}
				})
			}
			callers.Wait()
		}
		if made != 2 {
			t.Errorf("made %d times, want 2", made)
		}

		a, _ := group.Join("a")
		if b, own := group.Join("b"); !own || a == b {
			t.Error("two keys share a flight")
		}
	})
}

// TestFlightFails shows that all waiting callers get the error of the function that
// makes the value, even if that function panics. After that, the flight has ended.
func TestFlightFails(t *testing.T) {
	failure := errors.New("refused")
	for _, fail := range []func() (int, error){
		func() (int, error) { return 0, failure },
		func() (int, error) { panic("a bug") },
	} {
		var group await.Group[int, int]
		flight, _ := group.Join(1)
		waiting, own := group.Join(1)
		if own || waiting != flight {
			t.Fatal("a second flight began")
		}
		func() {
			defer func() { _ = recover() }()
			flight.Fly(fail)
		}()
		if _, err := waiting.Wait(t.Context()); err == nil {
			t.Error("the one who waited got no error")
		}
		if _, own := group.Join(1); !own {
			t.Error("the flight has not ended")
		}
	}
}

// TestFlightWaitEnds shows that if the context of a caller ends, only this caller stops
// waiting.
func TestFlightWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var group await.Group[int, string]
		flight, _ := group.Join(1)
		go flight.Fly(func() (string, error) {
			time.Sleep(time.Minute)
			return "made", nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got, err := flight.Wait(ctx); got != "" || err != context.DeadlineExceeded {
			t.Errorf("got %q, %v", got, err)
		}
		if got, err := flight.Wait(t.Context()); got != "made" || err != nil {
			t.Errorf("the other one got %q, %v", got, err)
		}
	})
}
