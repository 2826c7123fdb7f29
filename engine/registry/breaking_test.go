package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var errRefused = errors.New("connection refused")

func newCircuit(answered bool) *circuit {
	c := &circuit{name: "r.example", many: 3, warn: func(string) {}, changed: make(chan struct{})}
	if answered {
		c.works()
	}
	return c
}

// broken is a circuit that has just opened: its first failure was longest ago.
func broken(answered bool) *circuit {
	c := newCircuit(answered)
	c.fails(time.Now(), errRefused)
	c.fails(time.Now(), errRefused)
	time.Sleep(shortestFault)
	c.fails(time.Now(), errRefused)
	return c
}

func TestCircuitOpens(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(c *circuit)
		want bool
	}{
		{"at first", func(c *circuit) {}, false},
		{"many failures over some time", func(c *circuit) {
			c.fails(time.Now(), errRefused)
			c.fails(time.Now(), errRefused)
			time.Sleep(shortestFault)
			c.fails(time.Now(), errRefused)
		}, true},
		{"many at once", func(c *circuit) {
			for range 100 {
				c.fails(time.Now(), errRefused)
			}
			time.Sleep(shortestFault - 1)
			c.fails(time.Now(), errRefused)
		}, false},
		{"few over some time", func(c *circuit) {
			c.fails(time.Now(), errRefused)
			time.Sleep(time.Hour)
			c.fails(time.Now(), errRefused)
		}, false},
		{"with an answer between", func(c *circuit) {
			c.fails(time.Now(), errRefused)
			c.fails(time.Now(), errRefused)
			c.works()
			time.Sleep(shortestFault)
			c.fails(time.Now(), errRefused)
			c.fails(time.Now(), errRefused)
		}, false},
		{"many that began long ago", func(c *circuit) {
			for range 3 {
				c.fails(time.Now().Add(-shortestFault), errRefused)
			}
		}, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newCircuit(true)
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

// What never answered is waited for by nobody.
func TestCircuitNeverAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := broken(false)
		var down *downError
		if _, err := c.enter(t.Context()); !errors.As(err, &down) || down.failures != 3 || !c.givenUp() {
			t.Errorf("got %v", err)
		}
		time.Sleep(firstProbe)
		if probe, err := c.enter(t.Context()); !probe || err != nil {
			t.Errorf("the probe: %v, %v", probe, err)
		}
		if _, err := c.enter(t.Context()); !errors.As(err, &down) {
			t.Errorf("a second one beside it: %v", err)
		}
	})
}

// entered lets so many enter a circuit, and counts who is through.
type entered struct {
	mu             sync.Mutex
	plain, probes  int
	errs, deadline int
}

func (e *entered) enter(ctx context.Context, c *circuit, n int) {
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

func (e *entered) want(t *testing.T, what string, plain, probes, errs int) {
	t.Helper()
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.plain != plain || e.probes != probes || e.errs != errs {
		t.Errorf("%s: %d through, %d probes, %d failed; want %d, %d, %d", what, e.plain, e.probes, e.errs, plain, probes, errs)
	}
}

// While a circuit is open one may try, after the other, until it is closed or
// given up.
func TestCircuitProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, e := broken(true), &entered{}
		opened := time.Now()
		e.enter(t.Context(), c, 10)
		time.Sleep(firstProbe - 1)
		e.want(t, "before the first probe", 0, 0, 0)
		time.Sleep(time.Nanosecond)
		e.want(t, "the first probe", 0, 1, 0)
		c.leave() // it was cancelled
		e.want(t, "another in its place", 0, 2, 0)
		c.fails(time.Now(), errRefused)
		time.Sleep(2*firstProbe - 1)
		e.want(t, "after its failure", 0, 2, 0)
		time.Sleep(time.Nanosecond)
		e.want(t, "after twice the time", 0, 3, 0)
		c.works()
		e.want(t, "when it answers", 7, 3, 0)
		e.enter(t.Context(), c, 5)
		e.want(t, "from then on", 12, 3, 0)

		// It opens anew only after as many failures.
		c.fails(opened, errRefused)
		c.fails(opened, errRefused)
		if c.isOpen() {
			t.Error("old failures count")
		}
		c.fails(opened.Add(time.Minute), errRefused)
		if !c.isOpen() {
			t.Error("it does not open again")
		}
	})
}

func TestCircuitGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, e := broken(true), &entered{} // for five seconds
		e.enter(t.Context(), c, 10)
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		e.enter(short, c, 1)
		time.Sleep(time.Second)
		synctest.Wait()
		if e.deadline != 1 {
			t.Error("who has no more time waits on")
		}
		time.Sleep(firstProbe - time.Second)
		e.want(t, "the first probe", 0, 1, 0)
		time.Sleep(comeBack - shortestFault - firstProbe - 1)
		e.want(t, "just before the end", 0, 1, 0)
		time.Sleep(time.Nanosecond)
		e.want(t, "given up", 0, 1, 9)
		for i, pause := range []time.Duration{2 * firstProbe, 4 * firstProbe, 8 * firstProbe, lastProbe, lastProbe} {
			c.fails(time.Now(), errRefused)
			time.Sleep(pause - 1)
			e.enter(t.Context(), c, 1)
			e.want(t, "too early", 0, 1+i, 10+i)
			time.Sleep(time.Nanosecond)
			e.enter(t.Context(), c, 1)
			e.want(t, "the next probe", 0, 2+i, 10+i)
		}
		c.works()
		e.enter(t.Context(), c, 1)
		e.want(t, "back after all", 1, 6, 14)
	})
}

// What an attempt says of the host that it went to.
func TestJudge(t *testing.T) {
	certificate := &tls.CertificateVerificationError{Err: errors.New("unknown authority")}
	for _, test := range []struct {
		name   string
		err    error
		within time.Duration // of the context, 0 for no end
		cancel bool
		took   time.Duration
		works  bool
		fails  int
	}{
		{"an answer", nil, 0, false, time.Second, true, 0},
		{"refused", errRefused, 0, false, 0, false, 1},
		{"cut", io.ErrUnexpectedEOF, 0, false, time.Second, false, 1},
		{"another scheme", http.ErrSchemeMismatch, 0, false, 0, true, 0},
		{"its certificate", certificate, 0, false, 0, true, 0},
		{"a redirect to nowhere", errLocation, 0, false, 0, true, 0},
		{"cancelled", context.Canceled, 0, true, time.Minute, false, 0},
		{"the image's time was nearly over", context.DeadlineExceeded, time.Second, false, time.Second, false, 0},
		{"the image's time was spent waiting", context.DeadlineExceeded, noAnswer, false, noAnswer, false, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := &passage{circuits: [2]*circuit{newCircuit(false), newCircuit(false)}}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if test.within > 0 {
				ctx, cancel = context.WithTimeout(t.Context(), test.within)
				defer cancel()
			}
			if test.cancel {
				cancel()
			}
			began := time.Now()
			time.Sleep(test.took + 1) // which ends the context first
			p.judge(ctx, began, test.err)
			host, part := p.circuits[0], p.circuits[1]
			if host.answered != test.works || host.failures != test.fails || part.answered || part.failures > 0 {
				t.Errorf("%s: answered %v, %d failures; want %v, %d", test.name, host.answered, host.failures, test.works, test.fails)
			}
		})
	}
}

// Which part of a registry a path is of.
func TestProjectOf(t *testing.T) {
	for path, want := range map[string]string{
		"/v2/":                                  "",
		"/v2/team/app/manifests/1":              "team",
		"/v2/team/sub/app/blobs/sha256:a":       "team",
		"/v2/team/app/tags/list":                "team",
		"/v2/team/app/referrers/sha256:a":       "team",
		"/v2/app/manifests/1":                   "",
		"/token":                                "",
		"/v2/team/app/unknown":                  "",
		"/elsewhere/v2/team/app/blobs/sha256:a": "",
	} {
		if got := projectOf(path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// roundTripper is a way to the wire that a test writes as a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A probe that its image gives up leaves its place to the next.
func TestProbeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := New(t.Context(), Options{})
		sent := 0
		b := &breaking{client, roundTripper(func(r *http.Request) (*http.Response, error) {
			sent++
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		request, err := http.NewRequest(http.MethodHead, "https://r.example/v2/team/app/manifests/1", nil)
		if err != nil {
			t.Fatal(err)
		}
		host, _ := client.circuitsOf(request.URL)
		host.works()
		for range manyAttempts {
			host.fails(time.Now().Add(-shortestFault), errRefused)
		}
		time.Sleep(firstProbe)
		for i := range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := b.RoundTrip(request.WithContext(ctx)); err == nil || sent != i+1 {
				t.Errorf("%v, %d requests were sent, want %d", err, sent, i+1)
			}
			cancel()
		}
	})
}
