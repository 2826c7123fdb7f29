package registry

import (
	"context"
	"sync"
	"time"
)

// shared is a value that many wait for and one makes: a ping's answer, a
// token. It is made again once it is out of date. Failures are kept for a
// moment, so that a registry that is down is not asked by every image.
type shared[T any] struct {
	mu      sync.Mutex
	flight  chan struct{} // closed when the making under way ends, else nil
	value   T
	err     error
	expires time.Time
}

// keepFailure is for how long a failure answers for the next attempt.
const keepFailure = 10 * time.Second

// flightTime bounds the making, with its retries and its wait for a turn.
const flightTime = 5 * time.Minute

// get returns the value, made if need be by fresh, which says for how long the
// value may be used. ctx is the caller's, and ends only its waiting; the
// making has the client's, so that no caller's end fails the others.
func (s *shared[T]) get(ctx context.Context, c *Client, fresh func(context.Context) (T, time.Duration, error)) (T, error) {
	for {
		s.mu.Lock()
		if s.flight == nil && time.Now().Before(s.expires) {
			defer s.mu.Unlock()
			return s.value, s.err
		}
		if s.flight == nil {
			s.start(c, fresh)
		}
		flight := s.flight
		s.mu.Unlock()
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
	if s.err != nil {
		s.expires = time.Time{}
	}
	return s.value, s.err
}

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
		s.value, s.err, s.expires, s.flight = value, err, time.Now().Add(valid), nil
		s.mu.Unlock()
		close(flight)
	})
}

// drop forgets the value if it is still the one that was found bad.
func (s *shared[T]) drop(bad func(T) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil && bad(s.value) {
		s.expires = time.Time{}
	}
}

// ended says whether a value that was given is out of date by now.
func (s *shared[T]) ended(is func(T) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !is(s.value) || !time.Now().Before(s.expires)
}
