package access

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		// The tests must not use the machine's credentials.
		empty, err := os.MkdirTemp("", "mvrun")
		if err != nil {
			log.Fatal(err)
		}
		defer os.RemoveAll(empty)
		for _, name := range []string{"HOME", "DOCKER_CONFIG", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"} {
			os.Setenv(name, empty)
		}
		os.Unsetenv("REGISTRY_AUTH_FILE")
		os.Unsetenv("GITHUB_TOKEN")
		os.Unsetenv("GOOGLE_APPLICATION_CREDENTIALS")
		return m.Run()
	}())
}

// server takes the place of a registry and its token server.
type server struct {
	challenge string // the challenge of the answer to a ping, "" for none
	pings     int
	tokens    int
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	response := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: r, Body: http.NoBody}
	switch r.URL.Path {
	case "/v2/":
		s.pings++
		if s.challenge != "" {
			response.StatusCode = http.StatusUnauthorized
			response.Header.Set("WWW-Authenticate", s.challenge)
		}
	case "/token":
		s.tokens++
		response.Body = io.NopCloser(strings.NewReader(fmt.Sprintf(`{"token":"s3cret-%d","expires_in":300}`, s.tokens)))
	}
	return response, nil
}

const tokenChallenge = `Bearer realm="https://r.example/token",service="r.example"`

// TestAuthorization shows which Authorization header follows from the challenge of a
// registry and the credentials of a user.
func TestAuthorization(t *testing.T) {
	login := Settings{Username: "robot", Password: "s3cret-password"}
	for _, test := range []struct {
		name, challenge string
		settings        Settings
		want            string
		tokens          int
		from            string
	}{
		{"nothing is wanted", "", Settings{}, "", 0, ""},
		{"nothing is wanted, and a password is there", "", login, "Basic cm9ib3Q6czNjcmV0LXBhc3N3b3Jk", 0, "the script"},
		{"a password", `Basic realm="r"`, login, "Basic cm9ib3Q6czNjcmV0LXBhc3N3b3Jk", 0, "the script"},
		{"a password, and none is there", `Basic realm="r"`, Settings{}, "", 0, ""},
		{"a token", tokenChallenge, Settings{}, "Bearer s3cret-1", 1, ""},
		{"a token for a password", tokenChallenge, login, "Bearer s3cret-1", 1, "the script"},
		{"a token, and the user has one", tokenChallenge, Settings{Token: "s3cret-own"}, "Bearer s3cret-own", 0, "the script"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &server{challenge: test.challenge}
			a := NewAccount(AccountOptions{Address: "r.example", Settings: test.settings}, NewFlights(t.Context(), false))
			if _, err := a.Authorization(t.Context(), "team/app", s); err == nil {
				t.Error("there is an authorization before Open")
			}
			if _, known := a.Login(); known || a.Redact("words") != "words" {
				t.Error("the account knows its credentials before Open")
			}
			session, err := a.Open(t.Context(), s)
			if err != nil || session.Scheme != "https" || session.Host != "r.example" {
				t.Fatalf("got %+v, %v", session, err)
			}
			for range 3 {
				if got, err := a.Authorization(t.Context(), "team/app", s); got != test.want || err != nil {
					t.Errorf("got %q, %v, want %q", got, err, test.want)
				}
				a.Open(t.Context(), s)
			}
			if s.pings != 1 || s.tokens != test.tokens {
				t.Errorf("%d pings and %d tokens, want 1 and %d", s.pings, s.tokens, test.tokens)
			}
			if found, known := a.Login(); found.From != test.from || !known {
				t.Errorf("the credentials are from %q, want %q", found.From, test.from)
			}
			if words := a.Redact("you sent " + test.want + " and s3cret-password"); test.want != "" && strings.Contains(words, strings.Fields(test.want)[1]) {
				t.Errorf("redacted: %s", words)
			}
		})
	}
}

