package starlib

import (
	"sync"
	"time"
)

// Clock is the clock that scripts see in tests. It runs like the clock of the
// machine, but sleep() moves it forward at once. So the test of a script that
// sleeps for minutes takes no time.
type Clock struct {
	mu    sync.Mutex
	ahead time.Duration // how far the clock is ahead of the machine's
}

// NewClock returns a clock that shows the time start now. If start is the zero time,
// the clock shows the same time as the machine's.
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
