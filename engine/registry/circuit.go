package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
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
	// end: a registry that is started anew costs none.
	comeBack = 30 * time.Second

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
		c.probe = now.Add(c.pause)
		c.change()
	case !c.open && c.failures >= c.many && now.Sub(c.since) >= shortestFault:
		opens = true
		c.open, c.pause, c.probe = true, firstProbe, now.Add(firstProbe)
	}
	down := &downError{c.name, c.failures, c.since, c.cause}
	c.mu.Unlock()
	if opens {
		c.warn(down.Error() + ". Unless it comes back its images end as unreachable")
	}
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

// clock writes a moment for people, who are here and now.
func clock(t time.Time) string {
	now := time.Now()
	switch distance := t.Sub(now).Abs(); {
	case t.Format(time.DateOnly) != now.Format(time.DateOnly):
		return t.Format("Jan 2 15:04")
	case distance < 5*time.Minute:
		return t.Format("15:04:05")
	}
	return t.Format("15:04")
}

// breaking holds requests back from what is down.
type breaking struct {
	client *Client
	next   http.RoundTripper
}

// passage is a request, with its retries, on its way through circuits.
type passage struct {
	circuits [2]*circuit // of the host, and of a part of it
	probe    bool
}

// vain says whether to try again is of no use.
func (p *passage) vain() bool {
	return p.probe || p.circuits[0].givenUp() || p.circuits[1].givenUp()
}

// mayComeBack says whether to wait may be of use.
func (p *passage) mayComeBack() bool {
	return (p.circuits[0].isOpen() || p.circuits[1].isOpen()) && !p.circuits[0].givenUp() && !p.circuits[1].givenUp()
}

// passageKey is the context key of a *passage.
type passageKey struct{}

func (b *breaking) RoundTrip(request *http.Request) (*http.Response, error) {
	for {
		response, p, err := b.try(request)
		if err == nil && !brokenServer(response.StatusCode) || !p.mayComeBack() || request.Body != nil || request.Context().Err() != nil {
			return response, err
		}
		// A probe costs its image nothing.
		if err == nil {
			response.Body.Close()
		}
	}
}

func (b *breaking) try(request *http.Request) (*http.Response, *passage, error) {
	ctx := request.Context()
	host, part := b.client.circuitsOf(request.URL)
	p := &passage{circuits: [2]*circuit{host, part}}
	for _, c := range p.circuits {
		probe, err := c.enter(ctx)
		if err != nil {
			return nil, p, err
		}
		if probe {
			p.probe = true
			defer c.leave()
		}
	}
	began := time.Now()
	response, err := b.next.RoundTrip(request.WithContext(context.WithValue(ctx, passageKey{}, p)))
	switch {
	case err != nil: // what of it counts, the wire has noted
	case brokenServer(response.StatusCode):
		part.fails(began, fmt.Errorf("%d %s", response.StatusCode, http.StatusText(response.StatusCode)))
	default:
		part.works()
	}
	return response, p, err
}

// brokenServer says whether a status means that a server cannot do its work,
// whatever it is asked for.
func brokenServer(status int) bool {
	return status >= http.StatusInternalServerError && status != http.StatusNotImplemented
}

// circuitsOf returns the circuit of a host, for want of answers, and that of a
// part of it, for answers such as 503: a project of Harbor's whose upstream is
// away says nothing of the others.
func (c *Client) circuitsOf(u *url.URL) (host, part *circuit) {
	key := circuitKey{scheme: u.Scheme, host: u.Host}
	c.mu.Lock()
	defer c.mu.Unlock()
	host = c.circuit(key, manyAttempts)
	key.part, key.project = true, projectOf(u.Path)
	return host, c.circuit(key, manyRequests)
}

// circuitKey is what a circuit is of: a host, or a part of it.
type circuitKey struct {
	scheme, host string
	part         bool
	project      string
}

// circuit returns a circuit. c.mu is held.
func (c *Client) circuit(key circuitKey, many int) *circuit {
	found, ok := c.circuits[key]
	if !ok {
		found = &circuit{name: strings.TrimSuffix(key.host+"/"+key.project, "/"), many: many, warn: c.warn, changed: make(chan struct{})}
		c.circuits[key] = found
	}
	return found
}

// projectOf returns the project of the repository that a path is about, "" if
// there is none.
func projectOf(path string) string {
	rest, ok := strings.CutPrefix(path, "/v2/")
	for _, what := range []string{"/manifests/", "/blobs/", "/tags/", "/referrers/"} {
		if repository, _, found := strings.Cut(rest, what); ok && found {
			project, _, below := strings.Cut(repository, "/")
			if below {
				return project
			}
		}
	}
	return ""
}

// noAnswer is how long a request must have waited in vain to count as a
// failure, where it is the image's time that ended it.
const noAnswer = 10 * time.Second

// judge notes what an attempt says of the host that it went to.
func (p *passage) judge(ctx context.Context, began time.Time, err error) {
	host := p.circuits[0]
	var certificate *tls.CertificateVerificationError
	switch {
	case err == nil, errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &certificate), errors.Is(err, errLocation):
		host.works() // somebody is there
	case ctx.Err() == nil, errors.Is(ctx.Err(), context.DeadlineExceeded) && time.Since(began) >= noAnswer:
		host.fails(began, err)
	}
}
