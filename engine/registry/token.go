package registry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// What a request shows of who sends it: tokens, names and passwords.

// tokenMargin is how long before its end a token is renewed.
const tokenMargin = 15 * time.Second

// token returns a bearer token for pulling from a repository.
func (h *host) token(ctx context.Context, s *session, repository string) (string, *shared[string], error) {
	if s.config.RegistryToken != "" {
		return s.config.RegistryToken, nil, nil
	}
	scope := "repository:" + repository + ":pull"
	h.mu.Lock()
	token, ok := h.tokens[scope]
	if !ok {
		token = &shared[string]{}
		h.tokens[scope] = token
	}
	h.mu.Unlock()
	value, err := token.get(ctx, h.client, func(ctx context.Context) (string, time.Duration, error) {
		given, err := transport.Exchange(ctx, s.registry, s.auth, &complete{h.retried, h.client.tries()}, []string{scope}, s.challenge)
		if err != nil {
			return "", 0, &tokenError{withoutAnswer(err)}
		}
		// https://distribution.github.io/distribution/spec/auth/token/: a token
		// without expires_in lives 60 seconds.
		lives := 60 * time.Second
		if given.ExpiresIn > 0 {
			lives = time.Duration(given.ExpiresIn) * time.Second
		}
		if given.Token == "" {
			given.Token = given.AccessToken
		}
		return given.Token, max(lives-tokenMargin, lives/2), nil
	})
	return value, token, err
}

// complete gives answers whose bodies are not cut short.
type complete struct {
	next  http.RoundTripper
	tries int
}

func (c *complete) RoundTrip(request *http.Request) (*http.Response, error) {
	return uncut(request.Context(), c.tries, func() (*http.Response, error) {
		sent := request.Clone(request.Context())
		if request.GetBody != nil {
			var err error
			if sent.Body, err = request.GetBody(); err != nil {
				return nil, err
			}
		}
		response, err := c.next.RoundTrip(sent)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(io.LimitReader(response.Body, maxConfig))
		if err != nil {
			return nil, &cutError{err}
		}
		response.Body = io.NopCloser(bytes.NewReader(body))
		return response, nil
	})
}

// withoutAnswer hides what a token server said with success: it may be a
// secret, if not the one that was asked for.
func withoutAnswer(err error) error {
	var status *transport.Error
	var network *url.Error
	if errors.As(err, &status) || errors.As(err, &network) {
		return err
	}
	return errors.New("the answer of the token server holds no token")
}

// authorization returns the header for a repository, and the token in it if
// another one can be had should it be refused.
func (h *host) authorization(ctx context.Context, s *session, repository string) (string, given, error) {
	if s.bearer() {
		value, token, err := h.token(ctx, s, repository)
		return "Bearer " + value, given{value, token}, err
	}
	if s.config.Username == "" && s.config.Password == "" {
		return "", given{}, nil
	}
	return basic(s.config.Username, s.config.Password), given{}, nil
}

// given is a token that a token server gave. of is nil if it is another's.
type given struct {
	value string
	of    *shared[string]
}

func (g given) same(value string) bool { return value == g.value }

// drop has another token made, unless there is one already.
func (g given) drop() { g.of.drop(g.same) }

// ended says whether the token was out of date anyway.
func (g given) ended() bool { return g.of.ended(g.same) }

// authorized adds the credential to requests that go to the registry itself,
// and to no other host or port that a redirect leads to.
type authorized struct {
	next          http.RoundTripper
	session       *session
	authorization string
}

func (a *authorized) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Host == a.session.registry.RegistryStr() && request.URL.Scheme == a.session.scheme {
		request = request.Clone(request.Context())
		request.Header.Set("Authorization", a.authorization)
	}
	return a.next.RoundTrip(request)
}
