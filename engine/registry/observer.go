package registry

import (
	"crypto/tls"
	"net/http"
	"strings"
	"sync"

	"mvrun/engine/registry/wire"
)

// observer keeps what the answers to an examination show beside their content.
type observer struct {
	mu      sync.Mutex
	answers []observed
}

// observed is one answer.
type observed struct {
	scheme, host, path string
	status             int
	contentType        string
	http               string
	tls                *tls.ConnectionState
	limit              *wire.RateLimit
}

func (o *observer) observe(response *http.Response) {
	u := response.Request.URL
	seen := observed{
		scheme: u.Scheme, host: u.Host, path: u.Path, status: response.StatusCode,
		contentType: response.Header.Get("Content-Type"), http: response.Proto, tls: response.TLS,
	}
	if limit, ok := wire.RateLimitOf(response.Header); ok {
		seen.limit = &limit
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answers = append(o.answers, seen)
}

// of returns the answers of a host.
func (o *observer) of(isHost func(address string) bool) []observed {
	o.mu.Lock()
	defer o.mu.Unlock()
	var found []observed
	for _, answer := range o.answers {
		if isHost(answer.host) {
			found = append(found, answer)
		}
	}
	return found
}

// isPing reports whether an answer is that to the first request, GET /v2/.
func (o observed) isPing() bool { return o.path == "/v2/" }

// isPage reports whether an answer is a web page.
func (o observed) isPage() bool {
	return strings.HasPrefix(strings.ToLower(o.contentType), "text/html")
}
