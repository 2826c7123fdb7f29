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
	// A circuit opens after so many failures in a row. The time from the first to
	// the last of them must be at least minOutage, because a short disturbance makes
	// many requests fail at once.
	hostFailures = 5 // counts attempts that got no answer
	partFailures = 3 // counts requests whose last retry was answered with 5xx
	bodyFailures = 8 // counts bodies of which no more came, or too little; more than one request tries
	minOutage    = 5 * time.Second

	// restartGrace is how long a registry that has answered before may stay down
	// before its images fail. If a registry restarts in less time, no image fails. But
	// images may fail if the registry answers with 5xx during its restart, and does so
	// for longer than all retries take.
	restartGrace = 30 * time.Second

	// lastChance is how long before the end of restartGrace the last probe is sent.
	lastChance = time.Second

	// firstPause is the time from the opening of the circuit to the first probe.
	// Each later pause is twice as long as the one before, up to maxPause.
	firstPause = 5 * time.Second
	maxPause   = time.Minute
)

// circuit knows whether a host, or a part of it, is down. It is open while the host
// is down. It opens after several failures without an answer between them. While it
// is open, one request at a time may be sent as a probe. Other requests wait, or
// fail at once.
//
// Packages such as gobreaker have neither growing pauses nor requests that wait.
type circuit struct {
	name  string // for messages
	limit int    // how many failures in a row open the circuit
	warn  func(string)

	objects failingObjects // of a part; the circuit of a whole host does not use it

	mu       sync.Mutex
	answered bool // whether there was ever an answer
	failures int
	since    time.Time // when the first of the failures began
	cause    error     // the error of the last failure
	open     bool
	probing  bool          // whether a probe is under way
	probe    time.Time     // when the next probe may start
	pause    time.Duration // the time from the last probe to the next one
	changed  chan struct{} // closed when a probe ends, or when the circuit closes
}

func newCircuit(name string, limit int, warn func(string)) *circuit {
	return &circuit{name: name, limit: limit, warn: warn, changed: make(chan struct{})}
}

// enter waits until a request may be sent. probe is true if the request is a probe.
// Then the caller must call endProbe when the probe has ended.
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

// isHopeless reports whether requests should no longer wait. c.mu is held.
func (c *circuit) isHopeless(now time.Time) bool {
	return c.open && (!c.answered || now.Sub(c.since) >= restartGrace)
}

// isGivenUp reports whether requests should fail at once.
func (c *circuit) isGivenUp() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.isHopeless(time.Now())
}

func (c *circuit) isOpen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}

// endProbe ends a probe. If the probe had no outcome, for example because it was
// cancelled, another request may become the probe.
func (c *circuit) endProbe() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.probing {
		c.probing = false
		c.wake()
	}
}

// postponeProbe ends a probe whose answer has begun. Its body shows later whether the
// host works. Until then the next probe has to wait for its time.
func (c *circuit) postponeProbe() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.probing {
		c.probing, c.pause = false, min(2*c.pause, maxPause)
		c.probe = time.Now().Add(c.pause)
		c.wake()
	}
}

// wake wakes all requests that wait in enter. c.mu is held.
func (c *circuit) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// recordSuccess notes an answer, which closes the circuit.
func (c *circuit) recordSuccess() {
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

// recordFailure notes a failure. began is when the attempt or request began.
func (c *circuit) recordFailure(began time.Time, cause error) {
	c.mu.Lock()
	now := time.Now()
	if c.failures == 0 {
		c.since = began
	}
	c.failures++
	c.cause = cause
	opens := false
	switch {
	case c.probing: // the probe failed, or a request that was sent before it
		c.probing = false
		c.pause = min(2*c.pause, maxPause)
		c.probe = c.nextProbe(now, c.pause)
		c.wake()
	case c.open: // a request failed that was sent before the circuit opened; this counts like a failed probe
		c.probe = c.nextProbe(now, c.pause)
	case c.failures >= c.limit && now.Sub(c.since) >= minOutage:
		opens = true
		c.open, c.pause, c.probe = true, firstPause, c.nextProbe(now, firstPause)
	}
	down := &downError{c.name, c.failures, c.since, c.cause}
	c.mu.Unlock()
	if opens {
		c.warn(down.Error() + ". Unless it comes back its images end as unreachable")
	}
}

// nextProbe returns when the next probe may start: after the pause, but not after
// the last chance before restartGrace ends. c.mu is held.
func (c *circuit) nextProbe(now time.Time, pause time.Duration) time.Time {
	probe := now.Add(pause)
	if last := c.since.Add(restartGrace - lastChance); c.answered && now.Before(last) && probe.After(last) {
		return last
	}
	return probe
}

// downError is the error of a request that was not sent, because its host, or a part
// of it, is down.
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
