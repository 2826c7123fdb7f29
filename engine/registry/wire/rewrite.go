package wire

import (
	"net/http"
	"strings"
)

// rewriteTransport changes each request before it is sent: its User-Agent, and its
// scheme if the registry speaks plain HTTP.
type rewriteTransport struct {
	userAgent string // replaces the User-Agent of libraries
	// plainHost is a host that speaks plain HTTP. Requests to it come with https
	// URLs, and leave with http URLs. It is "" if there is no such host.
	plainHost string
	next      http.RoundTripper
}

func (t *rewriteTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.UserAgent() != t.userAgent {
		request = withHeader(request, "User-Agent", t.userAgent)
	}
	if t.plainHost != "" && strings.EqualFold(request.URL.Host, t.plainHost) && request.URL.Scheme != "http" {
		plain := *request.URL
		plain.Scheme = "http"
		request = request.WithContext(request.Context())
		request.URL = &plain
	}
	return t.next.RoundTrip(request)
}
