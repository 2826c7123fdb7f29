package registry

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"mvrun/engine/registry/access"
	"mvrun/engine/registry/wire"
)

// host is one registry of a run, as one user reads it.
type host struct {
	client   *Client
	name     string // as lists write it
	registry *configured
	account  *access.Account
	way      *wire.Way
}

// newHost returns what is known of a registry before it is asked.
func (c *Client) newHost(name string, registry *configured, user access.User) *host {
	account := access.NewAccount(access.AccountOptions{
		Address: registry.address, Settings: registry.Settings, User: user,
		Anonymous: c.options.Anonymous, Insecure: registry.IsInsecure(c.options.Insecure),
	}, c.flights)
	return &host{client: c, name: name, registry: registry, account: account, way: registry.wire.NewWay(account)}
}

// open returns the session with the registry, after one ping for all who ask.
func (h *host) open(ctx context.Context) (*access.Session, error) {
	if h.registry.broken != nil {
		return nil, h.registry.broken
	}
	return h.account.Open(ctx, h.way.Contact)
}

// do sends a request for a path of a repository. The body of its response is the
// caller's to close.
func (h *host) do(ctx context.Context, method, repository, path string, header http.Header) (*http.Response, error) {
	s, err := h.open(ctx)
	if err != nil {
		return nil, err
	}
	request, err := newRequest(ctx, method, s.Scheme, s.Host, repository+"/"+path)
	if err != nil {
		return nil, err
	}
	// A request that has it is not copied on its way.
	request.Header.Set("User-Agent", h.client.options.UserAgent)
	maps.Copy(request.Header, header)
	return h.way.Requests.RoundTrip(request)
}

// newRequest makes a request for a path of a registry's API. Nearly all paths are
// plain, and need not be parsed.
func newRequest(ctx context.Context, method, scheme, host, path string) (*http.Request, error) {
	if strings.ContainsAny(path, "?%#") {
		return http.NewRequestWithContext(ctx, method, scheme+"://"+host+"/v2/"+path, nil)
	}
	u := &url.URL{Scheme: scheme, Host: host, Path: "/v2/" + path}
	request := &http.Request{Method: method, URL: u, Host: host, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	return request.WithContext(ctx), nil
}

// is reports whether a host is the registry's own.
func (h *host) is(address string) bool { return address == access.Host(h.registry.address) }
