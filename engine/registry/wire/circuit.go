package wire

import (
	"context"
	"fmt"
	"sync"
	"time"

	"mvrun/engine/await"
	"mvrun/validate"
)

const (
	// A circuit opens after so many failures in a row, if they span some time: a
	// short disturbance fails many requests at once.
	hostFailures = 5 // attempts that got no answer
	partFailures = 3 // requests that got 5xx to the last of their retries
	minOutage    = 5 * time.Second

	// restartGrace is how long a registry that has answered before may stay down
	// before its images fail. A restart shorter than this costs no image, unless
	// the registry answers with 5xx meanwhile for longer than the retries last.
	restartGrace = 30 * time.Second

	// lastChance is how long before the end of restartGrace a last probe is sent.
	lastChance = time.Second

	// The first probe is sent so long after the circuit opened. Each pause is then
	// twice the pause before.
	firstPause = 5 * time.Second
	maxPause   = time.Minute
)

// circuit tells whether a host, or a part of it, is down. It is open while that
// is so. Failures count only if no answer came between them. While the circuit
// is open, one request after the other may try as a probe, and the others wait,
// or fail at once.
//
// Packages such as gobreaker know neither the growing pause nor the waiting.
type circuit struct {
	name  string // for messages
	limit int    // failures in a row that open it
	warn  func(string)

	mu       sync.Mutex
	answered bool // ever
	failures int
	since    time.Time // of the first of the failures
	cause    error     // of the last failure
	open     bool
	probing  bool          // a probe is under way
	probe    time.Time     // when the next probe may start
	pause    time.Duration // between the last probe and the next
	changed  chan struct{} // closed when a probe ends, or the circuit closes
}

func newCircuit(name string, limit int, warn func(string)) *circuit {
	return &circuit{name: name, limit: limit, warn: warn, changed: make(chan struct{})}
}

// enter waits until a request may be sent. It reports whether the request is a
// probe: then the caller must call leave when the probe has ended.
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
		case c.isHopeless(now):
			defer c.mu.Unlock()
			return false, &downError{c.name, c.failures, c.since, c.cause}
		}
		wait := restartGrace - now.Sub(c.since)
		if !c.probing {
			wait = min(wait, c.probe.Sub(now))
		}
		changed := c.changed
		c.mu.Unlock()
		if err := await.Signal(ctx, changed, wait); err != nil {
			return false, err
		}
	}
}

// isHopeless reports whether nobody should wait any longer. c.mu is held.
func (c *circuit) isHopeless(now time.Time) bool {
	return c.open && (!c.answered || now.Sub(c.since) >= restartGrace)
}

// givenUp reports whether to send the same request again is in vain.
func (c *circuit) givenUp() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.isHopeless(time.Now())
}

func (c *circuit) isOpen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}

// leave ends a probe. A probe that was cancelled, for example, has told nothing:
// another request may be the probe in its place.
func (c *circuit) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.probing {
		c.probing = false
		c.wake()
	}
}

// wake wakes all that wait for the circuit to change. c.mu is held.
func (c *circuit) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// works notes an answer, which closes the circuit.
func (c *circuit) works() {
	c.mu.Lock()
	c.answered, c.failures = true, 0
	wasOpen, since := c.open, c.since
	if wasOpen {
		c.open, c.probing = false, false
		c.wake()
	}
	c.mu.Unlock()
	if wasOpen {
		c.warn(fmt.Sprintf("%s answers again, after %v", c.name, time.Since(since).Round(time.Second)))
	}
}

// fails notes the failure of what began at a time.
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
	case c.probing: // the failure of the probe, or of a request that was sent before it
		c.probing = false
		c.pause = min(2*c.pause, maxPause)
		c.probe = c.after(now, c.pause)
		c.wake()
	case c.open: // of a request that was sent before the circuit opened, and says as much as a failed probe
		c.probe = c.after(now, c.pause)
	case c.failures >= c.limit && now.Sub(c.since) >= minOutage:
		opens = true
		c.open, c.pause, c.probe = true, firstPause, c.after(now, firstPause)
	}
	down := &downError{c.name, c.failures, c.since, c.cause}
	c.mu.Unlock()
	if opens {
		c.warn(down.Error() + ". Unless it comes back its images end as unreachable")
	}
}

// after returns when the probe after a pause may start. Whatever the pause, one
// probe is sent just before the images of a registry that has answered are given
// up. c.mu is held.
func (c *circuit) after(now time.Time, pause time.Duration) time.Time {
	probe := now.Add(pause)
	if last := c.since.Add(restartGrace - lastChance); c.answered && now.Before(last) && probe.After(last) {
		return last
	}
	return probe
}

// downError is the error of a request that was not sent, since what it was for
// is down.
type downError struct {
	name     string
	failures int
	since    time.Time
	cause    error
}

func (e *downError) Error() string {
	return fmt.Sprintf("%s is down: since %s it failed %d times in a row, the last time with: %s",
		e.name, clock(e.since), e.failures, Plain(e.cause))
}

// Reason returns the reason of an image's result.
func (e *downError) Reason() validate.Reason { return validate.Unreachable }
