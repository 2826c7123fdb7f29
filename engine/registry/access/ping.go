package access

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"mvrun/engine/registry/wire"
)

// maxPing is how many bytes are read of the answer to GET /v2/. Nobody needs them.
const maxPing = 64 << 10

// foreignParameter is a parameter that pingTransport adds to the challenge of another
// host than the registry's.
const foreignParameter = "x-mvrun-foreign"

// isForeign reports whether a challenge comes from another host than the registry.
func isForeign(c *transport.Challenge) bool {
	_, foreign := c.Parameters[foreignParameter]
	return foreign
}

// errPingDowngrade says that a registry redirects its first request to plain HTTP.
var errPingDowngrade = errors.New("the registry redirects GET /v2/ from HTTPS to plain HTTP, which is not followed")

// pingTransport sends the first request to a registry for transport.Ping. It bounds
// the answer, and marks the challenge of another host to which the registry
// redirects. registry.k8s.io redirects so.
type pingTransport struct {
	host string // HOST[:PORT] of the registry
	next http.RoundTripper
}

func (t *pingTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if redirect := request.Response; redirect != nil {
		if redirect.Request.URL.Scheme == "https" && request.URL.Scheme != "https" {
			return nil, errPingDowngrade
		}
		asked := (&url.URL{Host: t.host}).Hostname()
		if err := wire.CheckRedirect(request.Context(), asked, request.URL); err != nil {
			return nil, err
		}
		request = request.WithContext(wire.Redirected(request.Context(), asked))
	}
	response, err := t.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, maxPing), response.Body}
	if request.URL.Host == t.host {
		return response, nil
	}
	challenges := response.Header.Values("WWW-Authenticate")
	for i, challenge := range challenges {
		challenges[i] = markForeign(challenge)
	}
	return response, nil
}

// markForeign adds foreignParameter to a challenge, before all others: the parser stops at
// the first parameter that it does not understand, and the other host writes these.
func markForeign(challenge string) string {
	end := strings.IndexFunc(challenge, func(r rune) bool { return !isLetterOrDigit(r) })
	if end < 0 {
		end = len(challenge)
	}
	return challenge[:end] + " " + foreignParameter + "=1," + challenge[end:]
}

func isLetterOrDigit(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}
