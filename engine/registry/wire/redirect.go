package wire

import (
	"net/http"
	"net/url"
	"strings"
)

// redirectTransport follows redirects, as http.Client does. A request keeps its
// Authorization header only while it stays at the same host, port and scheme:
// http.Client would keep it at other ports of the host, too.
//
// An answer that is no redirect, as nearly all are, is returned as it is.
// http.Client would copy the request first.
type redirectTransport struct {
	next http.RoundTripper
}

func (t *redirectTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(request)
	if err != nil { // in http.Client's words, as it would be after a redirect
		return nil, &url.Error{Op: request.Method[:1] + strings.ToLower(request.Method[1:]), URL: request.URL.String(), Err: err}
	}
	if response.StatusCode < 300 || response.StatusCode >= 400 {
		return response, nil
	}
	client := http.Client{Transport: &followTransport{first: response, origin: request, next: t.next}}
	return client.Do(request)
}

// followTransport sends the requests of one chain of redirects. It has the
// answer to the first of them already.
type followTransport struct {
	first  *http.Response // nil once it was given away
	origin *http.Request
	next   http.RoundTripper
}

func (t *followTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if first := t.first; first != nil {
		t.first = nil
		return first, nil
	}
	if authorization := t.origin.Header.Get("Authorization"); authorization != "" {
		if !sameOrigin(request.URL, t.origin.URL) {
			authorization = ""
		}
		request = withHeader(request, "Authorization", authorization)
	}
	return t.next.RoundTrip(request)
}

// sameOrigin reports whether two URLs lead to the same port, and both over TLS
// or both over plain HTTP.
func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }
