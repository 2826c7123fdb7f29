package wire

import (
	"net/http"
	"net/url"
	"strings"
)

// Mirror says how requests to a mirror differ from those to a registry.
type Mirror struct {
	// Base is the path of the API instead of /v2, such as /artifactory/api/docker/hub/v2.
	// It is "/v2" or "" if the API is where it usually is, and "/" stands for none.
	Base string
	// Namespace is the registry for which the mirror answers. Each request for a
	// repository names it in its parameter "ns". "" means none.
	Namespace string
	Header    http.Header // more headers of each request to the mirror; the values are secrets
	Scheme    string      // the only scheme with which Header is sent; "" means either
}

// apiPath is where the API of a registry begins.
const apiPath = "/v2"

// path returns the path that a request to the mirror has, for one of the API.
func (m *Mirror) path(path string) string {
	rest, isAPI := strings.CutPrefix(path, apiPath+"/")
	if !isAPI || m.Base == "" || m.Base == apiPath {
		return path
	}
	return strings.TrimSuffix(m.Base, "/") + "/" + rest
}

// rewriteTransport changes each request before it is sent: its User-Agent, its scheme
// if the registry speaks plain HTTP, and what a mirror wants.
type rewriteTransport struct {
	userAgent string // replaces the User-Agent of libraries
	host      string // of the registry
	plain     bool   // the host speaks plain HTTP: requests to it come with https URLs, and leave with http URLs
	mirror    Mirror
	next      http.RoundTripper
}

func (t *rewriteTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.UserAgent() != t.userAgent {
		request = withHeader(request, "User-Agent", t.userAgent)
	}
	if !strings.EqualFold(request.URL.Host, t.host) {
		return t.next.RoundTrip(request)
	}
	if t.plain && request.URL.Scheme != "http" {
		plain := *request.URL
		plain.Scheme = "http"
		request = withURL(request, &plain)
	}
	return t.toMirror(request)
}

// toMirror sends a request to the registry's host as a mirror wants it.
func (t *rewriteTransport) toMirror(request *http.Request) (*http.Response, error) {
	sent := request
	if path := t.mirror.path(request.URL.Path); request.Response == nil && path != request.URL.Path { // a redirect names the whole path itself
		moved := *request.URL
		moved.Path, moved.RawPath = path, ""
		sent = withURL(sent, &moved)
	}
	if _, isRepository := repositoryOf(request.URL.Path); isRepository && t.mirror.Namespace != "" && !request.URL.Query().Has("ns") {
		named := *sent.URL
		query := named.Query()
		query.Set("ns", t.mirror.Namespace)
		named.RawQuery = query.Encode()
		sent = withURL(sent, &named)
	}
	if t.mirror.Scheme == "" || t.mirror.Scheme == request.URL.Scheme {
		for name, values := range t.mirror.Header {
			if sent.Header.Get(name) == "" {
				sent = withHeader(sent, name, "")
				sent.Header[http.CanonicalHeaderKey(name)] = values
			}
		}
	}
	response, err := t.next.RoundTrip(sent)
	if err == nil && response.Request == sent {
		response.Request = request // the links above know the path of the API only
		if request.URL.Path == apiPath+"/" && response.StatusCode == http.StatusNotFound && sent.URL.Path != request.URL.Path {
			// A node does not send this request. A mirror below a path of its own may answer
			// only for repositories.
			response.StatusCode = http.StatusOK
		}
	}
	return response, err
}

// withURL returns a copy of a request with another URL.
func withURL(request *http.Request, u *url.URL) *http.Request {
	changed := request.WithContext(request.Context())
	changed.URL = u
	return changed
}
