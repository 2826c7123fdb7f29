package registry

import (
	"context"
	"fmt"
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

// One registry: how it wants to be spoken to, and what is sent to it.

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
