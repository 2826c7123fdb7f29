package wire

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var errRefused = errors.New("connection refused")

func testCircuit(answered bool) *circuit {
	c := newCircuit("r.example", 3, func(string) {})
	if answered {
		c.recordSuccess()
	}
	return c
}

// broken returns a circuit that has just opened, minOutage after its first failure.
func broken(answered bool) *circuit {
	c := testCircuit(answered)
	c.recordFailure(time.Now(), errRefused)
	c.recordFailure(time.Now(), errRefused)
	time.Sleep(minOutage)
	c.recordFailure(time.Now(), errRefused)
	return c
}

func TestCircuitOpens(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(c *circuit)
		want bool
	}{
		{"no failure", func(c *circuit) {}, false},
		{"many failures over some time", func(c *circuit) {
			c.recordFailure(time.Now(), errRefused)
			c.recordFailure(time.Now(), errRefused)
			time.Sleep(minOutage)
			c.recordFailure(time.Now(), errRefused)
		}, true},
		{"many failures at once", func(c *circuit) {
			for range 100 {
				c.recordFailure(time.Now(), errRefused)
			}
			time.Sleep(minOutage - 1)
			c.recordFailure(time.Now(), errRefused)
		}, false},
		{"few failures over some time", func(c *circuit) {
			c.recordFailure(time.Now(), errRefused)
			time.Sleep(time.Hour)
			c.recordFailure(time.Now(), errRefused)
		}, false},
		{"failures with an answer between them", func(c *circuit) {
			c.recordFailure(time.Now(), errRefused)
			c.recordFailure(time.Now(), errRefused)
			c.recordSuccess()
			time.Sleep(minOutage)
			c.recordFailure(time.Now(), errRefused)
			c.recordFailure(time.Now(), errRefused)
		}, false},
		{"many failures of requests that began long ago", func(c *circuit) {
			for range 3 {
				c.recordFailure(time.Now().Add(-minOutage), errRefused)
			}
		}, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := testCircuit(true)
			test.do(c)
			if c.isOpen() != test.want {
				t.Errorf("%s: open is %v", test.name, c.isOpen())
			}
			if probe, err := c.enter(t.Context()); !test.want && (probe || err != nil) {
				t.Errorf("%s: %v, %v", test.name, probe, err)
			}
		})
	}
}

// Requests do not wait for a host that has never answered.
func TestCircuitNeverAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := broken(false)
		var down *downError
		if _, err := c.enter(t.Context()); !errors.As(err, &down) || down.failures != 3 || !c.isGivenUp() {
			t.Errorf("got %v", err)
		}
		time.Sleep(firstPause)
		if probe, err := c.enter(t.Context()); !probe || err != nil {
			t.Errorf("the probe: %v, %v", probe, err)
		}
		if _, err := c.enter(t.Context()); !errors.As(err, &down) {
			t.Errorf("a second one beside it: %v", err)
		}
	})
}

// waiters lets requests enter a circuit, and counts their outcomes.
type waiters struct {
	mu             sync.Mutex
	plain, probes  int
	errs, deadline int
}

func (e *waiters) enter(ctx context.Context, c *circuit, n int) {
	for range n {
		go func() {
			probe, err := c.enter(ctx)
			e.mu.Lock()
			defer e.mu.Unlock()
			switch {
			case err == context.DeadlineExceeded:
				e.deadline++
			case err != nil:
				e.errs++
			case probe:
				e.probes++
			default:
				e.plain++
			}
		}()
	}
}

func (e *waiters) want(t *testing.T, what string, plain, probes, errs int) {
	t.Helper()
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.plain != plain || e.probes != probes || e.errs != errs {
		t.Errorf("%s: %d through, %d probes, %d failed; want %d, %d, %d", what, e.plain, e.probes, e.errs, plain, probes, errs)
	}
}

// While a circuit is open, one request at a time is sent as a probe.
func TestCircuitProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, e := broken(true), &waiters{}
		opened := time.Now()
		e.enter(t.Context(), c, 10)
		time.Sleep(firstPause - 1)
		e.want(t, "before the first probe", 0, 0, 0)
		time.Sleep(time.Nanosecond)
		e.want(t, "the first probe", 0, 1, 0)
		c.endProbe() // it was cancelled
		e.want(t, "another in its place", 0, 2, 0)
		c.recordFailure(time.Now(), errRefused)
		time.Sleep(2*firstPause - 1)
		e.want(t, "after its failure", 0, 2, 0)
		time.Sleep(time.Nanosecond)
		e.want(t, "after twice the time", 0, 3, 0)
		c.recordSuccess()
		e.want(t, "when it answers", 7, 3, 0)
		e.enter(t.Context(), c, 5)
		e.want(t, "from then on", 12, 3, 0)

		// After that it opens only after the same number of failures as before.
		c.recordFailure(opened, errRefused)
		c.recordFailure(opened, errRefused)
		if c.isOpen() {
			t.Error("old failures count")
		}
		c.recordFailure(opened.Add(time.Minute), errRefused)
		if !c.isOpen() {
			t.Error("it does not open again")
		}
	})
}

func TestCircuitGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, e := broken(true), &waiters{} // the circuit opened five seconds after its first failure
		e.enter(t.Context(), c, 10)
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		e.enter(short, c, 1)
		time.Sleep(time.Second)
		synctest.Wait()
		if e.deadline != 1 {
			t.Error("a request whose time has ended still waits")
		}
		time.Sleep(firstPause - time.Second)
		e.want(t, "the first probe", 0, 1, 0)
		time.Sleep(restartGrace - minOutage - firstPause - 1)
		e.want(t, "just before the end", 0, 1, 0)
		time.Sleep(time.Nanosecond)
		e.want(t, "given up", 0, 1, 9)
		for i, pause := range []time.Duration{2 * firstPause, 4 * firstPause, 8 * firstPause, maxPause, maxPause} {
			c.recordFailure(time.Now(), errRefused)
			time.Sleep(pause - 1)
			e.enter(t.Context(), c, 1)
			e.want(t, "too early", 0, 1+i, 10+i)
			time.Sleep(time.Nanosecond)
			e.enter(t.Context(), c, 1)
			e.want(t, "the next probe", 0, 2+i, 10+i)
		}
		c.recordSuccess()
		e.enter(t.Context(), c, 1)
		e.want(t, "back after all", 1, 6, 14)
	})
}

// TestCircuitPostponed shows that a request that was under way when the circuit opened
// counts like a probe if it fails. The next probe comes one pause later, but not after
// the last chance.
func TestCircuitPostponed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, e := broken(true), &waiters{} // the circuit opened five seconds after its first failure
		e.enter(t.Context(), c, 2)
		time.Sleep(firstPause - 1)
		c.recordFailure(time.Now(), errRefused)
		time.Sleep(firstPause - 1)
		e.want(t, "a pause after the opening", 0, 0, 0)
		time.Sleep(time.Nanosecond)
		e.want(t, "a pause after the failure", 0, 1, 0)
		c.recordFailure(time.Now(), errRefused)
		for range 3 {
			time.Sleep(4 * time.Second)
			c.recordFailure(time.Now(), errRefused)
		}
		e.want(t, "while others fail", 0, 1, 0)
		time.Sleep(2*time.Second - 1) // 29 seconds after the first failure
		e.want(t, "before the last chance", 0, 1, 0)
		time.Sleep(2 * time.Nanosecond)
		e.want(t, "the last chance", 0, 2, 0)
	})
}
