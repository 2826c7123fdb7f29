package access

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"mvrun/engine/await"
)

// renewed is a value that many callers need and one of them makes: a session, a
// token. It is made again once it is out of date. A failure is kept for a moment,
// so that a registry that is down is not asked by every image.
type renewed[T any] struct {
	latest  atomic.Pointer[made[T]] // every request reads it
	flights await.Group[struct{}, T]
	mu      sync.Mutex // of those who replace the latest
}

// made is what came of making a value. It does not change.
type made[T any] struct {
	value   T // if err is set, the value before
	err     error
	expires time.Time
}

func (m *made[T]) isCurrent() bool { return m != nil && time.Now().Before(m.expires) }

const (
	// keepFailure is how long a failure answers for the next attempt.
	keepFailure = 10 * time.Second
	// flightTime bounds the making of a value, with its retries and its wait for a
	// turn.
	flightTime = 5 * time.Minute
)

// get returns the value. If it is out of date, fresh makes a new one, and says
// how long that may be used. ctx ends only the caller's waiting.
func (r *renewed[T]) get(ctx context.Context, f *Flights, fresh func(context.Context) (T, time.Duration, error)) (T, error) {
	var none T
	for {
		if m := r.latest.Load(); m.isCurrent() {
			if m.err != nil {
				return none, m.err
			}
			return m.value, nil
		}
		flight, own := r.flights.Join(struct{}{})
		if own {
			f.group.Go(func() {
				flight.Fly(func() (T, error) { return r.renew(f, fresh) })
			})
		}
		// The value of the flight may have been dropped since: the next round of the
		// loop takes the latest.
		if _, err := flight.Wait(ctx); err != nil {
			return none, err
		}
	}
}

// renew makes the value and keeps it.
func (r *renewed[T]) renew(f *Flights, fresh func(context.Context) (T, time.Duration, error)) (T, error) {
	if m := r.latest.Load(); m.isCurrent() { // another flight has just landed
		return m.value, m.err
	}
	ctx, cancel := context.WithTimeout(f.ctx, flightTime)
	defer cancel()
	value, life, err := fresh(ctx)
	if err != nil {
		value, life = r.last(), keepFailure
		if f.once {
			life = 0
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.latest.Store(&made[T]{value, err, time.Now().Add(life)})
	return value, err
}

// last returns the value that was made last, in date or not.
func (r *renewed[T]) last() (value T) {
	if m := r.latest.Load(); m != nil {
		value = m.value
	}
	return value
}

// drop makes the value out of date if it is the one that was found bad.
func (r *renewed[T]) drop(isBad func(T) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.latest.Load(); m != nil && m.err == nil && isBad(m.value) {
		r.latest.Store(&made[T]{value: m.value})
	}
}

// hasEnded reports whether a value that get returned is out of date by now.
func (r *renewed[T]) hasEnded(is func(T) bool) bool {
	m := r.latest.Load()
	return !m.isCurrent() || m.err != nil || !is(m.value)
}
