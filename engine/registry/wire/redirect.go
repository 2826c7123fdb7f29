package wire

import (
	"net/http"
	"net/url"
	"strings"
)

// redirectTransport follows redirects. It uses http.Client, but changes two things:
//
//   - The Authorization header goes only to the same scheme, host and port. By
//     itself http.Client would send it to other ports of the host, too.
//   - http.Client copies each request, which costs time. So a request is first sent
//     without http.Client, and only a redirect is given to it. Nearly all answers
//     are no redirects.
type redirectTransport struct {
	next http.RoundTripper
}

func (t *redirectTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(request)
	if err != nil { // http.Client makes the same kind of error after a redirect
		return nil, &url.Error{Op: request.Method[:1] + strings.ToLower(request.Method[1:]), URL: request.URL.String(), Err: err}
	}
	if response.StatusCode < 300 || response.StatusCode >= 400 {
		return response, nil
	}
	client := http.Client{Transport: &followTransport{first: response, origin: request, next: t.next}}
	return client.Do(request)
}

// followTransport sends the requests that follow one redirect after the other. The
// first request was sent before, and followTransport has its answer.
type followTransport struct {
	first  *http.Response // the answer to the first request; nil after RoundTrip has returned it
	origin *http.Request  // the first request
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

// sameOrigin reports whether two URLs have the same scheme, host and port.
func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host) }
