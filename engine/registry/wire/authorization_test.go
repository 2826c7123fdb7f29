package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
)

// nobody is a user without credentials.
type nobody struct{}

func (nobody) Authorization(context.Context, string, http.RoundTripper) (string, error) {
	return "", nil
}
func (nobody) Send(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	return next.RoundTrip(r)
}
func (nobody) Renew(string, string, bool) bool { return false }
func (nobody) Redact(words string) string      { return words }

// holder is a user that gets a new token each time that one is refused.
type holder struct {
	nobody
	err     error
	asked   []string // the repositories for which tokens were asked
	renewed []string
	renews  int // how many more tokens the user can get
}

func (h *holder) Authorization(_ context.Context, repository string, _ http.RoundTripper) (string, error) {
	h.asked = append(h.asked, repository)
	return fmt.Sprintf("token %d", len(h.renewed)), h.err
}

func (h *holder) Renew(repository, refused string, repeated bool) bool {
	if len(h.renewed) == h.renews {
		return false
	}
	h.renewed = append(h.renewed, fmt.Sprintf("%s %s %v", repository, refused, repeated))
	return true
}

// TestAuthorization shows how often a request is sent if its token is refused.
func TestAuthorization(t *testing.T) {
	for _, test := range []struct {
		name           string
		renews, refuse int
		want           int // how many requests are sent
		status         int
	}{
		{"accepted", 0, 0, 1, http.StatusOK},
		{"renewed", 1, 1, 2, http.StatusOK},
		{"no other token", 0, 1, 1, http.StatusUnauthorized},
		{"the other token is refused, too", 1, 2, 2, http.StatusUnauthorized},
		{"always refused", 100, 100, 10, http.StatusUnauthorized},
	} {
		user := &holder{renews: test.renews}
		var sent []string
		transport := &authorizationTransport{user: user, next: roundTripper(func(r *http.Request) (*http.Response, error) {
			sent = append(sent, r.Header.Get("Authorization"))
			if len(sent) <= test.refuse {
				return answer(r, http.StatusUnauthorized, ""), nil
			}
			return answer(r, http.StatusOK, ""), nil
		})}
		request := newRequest(t, http.MethodGet, "https://r.example/v2/team/app/manifests/1")
		response, err := transport.RoundTrip(request)
		if err != nil || response.StatusCode != test.status || len(sent) != test.want {
			t.Errorf("%s: %v after %d requests", test.name, err, len(sent))
		}
		if slices.ContainsFunc(user.asked, func(repository string) bool { return repository != "team/app" }) {
			t.Errorf("%s: asked for tokens of %q", test.name, user.asked)
		}
		for i, authorization := range sent {
			if authorization != fmt.Sprintf("token %d", i) {
				t.Errorf("%s: request %d had %q", test.name, i, authorization)
			}
		}
		if len(user.renewed) > 1 && !slices.Equal(user.renewed[:2], []string{"team/app token 0 false", "team/app token 1 true"}) {
			t.Errorf("%s: renewed were %q", test.name, user.renewed)
		}
		if request.Header.Get("Authorization") != "" {
			t.Errorf("%s: the caller's request was changed", test.name)
		}
	}

	failure := errors.New("no token")
	transport := &authorizationTransport{user: &holder{err: failure}, next: roundTripper(func(*http.Request) (*http.Response, error) {
		t.Error("a request without its token was sent")
		return nil, failure
	})}
	if _, err := transport.RoundTrip(newRequest(t, http.MethodGet, "https://r.example/v2/team/app/manifests/1")); err != failure {
		t.Errorf("got %v", err)
	}
}

// TestRepositoryOf shows which repository a path names. A part of a repository may have
// a name such as "manifests".
func TestRepositoryOf(t *testing.T) {
	for path, want := range map[string]string{
		"/v2/":                                      "",
		"/v2/app/manifests/1":                       "app",
		"/v2/team/sub/app/blobs/sha256:a":           "team/sub/app",
		"/v2/team/app/tags/list":                    "team/app",
		"/v2/team/app/referrers/sha256:a":           "team/app",
		"/v2/team/manifests/app/manifests/1":        "team/manifests/app",
		"/v2/blobs/blobs/sha256:a":                  "blobs",
		"/v2/team/app/unknown":                      "",
		"/token":                                    "",
		"/elsewhere/v2/team/app/blobs/sha256:a":     "",
		"/v2/manifests/1":                           "",
		"/v2/team/app/blobs/uploads/0123-4567/more": "",
	} {
		got, ok := repositoryOf(path)
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}
