package starlib

import (
	"sync"
	"time"
)

// Clock is the time that scripts see in tests. It advances as the machine's
// does, and sleep moves it on at once. So the test of a script that waits for
// minutes takes no time.
type Clock struct {
	mu    sync.Mutex
	ahead time.Duration // of the machine's
}

// NewClock returns a clock that shows start now. The zero time stands for the
// machine's.
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
