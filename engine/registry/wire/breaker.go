package wire

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

// circuitTransport holds back requests to a host that is down. A request waits until
// the circuits of its host and project are closed. If the request fails after all its
// retries, it may open a circuit.
type circuitTransport struct {
	circuits *circuits
	next     http.RoundTripper
	probe    http.RoundTripper // sends a probe, without retries
}

func (t *circuitTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	for {
		response, err := t.try(request)
		if err == nil && !isBrokenServer(response.StatusCode) || !t.circuits.mayComeBack(request.URL) || request.Body != nil || request.Context().Err() != nil {
			return response, err
		}
		// The circuit is open: it was open before, or this request opened it. The
		// request waits until the host comes back, as later requests do.
		if err == nil {
			response.Body.Close()
		}
	}
}

// try sends a request as soon as its circuits let it through.
func (t *circuitTransport) try(request *http.Request) (*http.Response, error) {
	host, part := t.circuits.of(request.URL)
	bodies := t.circuits.bodies(request.URL)
	next := t.next
	for _, c := range []*circuit{host, part, bodies} {
		probe, err := c.enter(request.Context())
		switch {
		case err != nil:
			return nil, err
		case probe && c == bodies:
			defer c.postponeProbe()
		case probe:
			next = t.probe
			defer c.endProbe()
		}
	}
	began, answers, object := time.Now(), part.objects.count(), objectOf(request.URL)
	response, err := next.RoundTrip(request)
	switch {
	case err != nil: // answerTransport has already noted for each attempt whether the host answered
	case isBrokenServer(response.StatusCode):
		if !part.objects.recordFailure(object, answers) {
			part.recordFailure(began, fmt.Errorf("%d %s", response.StatusCode, http.StatusText(response.StatusCode)))
		}
	default:
		part.objects.recordAnswer(object, response.StatusCode)
		part.recordSuccess()
	}
	return response, err
}

// isBrokenServer reports whether a status means that a server does not work at all.
func isBrokenServer(status int) bool {
	return status >= http.StatusInternalServerError && status != http.StatusNotImplemented
}

// answerTransport tells the circuit of a host whether the host answers.
type answerTransport struct {
	circuits *circuits
	next     http.RoundTripper
}

func (t *answerTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	began := time.Now()
	response, err := t.next.RoundTrip(request)
	ctx := request.Context()
	host := t.circuits.host(request.URL)
	switch {
	case isAnswer(err):
		host.recordSuccess()
	case ctx.Err() == nil, errors.Is(ctx.Err(), context.DeadlineExceeded) && time.Since(began) >= noAnswer:
		host.recordFailure(began, err)
	}
	return response, err
}

// noAnswer is for a request that was ended because its image had no time left. Such a
// request counts as a failure only if it waited at least so long for an answer.
const noAnswer = 10 * time.Second

// isAnswer reports whether the host answered. Some errors show that it did, although
// the answer is not usable.
func isAnswer(err error) bool {
	return err == nil || errors.Is(err, http.ErrSchemeMismatch) || errors.Is(err, errLocation) ||
		errors.As(err, new(*tls.CertificateVerificationError))
}

// circuits are the circuits of a run. A host has one circuit for attempts that get no
// answer. It also has a circuit for each project, for answers such as 503. In Harbor,
// a project may be a cache of another registry. If that registry is down, the other
// projects of Harbor still work.
type circuits struct {
	warn func(string)

	mu  sync.Mutex
	all map[circuitKey]*circuit
}

// circuitKey identifies the circuit of a host or of one of its projects.
type circuitKey struct {
	scheme, host string
	part         bool   // false for the circuits of the host itself
	bodies       bool   // whether it is the circuit of the bodies that the host sends
	project      string // may be "", for requests that belong to no project
}

func newCircuits(warn func(string)) *circuits {
	return &circuits{warn: warn, all: map[circuitKey]*circuit{}}
}

// host returns the circuit of the host of a URL.
func (c *circuits) host(u *url.URL) *circuit {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.get(circuitKey{scheme: u.Scheme, host: strings.ToLower(u.Host)}, hostFailures)
}

// bodies returns the circuit of the bodies that the host of a URL sends. Its headers may
// come all the same, so the circuit of the host does not notice.
func (c *circuits) bodies(u *url.URL) *circuit {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.get(circuitKey{scheme: u.Scheme, host: strings.ToLower(u.Host), bodies: true}, bodyFailures)
}

// of returns the two circuits that a request to a URL must pass.
func (c *circuits) of(u *url.URL) (host, part *circuit) {
	key := circuitKey{scheme: u.Scheme, host: strings.ToLower(u.Host)}
	c.mu.Lock()
	defer c.mu.Unlock()
	host = c.get(key, hostFailures)
	key.part, key.project = true, projectOf(u.Path)
	return host, c.get(key, partFailures)
}

// get returns a circuit. c.mu is held.
func (c *circuits) get(key circuitKey, failures int) *circuit {
	found, ok := c.all[key]
	if !ok {
		found = newCircuit(strings.TrimSuffix(key.host+"/"+key.project, "/"), failures, c.warn)
		c.all[key] = found
	}
	return found
}

// objects returns the failing objects of the part to which a URL belongs.
func (c *circuits) objects(u *url.URL) *failingObjects {
	_, part := c.of(u)
	return &part.objects
}

// isGivenUp reports whether requests to a URL should fail at once.
func (c *circuits) isGivenUp(u *url.URL) bool {
	host, part := c.of(u)
	return host.isGivenUp() || part.isGivenUp() || c.bodies(u).isGivenUp()
}

// mayComeBack reports whether the host of a URL, or its project, is down, but may
// come back while a request waits.
func (c *circuits) mayComeBack(u *url.URL) bool {
	host, part := c.of(u)
	return (host.isOpen() || part.isOpen()) && !host.isGivenUp() && !part.isGivenUp()
}

// isDown reports whether a host, or a part of it, is down.
func (c *circuits) isDown(host string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, circuit := range c.all {
		if key.host == host && circuit.isOpen() {
			return true
		}
	}
	return false
}

// projectOf returns the project of the repository in a path: the part before the
// first slash. It returns "" if the path names no repository, or if the repository
// has no project.
func projectOf(path string) string {
	repository, _ := repositoryOf(path)
	project, _, below := strings.Cut(repository, "/")
	if !below {
		return ""
	}
	return project
}
