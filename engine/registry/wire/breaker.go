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

// circuitTransport holds back requests to what is down. A request waits until
// the circuits that concern it are closed, and opens one if it fails after all
// its retries.
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
		// The request found the circuit open, or opened it. It waits for what is
		// down to come back, as later requests do.
		if err == nil {
			response.Body.Close()
		}
	}
}

// try sends a request as soon as its circuits let it through.
func (t *circuitTransport) try(request *http.Request) (*http.Response, error) {
	host, part := t.circuits.of(request.URL)
	next := t.next
	for _, c := range []*circuit{host, part} {
		probe, err := c.enter(request.Context())
		if err != nil {
			return nil, err
		}
		if probe {
			next = t.probe
			defer c.endProbe()
		}
	}
	began := time.Now()
	response, err := next.RoundTrip(request)
	switch {
	case err != nil: // answerTransport has already noted for each attempt whether the host answered
	case isBrokenServer(response.StatusCode):
		part.recordFailure(began, fmt.Errorf("%d %s", response.StatusCode, http.StatusText(response.StatusCode)))
	default:
		part.recordSuccess()
	}
	return response, err
}

// isBrokenServer reports whether a status means that a server cannot do its
// work, whatever it is asked for.
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

// noAnswer is how long a request must have waited in vain to count as a
// failure, if the end of its image's time has ended it.
const noAnswer = 10 * time.Second

// isAnswer reports whether an error shows that somebody is there, though not
// with an answer that is of use.
func isAnswer(err error) bool {
	return err == nil || errors.Is(err, http.ErrSchemeMismatch) || errors.Is(err, errLocation) ||
		errors.As(err, new(*tls.CertificateVerificationError))
}

// circuits are the circuits of a run. A host has a circuit for connections that
// get no answer, and one for each of its projects, for answers such as 503. The
// upstream of one project of Harbor's may be down, which says nothing of the
// other projects.
type circuits struct {
	warn func(string)

	mu  sync.Mutex
	all map[circuitKey]*circuit
}

// circuitKey identifies a circuit: of a host, or of a part of it.
type circuitKey struct {
	scheme, host string
	part         bool
	project      string
}

func newCircuits(warn func(string)) *circuits {
	return &circuits{warn: warn, all: map[circuitKey]*circuit{}}
}

// host returns the circuit of the host of a URL.
func (c *circuits) host(u *url.URL) *circuit {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.get(circuitKey{scheme: u.Scheme, host: u.Host}, hostFailures)
}

// of returns the circuits that a request to a URL has to pass.
func (c *circuits) of(u *url.URL) (host, part *circuit) {
	key := circuitKey{scheme: u.Scheme, host: u.Host}
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

// isGivenUp reports whether requests to a URL should fail at once.
func (c *circuits) isGivenUp(u *url.URL) bool {
	host, part := c.of(u)
	return host.isGivenUp() || part.isGivenUp()
}

// mayComeBack reports whether to wait for what is down at a URL may be of use.
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

// projectOf returns the project of the repository that a path is about, "" if
// it is about none. The project is what stands before the first slash.
func projectOf(path string) string {
	repository, _ := repositoryOf(path)
	project, _, below := strings.Cut(repository, "/")
	if !below {
		return ""
	}
	return project
}
