package wire

import "net/http"

// rewriteTransport makes of a request what is really sent.
type rewriteTransport struct {
	userAgent string // replaces that of libraries
	// plainHost is the host that is asked over plain HTTP, although its URLs are
	// written as for TLS. It is "" if there is none.
	plainHost string
	next      http.RoundTripper
}

func (t *rewriteTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.UserAgent() != t.userAgent {
		request = withHeader(request, "User-Agent", t.userAgent)
	}
	if t.plainHost != "" && request.URL.Host == t.plainHost && request.URL.Scheme != "http" {
		plain := *request.URL
		plain.Scheme = "http"
		request = request.WithContext(request.Context())
		request.URL = &plain
	}
	return t.next.RoundTrip(request)
}
