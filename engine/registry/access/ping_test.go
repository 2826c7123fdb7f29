package access

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// challengeOf returns what is understood of the WWW-Authenticate header of a registry, or
// of another host to which the registry redirects.
func challengeOf(t *testing.T, header string, foreign bool) *transport.Challenge {
	t.Helper()
	registry, err := name.NewRegistry("r.example")
	if err != nil {
		t.Fatal(err)
	}
	next := answering(func(r *http.Request) *http.Response {
		if foreign && r.URL.Host == "r.example" {
			return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://evil.example/v2/"}}}
		}
		return &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{"Www-Authenticate": {header}}}
	})
	challenge, err := transport.Ping(t.Context(), registry, &pingTransport{host: "r.example", next: next})
	if err != nil {
		t.Fatal(err)
	}
	return challenge
}

type answering func(*http.Request) *http.Response

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	response := a(r)
	response.Request, response.Body = r, io.NopCloser(strings.NewReader(""))
	return response, nil
}

// A host to which the registry redirects cannot make its challenge look like one of the
// registry, which would get the password.
func TestForeignMark(t *testing.T) {
	for _, header := range []string{
		`Bearer realm="https://evil.example/token",service="x"`,
		`Bearer realm="https://evil.example/token", Basic realm="x"`,
		`Bearer realm="https://evil.example/token`,
		`Bearer realm="https://evil.example/token",x="`,
		`bearer realm="https://evil.example/token",=`,
		`Bearer	realm=evil,x-mvrun-foreign=""`,
	} {
		if challenge := challengeOf(t, header, true); !isForeign(challenge) {
			t.Errorf("%s gives %+v", header, challenge)
		}
		if challenge := challengeOf(t, header, false); isForeign(challenge) && !strings.Contains(header, foreignParameter) {
			t.Errorf("%s of the registry gives %+v", header, challenge)
		}
	}
}

func FuzzChallenge(f *testing.F) {
	for _, seed := range []string{`Bearer realm="https://a/token",service="b"`, `Basic realm="x"`, `Bearer realm="https://evil/token", Basic realm="x"`, `Bearer realm="\"`, "Bearer"} {
		f.Add(seed)
	}
	rules := realmRules{host: "r.example", isInternal: func() bool { return false }}
	f.Fuzz(func(t *testing.T, header string) {
		if _, found := challengeOf(t, header, true).Parameters["realm"]; found && !isForeign(challengeOf(t, header, true)) {
			t.Errorf("%q is taken for a challenge of the registry", header)
		}
		realm := challengeOf(t, header, false).Parameters["realm"]
		u, err := rules.check(realm)
		if err != nil {
			if words := err.Error(); strings.ContainsAny(words, "\x00\x1b\r\n") || len(words) > 2000 {
				t.Errorf("%q gives the error %q", header, words)
			}
			return
		}
		if again, err := url.Parse(realm); err != nil || again.Scheme != "https" || u.Host == "" {
			t.Errorf("%q leads to %s", header, realm)
		}
	})
}