// TestRenew shows when Renew promises another token in place of a refused one.
func TestRenew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{challenge: tokenChallenge}
		a := NewAccount(AccountOptions{Address: "r.example"}, NewFlights(t.Context(), false))
		if a.Renew("team/app", "Bearer s3cret-1", false) {
			t.Error("there is a token before Open")
		}
		if _, err := a.Open(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		want := func(token string) {
			t.Helper()
			if got, err := a.Authorization(t.Context(), "team/app", s); got != "Bearer "+token || err != nil {
				t.Errorf("got %q, %v, want %s", got, err, token)
			}
		}
		want("s3cret-1")
		if a.Renew("team/app", "Bearer s3cret-1", true) {
			t.Error("a token is renewed that was refused twice and has not expired")
		}
		if !a.Renew("team/app", "Bearer s3cret-1", false) {
			t.Error("a refused token is not renewed")
		}
		want("s3cret-2")
		if !a.Renew("team/app", "Bearer s3cret-1", false) { // the refusal of a slower request
			t.Error("Renew does not see that the refused token has been replaced")
		}
		want("s3cret-2")
		time.Sleep(300 * time.Second)
		if !a.Renew("team/app", "Bearer s3cret-2", true) {
			t.Error("an expired token is not renewed")
		}
		want("s3cret-3")
		if strings.Contains(a.Redact("it was s3cret-3"), "s3cret") {
			t.Error("Redact shows the token")
		}

		s.challenge = `Basic realm="r"`
		basic := NewAccount(AccountOptions{Address: "r.example", Settings: Settings{Username: "robot", Password: "old"}}, a.flights)
		if _, err := basic.Open(t.Context(), s); err != nil || basic.Renew("team/app", "Basic cm9ib3Q6b2xk", false) {
			t.Errorf("Renew promises another password: %v", err)
		}
	})
}

// TestOpenPlainHTTP shows for which registries Open may use plain HTTP.
func TestOpenPlainHTTP(t *testing.T) {
	for _, test := range []struct {
		address  string
		insecure bool
		settings Settings
		want     string
	}{
		{"r.example", false, Settings{}, "https"},
		{"r.example", true, Settings{}, "https"},
		{"10.1.2.3:5000", false, Settings{}, ""},
		{"10.1.2.3:5000", true, Settings{}, "http"},
		{"10.1.2.3:5000", false, Settings{PlainHTTP: true}, "http"},
		{"127.0.0.1:5000", false, Settings{}, "http"},
		{"registry.localhost", false, Settings{}, "http"},
		{"Registry.LocalHost:5000", false, Settings{}, "http"},
		{"localhost", false, Settings{}, "http"},
		{"LOCALHOST:5000", false, Settings{}, "http"},
		{"127.0.0.2:5000", false, Settings{}, "http"},
		{"[::1]:5000", false, Settings{}, "http"},
		{"[0:0:0:0:0:0:0:1]:5000", false, Settings{}, "http"},
		{"[::ffff:127.0.0.1]", false, Settings{}, "http"},
		{"[fd00::1]:5000", false, Settings{}, "https"},
		{"localhost.example", false, Settings{}, "https"},
	} {
		s := &server{}
		contact := roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Scheme == "https" && test.want != "https" {
				return nil, http.ErrSchemeMismatch
			}
			return s.RoundTrip(r)
		})
		a := NewAccount(AccountOptions{Address: test.address, Insecure: test.insecure, Settings: test.settings}, NewFlights(t.Context(), false))
		session, err := a.Open(t.Context(), contact)
		if test.want == "" {
			if !errors.Is(err, http.ErrSchemeMismatch) || !errors.As(err, new(*PingError)) {
				t.Errorf("%s: got %v", test.address, err)
			}
			continue
		}
		if err != nil || session.Scheme != test.want {
			t.Errorf("%+v: got %+v, %v", test, session, err)
		}
	}
	a := NewAccount(AccountOptions{Address: "no registry"}, NewFlights(t.Context(), false))
	if _, err := a.Open(t.Context(), &server{}); err == nil || Host("no registry") != "" {
		t.Errorf("got %v, and the host %q", err, Host("no registry"))
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
