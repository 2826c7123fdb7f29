package access

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// making makes a value for many callers, and counts how often it makes the value.
type making struct {
	cachedValue[string]
	flights *Flights
	value   string
	valid   time.Duration
	err     error
	times   int
}

func newMaking(t *testing.T, once bool) *making {
	return &making{flights: NewFlights(t.Context(), once), value: "one", valid: time.Minute}
}

// fresh takes a second, and returns the value that m had when it began.
func (m *making) fresh(ctx context.Context) (string, time.Duration, error) {
	m.times++ // without a lock, because one call is running at a time
	value, valid, err := m.value, m.valid, m.err
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return "", 0, ctx.Err()
	}
	if err != nil {
		value = ""
	}
	return value, valid, err
}

// want checks what ten callers get that ask at once.
func (m *making) want(t *testing.T, value string, err error, times int) {
	t.Helper()
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if got, gotErr := m.get(t.Context(), m.flights, m.fresh); got != value || gotErr != err {
				t.Errorf("got %q, %v; want %q, %v", got, gotErr, value, err)
			}
		})
	}
	all.Wait()
	if m.times != times {
		t.Errorf("made %d times, want %d", m.times, times)
	}
}

func is(value string) func(string) bool { return func(other string) bool { return other == value } }

func TestCachedValue(t *testing.T) {
	refused := errors.New("refused")
	for _, test := range []struct {
		name string
		once bool
		do   func(t *testing.T, m *making)
	}{
		{"made once, and again when it is out of date", false, func(t *testing.T, m *making) {
			m.want(t, "one", nil, 1)
			m.value = "two"
			time.Sleep(time.Minute - time.Millisecond)
			m.want(t, "one", nil, 1)
			time.Sleep(time.Millisecond)
			m.want(t, "two", nil, 2)
		}},
		{"a failure answers for a while", false, func(t *testing.T, m *making) {
			m.err = refused
			m.want(t, "", refused, 1)
			m.err = nil
			time.Sleep(keepFailure - time.Millisecond)
			m.want(t, "", refused, 1)
			time.Sleep(time.Millisecond)
			m.want(t, "one", nil, 2)
		}},
		{"a failure answers for those who waited for it", true, func(t *testing.T, m *making) {
			m.err = refused
			m.want(t, "", refused, 1)
			m.want(t, "", refused, 2)
			m.err = nil
			m.want(t, "one", nil, 3)
			m.want(t, "one", nil, 3)
		}},
		{"dropped", false, func(t *testing.T, m *making) {
			if m.drop(is("")); m.last() != "" {
				t.Error("there is a value before it was made")
			}
			m.want(t, "one", nil, 1)
			m.value = "two"
			m.drop(is("another"))
			m.want(t, "one", nil, 1)
			m.drop(is("one"))
			if m.last() != "one" { // a registry's message may still repeat a dropped value
				t.Errorf("last forgot the dropped value: %q", m.last())
			}
			m.want(t, "two", nil, 2)
			m.drop(is("one")) // by a slower caller
			m.want(t, "two", nil, 2)
		}},
		{"a failure cannot be dropped", false, func(t *testing.T, m *making) {
			m.err = refused
			m.want(t, "", refused, 1)
			m.drop(is(""))
			m.want(t, "", refused, 1)
		}},
		{"expired", false, func(t *testing.T, m *making) {
			if !m.hasExpired(is("one")) {
				t.Error("a value is current before one was made")
			}
			m.want(t, "one", nil, 1)
			if m.hasExpired(is("one")) || !m.hasExpired(is("another")) {
				t.Error("the current value is not the one that was made")
			}
			time.Sleep(time.Minute)
			if !m.hasExpired(is("one")) {
				t.Error("a value that is out of date is current")
			}
		}},
		{"made after a caller found none", false, func(t *testing.T, m *making) {
			m.want(t, "one", nil, 1)
			if value, err := m.refresh(m.flights, m.fresh); value != "one" || err != nil {
				t.Errorf("the caller that found none got %q, %v", value, err)
			}
			m.want(t, "one", nil, 1)
		}},
		{"a caller may stop waiting", false, func(t *testing.T, m *making) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			if _, err := m.get(ctx, m.flights, m.fresh); err != context.DeadlineExceeded {
				t.Errorf("got %v", err)
			}
			m.want(t, "one", nil, 1)
		}},
		{"making it takes too long", false, func(t *testing.T, m *making) {
			began := time.Now()
			_, err := m.get(t.Context(), m.flights, func(ctx context.Context) (string, time.Duration, error) {
				<-ctx.Done()
				return "", 0, ctx.Err()
			})
			if took := time.Since(began); err != context.DeadlineExceeded || took != flightTime {
				t.Errorf("after %v: %v", took, err)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMaking(t, test.once)
				test.do(t, m)
				m.flights.Close()
			})
		})
	}
}

// Many callers make, read and drop values at once. Each value that they get is
// whole. None of them is a value that was dropped before the caller asked.
func TestCachedValueByMany(t *testing.T) {
	flights := NewFlights(t.Context(), false)
	defer flights.Close()
	var s cachedValue[[2]int]
	made := 0
	fresh := func(context.Context) ([2]int, time.Duration, error) {
		made++
		return [2]int{made, made}, time.Minute, nil
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			bad := 0
			for range 500 {
				value, err := s.get(t.Context(), flights, fresh)
				if err != nil || value[0] != value[1] || value[0] <= bad {
					t.Errorf("got %v, %v after %d", value, err, bad)
				}
				bad = value[0]
				s.drop(func(v [2]int) bool { return v == value })
				if !s.hasExpired(func(v [2]int) bool { return v == value }) {
					t.Errorf("%v was dropped", value)
				}
			}
		})
	}
	all.Wait()
}

// TestCachedValueAhead shows that an error of a value that was made ahead is kept only if it
// would come again.
func TestCachedValueAhead(t *testing.T) {
	refused := errors.New("refused")
	for _, test := range []struct {
		name  string
		err   error
		value string
		want  error
		times int
	}{
		{"it is made", nil, "one", nil, 1},
		{"it is refused", refused, "", refused, 1},
		{"nobody answers", &aheadError{errors.New("no answer")}, "one", nil, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMaking(t, false)
				m.err = test.err
				m.makeAhead(m.flights, m.fresh)
				m.err = nil
				m.want(t, test.value, test.want, test.times)
			})
		})
	}
}
