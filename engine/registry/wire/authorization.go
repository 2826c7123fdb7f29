package wire

import (
	"context"
	"maps"
	"net/http"
	"strings"
)

// Authorizer has the authorization of one user's requests to a registry.
type Authorizer interface {
	// Authorization returns the Authorization header for a repository, or "" if
	// none is needed. tokens sends the request for a token.
	Authorization(ctx context.Context, repository string, tokens http.RoundTripper) (string, error)
	// Renew is called when the registry has refused an authorization. It reports
	// whether the request should be sent again with a new one. repeated means that
	// the registry has refused the same request before.
	Renew(repository, refused string, repeated bool) bool
	// Send gives a request with its authorization to next. It fails without sending
	// the request if the registry has refused the user's password too often.
	Send(request *http.Request, next http.RoundTripper) (*http.Response, error)
	// Redact hides the user's secrets in a message of the registry. The registry
	// may repeat in it what was sent.
	Redact(words string) string
}

// authorizationTransport adds the user's authorization to requests for
// repositories. If the registry refuses a token, the request is sent again with a new
// one, because the token may have expired.
type authorizationTransport struct {
	user   Authorizer
	tokens http.RoundTripper
	next   http.RoundTripper
}

func (t *authorizationTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	repository, _ := repositoryOf(request.URL.Path)
	for attempt := 0; ; attempt++ {
		authorization, err := t.user.Authorization(request.Context(), repository, t.tokens)
		if err != nil {
			return nil, err
		}
		sent := request
		if authorization != "" {
			sent = withHeader(request, "Authorization", authorization)
		}
		response, err := t.user.Send(sent, t.next)
		if err != nil || response.StatusCode != http.StatusUnauthorized ||
			attempt >= maxRetries || !t.user.Renew(repository, authorization, attempt > 0) {
			return response, err
		}
		response.Body.Close()
	}
}

// withHeader returns a copy of a request with another value for one header. If value is
// "", the copy does not have the header. A copy is needed, because a RoundTripper must
// not change the request that it gets.
func withHeader(request *http.Request, name, value string) *http.Request {
	changed := request.WithContext(request.Context())
	changed.Header = maps.Clone(request.Header)
	if value == "" {
		changed.Header.Del(name)
	} else {
		changed.Header.Set(name, value)
	}
	return changed
}

// repositoryOf returns the repository in a path of a registry's API. After the
// repository, a path has a word such as "manifests", and a name or a digest:
// /v2/team/app/manifests/1.0.
func repositoryOf(path string) (repository string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/v2/")
	if !ok {
		return "", false
	}
	rest, _, ok = cutLast(rest)
	if !ok {
		return "", false
	}
	repository, kind, ok := cutLast(rest)
	switch kind {
	case "manifests", "blobs", "tags", "referrers":
		return repository, ok
	}
	return "", false
}

// cutLast splits a path at its last slash.
func cutLast(path string) (before, after string, found bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return path, "", false
	}
	return path[:i], path[i+1:], true
}
