package starlib

import (
	"sync"
	"time"
)

// Clock is the time that scripts see in tests: it passes as the machine's
// does, but sleep moves it on at once. So that a test of a script that waits
// for minutes takes none.
type Clock struct {
	mu    sync.Mutex
	ahead time.Duration // of the machine's
}

// NewClock returns a clock that now shows a time; the machine's if it is zero.
func NewClock(start time.Time) *Clock {
	if start.IsZero() {
		return &Clock{}
	}
	return &Clock{ahead: time.Until(start)}
}

func (c *Clock) now() (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead), nil
}

func (c *Clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}
