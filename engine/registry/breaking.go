package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Requests on their way through circuits, and what each says of them.

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
