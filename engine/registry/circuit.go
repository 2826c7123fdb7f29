package registry

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Registries that are down: found out once, not by every image, and asked now
// and then whether they are back.

const (
	// A circuit opens after so many failures in a row, over so much time: a
	// moment's trouble fails many requests at once.
	manyAttempts  = 5 // that got no answer
	manyRequests  = 3 // that got 5xx to the last of their retries
	shortestFault = 5 * time.Second

	// comeBack is for how long what answered before may be away until its images
	// end: a registry that is started anew costs none, but for those whose 5xx
	// open the circuit, should it take longer than their retries.
	comeBack = 30 * time.Second

	lastChance = time.Second // before that, for a last probe

	firstProbe = 5 * time.Second
	lastProbe  = time.Minute
)

// circuit tells whether one part of a registry is down. Only failures count
// that no answer stands between. While it is open one request after the other
// may try, each after twice the time; the others wait, or fail at once.
//
// gobreaker and its like know neither the growing pause nor the waiting.
type circuit struct {
	name string // for messages
	many int
	warn func(string)

	mu       sync.Mutex
	answered bool // ever
	failures int
	since    time.Time // of the first of the failures
	cause    error     // of the last one
	open     bool
	probing  bool          // one is under way
	probe    time.Time     // when the next may start
	pause    time.Duration // until the one after that
	changed  chan struct{} // closed when a probe ends, or the circuit closes
}

// enter waits until a request may be sent, and says whether it is a probe,
// whose end must be told by leave.
func (c *circuit) enter(ctx context.Context) (probe bool, err error) {
	for {
		c.mu.Lock()
		now := time.Now()
		switch {
		case !c.open:
			c.mu.Unlock()
			return false, nil
		case !c.probing && !now.Before(c.probe):
			c.probing = true
			c.mu.Unlock()
			return true, nil
		case c.hopeless(now):
			defer c.mu.Unlock()
			return false, &downError{c.name, c.failures, c.since, c.cause}
		}
		wait := comeBack - now.Sub(c.since)
		if !c.probing {
			wait = min(wait, c.probe.Sub(now))
		}
		changed := c.changed
		c.mu.Unlock()
		timer := time.NewTimer(wait)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false, ctx.Err()
		}
		timer.Stop()
	}
}

// hopeless says whether nobody should wait any longer. c.mu is held.
func (c *circuit) hopeless(now time.Time) bool {
	return c.open && (!c.answered || now.Sub(c.since) >= comeBack)
}

// givenUp says whether to try again is in vain.
func (c *circuit) givenUp() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hopeless(time.Now())
}

func (c *circuit) isOpen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}

// leave ends a probe that told nothing: it was cancelled, for instance.
func (c *circuit) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.probing {
		c.probing = false
		c.change()
	}
}

// change wakes who waits. c.mu is held.
func (c *circuit) change() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// works notes an answer: whatever was, it is over.
func (c *circuit) works() {
	c.mu.Lock()
	c.answered, c.failures = true, 0
	was, since := c.open, c.since
	if was {
		c.open, c.probing = false, false
		c.change()
	}
	c.mu.Unlock()
	if was {
		c.warn(fmt.Sprintf("%s answers again, after %v", c.name, time.Since(since).Round(time.Second)))
	}
}

// fails notes a failure of what began at a time.
func (c *circuit) fails(began time.Time, cause error) {
	c.mu.Lock()
	now := time.Now()
	if c.failures == 0 {
		c.since = began
	}
	c.failures++
	c.cause = cause
	opens := false
	switch {
	case c.probing: // it, or one that was under way before
		c.probing = false
		c.pause = min(2*c.pause, lastProbe)
		c.probe = c.after(now, c.pause)
		c.change()
	case !c.open && c.failures >= c.many && now.Sub(c.since) >= shortestFault:
		opens = true
		c.open, c.pause, c.probe = true, firstProbe, c.after(now, firstProbe)
	}
	down := &downError{c.name, c.failures, c.since, c.cause}
	c.mu.Unlock()
	if opens {
		c.warn(down.Error() + ". Unless it comes back its images end as unreachable")
	}
}

// after is when the probe after a pause may start: once more, whatever the
// pause, before the images of what answered are given up. c.mu is held.
func (c *circuit) after(now time.Time, pause time.Duration) time.Time {
	probe := now.Add(pause)
	if last := c.since.Add(comeBack - lastChance); c.answered && now.Before(last) && probe.After(last) {
		return last
	}
	return probe
}

// downError is a request that was not sent, since it would be in vain.
type downError struct {
	name     string
	failures int
	since    time.Time
	cause    error
}

func (e *downError) Error() string {
	return fmt.Sprintf("%s is down: since %s it failed %d times in a row, the last time with: %s",
		e.name, clock(e.since), e.failures, plain(e.cause))
}
