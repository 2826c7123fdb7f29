package registry

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// shared is a value that many wait for and one makes: a ping's answer, a
// token. It is made again once it is out of date. Failures are kept for a
// moment, so that a registry that is down is not asked by every image.
type shared[T any] struct {
	latest atomic.Pointer[made[T]] // every request reads it

	mu     sync.Mutex    // of those who replace it
	flight chan struct{} // closed when the making under way ends, else nil
}

// made is what came of making a value. It does not change.
type made[T any] struct {
	value   T
	err     error
	expires time.Time
}

func (m *made[T]) current() bool { return m != nil && time.Now().Before(m.expires) }

// keepFailure is for how long a failure answers for the next attempt.
const keepFailure = 10 * time.Second

// flightTime bounds the making, with its retries and its wait for a turn.
const flightTime = 5 * time.Minute

// get returns the value, made if need be by fresh, which says for how long the
// value may be used. ctx is the caller's, and ends only its waiting; the
// making has the client's, so that no caller's end fails the others.
func (s *shared[T]) get(ctx context.Context, c *Client, fresh func(context.Context) (T, time.Duration, error)) (T, error) {
	for {
		if m := s.latest.Load(); m.current() {
			return m.value, m.err
		}
		flight := s.board(c, fresh)
		select {
		case <-flight:
			if c.options.Once {
				return s.landed()
			}
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		}
	}
}

// landed returns what the last flight made. A failure of it is forgotten.
func (s *shared[T]) landed() (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.latest.Load()
	if m.err != nil {
		s.latest.Store(&made[T]{err: m.err})
	}
	return m.value, m.err
}

// board returns the flight under way, or one that it starts.
func (s *shared[T]) board(c *Client, fresh func(context.Context) (T, time.Duration, error)) (flight chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight == nil && s.latest.Load().current() { // one has just landed
		landed := make(chan struct{})
		close(landed)
		return landed
	}
	if s.flight == nil {
		s.start(c, fresh)
	}
	return s.flight
}

// start has a value made. s.mu is held.
func (s *shared[T]) start(c *Client, fresh func(context.Context) (T, time.Duration, error)) {
	flight := make(chan struct{})
	s.flight = flight
	c.flights.Go(func() {
		ctx, cancel := context.WithTimeout(c.ctx, flightTime)
		defer cancel()
		value, valid, err := fresh(ctx)
		if err != nil {
			valid = keepFailure
		}
		s.mu.Lock()
		s.latest.Store(&made[T]{value, err, time.Now().Add(valid)})
		s.flight = nil
		s.mu.Unlock()
		close(flight)
	})
}

// last returns the value that was made last, in date or not; the zero value if
// that failed.
func (s *shared[T]) last() (value T) {
	if m := s.latest.Load(); m != nil {
		value = m.value
	}
	return value
}

// drop forgets the value if it is still the one that was found bad.
func (s *shared[T]) drop(bad func(T) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.latest.Load(); m != nil && m.err == nil && bad(m.value) {
		s.latest.Store(&made[T]{value: m.value})
	}
}

// ended says whether a value that was given is out of date by now.
func (s *shared[T]) ended(is func(T) bool) bool {
	m := s.latest.Load()
	return !m.current() || !is(m.value)
}
