package access

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"mvrun/engine/await"
)

// cachedValue keeps a value that many callers need, such as a session or a token.
// One caller makes the value, and makes it again when it has expired. A failure is
// kept for a short time, too: without that, every image would ask a registry that
// is down.
type cachedValue[T any] struct {
	latest  atomic.Pointer[cacheEntry[T]] // atomic, because every request reads it
	flights await.Group[struct{}, T]
	mu      sync.Mutex // held to replace latest
}

// cacheEntry is the outcome of making a value. It does not change.
type cacheEntry[T any] struct {
	value   T // if err is set, this is the value before the failure
	err     error
	expires time.Time
}

// isDropped reports whether somebody has found that the value is bad.
func (e *cacheEntry[T]) isDropped() bool { return e.expires.IsZero() }

// isCurrent reports whether the entry exists and has not expired.
func (e *cacheEntry[T]) isCurrent() bool { return e != nil && time.Now().Before(e.expires) }

const (
	// keepFailure is how long a failure is kept. Callers get the failure during
	// this time, and nobody tries again.
	keepFailure = 10 * time.Second
	// flightTime is how long the making of a value may take, with all retries and
	// waits.
	flightTime = 5 * time.Minute
)

// get returns the value. If the value has expired, fresh makes a new one, and
// returns how long the new one may be used. The end of ctx ends only the waiting
// of this caller.
func (c *cachedValue[T]) get(ctx context.Context, f *Flights, fresh func(context.Context) (T, time.Duration, error)) (T, error) {
	var none T
	for {
		if e := c.latest.Load(); e.isCurrent() {
			if e.err != nil {
				return none, e.err
			}
			return e.value, nil
		}
		flight, own := c.flights.Join(struct{}{})
		if own {
			f.group.Go(func() {
				flight.Fly(func() (T, error) { return c.refresh(f, fresh) })
			})
		}
		if _, err := flight.Wait(ctx); err != nil {
			return none, err
		}
		// A value that was just made counts however short its life is; otherwise a
		// token that expires at once would be made again and again. But somebody may
		// have dropped the value already: then the loop goes on.
		if e := c.latest.Load(); e.err == nil && !e.isDropped() {
			return e.value, nil
		}
	}
}

// refresh makes the value and keeps it.
func (c *cachedValue[T]) refresh(f *Flights, fresh func(context.Context) (T, time.Duration, error)) (T, error) {
	if e := c.latest.Load(); e.isCurrent() { // another flight has just landed
		return e.value, e.err
	}
	ctx, cancel := context.WithTimeout(f.ctx, flightTime)
	defer cancel()
	value, life, err := fresh(ctx)
	if err != nil {
		value, life = c.last(), keepFailure
		if f.once {
			life = 0
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest.Store(&cacheEntry[T]{value, err, time.Now().Add(life)})
	return value, err
}

// last returns the value that was made last. It may have expired.
func (c *cachedValue[T]) last() (value T) {
	if e := c.latest.Load(); e != nil {
		value = e.value
	}
	return value
}

// current returns the value that was made last, and whether it may still be used.
func (c *cachedValue[T]) current() (value T, isCurrent bool) {
	e := c.latest.Load()
	if !e.isCurrent() || e.err != nil {
		return value, false
	}
	return e.value, true
}

// drop makes the value expire if isBad reports true for it.
func (c *cachedValue[T]) drop(isBad func(T) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.latest.Load(); e != nil && e.err == nil && isBad(e.value) {
		c.latest.Store(&cacheEntry[T]{value: e.value})
	}
}

// hasExpired reports whether a value that get returned before may no longer be
// used: it has expired, or another value or a failure has replaced it. isSame
// reports whether a value is the one that get returned.
func (c *cachedValue[T]) hasExpired(isSame func(T) bool) bool {
	e := c.latest.Load()
	return !e.isCurrent() || e.err != nil || !isSame(e.value)
}
