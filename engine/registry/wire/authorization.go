package wire

import (
	"context"
	"maps"
	"net/http"
	"strings"
)

// Authorizer knows what a user's requests to a registry show of the user.
type Authorizer interface {
	// Authorization returns the Authorization header for a repository, "" for
	// none. tokens sends a request for a token.
	Authorization(ctx context.Context, repository string, tokens http.RoundTripper) (string, error)
	// Renew is told that the registry refused an authorization, and reports
	// whether there may be a better one. repeated is set where the same request
	// was refused before.
	Renew(repository, refused string, repeated bool) bool
	// Redact hides the user's secrets in the words of a registry, which may
	// repeat what was sent.
	Redact(words string) string
}

// authorizationTransport adds the user's authorization to requests for
// repositories. A request whose token is refused is sent again with another one,
// for the token may have ended early, or while the request waited.
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
		response, err := t.next.RoundTrip(sent)
		if err != nil || response.StatusCode != http.StatusUnauthorized ||
			attempt >= maxRetries || !t.user.Renew(repository, authorization, attempt > 0) {
			return response, err
		}
		response.Body.Close()
	}
}

// withHeader returns a copy of a request that differs in one header, which it
// lacks if value is "". A RoundTripper must not change the request that it is
// given.
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

// repositoryOf returns the repository that a path of a registry's API is about.
// Paths end with the kind of what is read, and its name or digest:
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
