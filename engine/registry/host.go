package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// One registry: how it wants to be spoken to, and the tokens it gave.

// host is one registry of a run.
type host struct {
	client   *Client
	name     string // as lists write it
	address  string // where it is asked
	settings *configured
	login    *Login
	// namespace is what the credentials are for, such as quay.io/team; "" if they
	// are for all of the registry.
	namespace string

	retried http.RoundTripper // the wire, with retries, unless it is down
	quota   quota

	session shared[*session]

	mu     sync.Mutex
	tokens map[string]*shared[string] // by scope
}

// session is what the first contact with a registry tells.
type session struct {
	registry  name.Registry
	scheme    string // http or https
	challenge *transport.Challenge
	auth      authn.Authenticator
	config    authn.AuthConfig
	from      string // where the credentials are from, "" if there are none
}

// open returns the session, after one ping for all who ask.
func (h *host) open(ctx context.Context) (*session, error) {
	return h.session.get(ctx, h.client, func(ctx context.Context) (*session, time.Duration, error) {
		s, err := h.ping(ctx)
		return s, 24 * time.Hour, err
	})
}

func (h *host) ping(ctx context.Context) (*session, error) {
	var options []name.Option
	if h.client.insecure(h.settings.Settings) && !h.settings.PlainHTTP { // which needs no second attempt
		options = append(options, name.Insecure)
	}
	registry, err := name.NewRegistry(h.address, options...)
	if err != nil {
		return nil, fmt.Errorf("registry %q: %w", h.address, err)
	}
	if h.settings.broken != nil {
		return nil, h.settings.broken
	}
	s := &session{registry: registry, scheme: "https"}
	if err := h.credentials(ctx, s); err != nil {
		return nil, &credentialError{err}
	}
	s.challenge, err = transport.Ping(briefly(ctx), registry, h.retried)
	if err != nil {
		return nil, &pingError{err, s.from}
	}
	if s.challenge.Insecure {
		s.scheme = "http"
		// Private addresses, and whoever redirects to plain HTTP, want the
		// user's consent, too: passwords would be readable on the way.
		if !h.client.insecure(h.settings.Settings) && !h.settings.PlainHTTP && !loopback(h.address) {
			return nil, &pingError{http.ErrSchemeMismatch, s.from}
		}
	}
	return s, nil
}

// loopback says whether an address is this machine's own.
func loopback(address string) bool {
	host := (&url.URL{Host: address}).Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// url is where the registry's API begins.
func (s *session) url() string { return s.scheme + "://" + s.registry.RegistryStr() + "/v2/" }

// request makes a request for a path of the API. Nearly all paths are plain, and
// need not be parsed.
func (s *session) request(ctx context.Context, method, path string) (*http.Request, error) {
	if strings.ContainsAny(path, "?%#") {
		return http.NewRequestWithContext(ctx, method, s.url()+path, nil)
	}
	u := &url.URL{Scheme: s.scheme, Host: s.registry.RegistryStr(), Path: "/v2/" + path}
	request := &http.Request{Method: method, URL: u, Host: u.Host, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	return request.WithContext(ctx), nil
}

func (s *session) bearer() bool { return strings.EqualFold(s.challenge.Scheme, "bearer") }

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

// do sends a request for a repository. The body of its response is the
// caller's to close.
func (h *host) do(ctx context.Context, method, repository, path string, header http.Header) (*http.Response, error) {
	s, err := h.open(ctx)
	if err != nil {
		return nil, err
	}
	for attempt := 0; ; attempt++ {
		request, err := s.request(ctx, method, repository+"/"+path)
		if err != nil {
			return nil, err
		}
		if err := h.awaitQuota(request); err != nil { // rather than get a token in vain
			return nil, err
		}
		authorization, token, err := h.authorization(ctx, s, repository)
		if err != nil {
			return nil, err
		}
		request.Header.Set("User-Agent", h.client.options.UserAgent)
		for name, values := range header {
			request.Header[name] = values
		}
		next := h.retried
		if authorization != "" {
			next = &authorized{next: next, session: s, authorization: authorization}
		}
		response, err := following(next, request)
		if err != nil {
			return nil, err
		}
		if response.StatusCode != http.StatusUnauthorized || token.of == nil {
			return response, nil
		}
		// The token may have ended early, or the registry lost its key; or it
		// ended while the request waited for a turn, or to be tried again, as
		// often as that happens.
		if attempt > 0 && (!token.ended() || attempt >= mostRetries) {
			return response, nil
		}
		response.Body.Close()
		token.drop()
	}
}

// following sends a request, and follows where the answer redirects to. An
// answer that does not, as nearly all do, is spared http.Client's copies.
func following(next http.RoundTripper, request *http.Request) (*http.Response, error) {
	response, err := next.RoundTrip(request)
	if err != nil {
		return nil, &url.Error{Op: request.Method[:1] + strings.ToLower(request.Method[1:]), URL: request.URL.String(), Err: err}
	}
	if response.StatusCode < 300 || response.StatusCode >= 400 {
		return response, nil
	}
	client := http.Client{Transport: &begun{next: next, first: response}}
	return client.Do(request)
}

// begun is a RoundTripper whose first answer is there already.
type begun struct {
	next  http.RoundTripper
	first *http.Response
}

func (b *begun) RoundTrip(request *http.Request) (*http.Response, error) {
	if first := b.first; first != nil {
		b.first = nil
		return first, nil
	}
	return b.next.RoundTrip(request)
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
