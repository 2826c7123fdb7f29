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

// host reads from one registry for one user.
type host struct {
	client   *Client
	name     string // as lists write it
	registry *configuredRegistry
	account  *access.Account
	chain    *wire.Chain
}

// newHost makes the host for a registry and a user. It sends no request.
func (c *Client) newHost(name string, registry *configuredRegistry, user access.User) *host {
	account := access.NewAccount(access.AccountOptions{
		Address: registry.address, Settings: registry.Settings, User: user,
		Anonymous: c.options.Anonymous, Insecure: registry.IsInsecure(c.options.Insecure),
	}, c.flights)
	return &host{client: c, name: name, registry: registry, account: account, chain: registry.wire.NewChain(account)}
}

// open returns the session with the registry. The first call pings the registry,
// and all other calls wait for that ping.
func (h *host) open(ctx context.Context) (*access.Session, error) {
	if h.registry.broken != nil {
		return nil, h.registry.broken
	}
	return h.account.Open(ctx, h.chain.Contact)
}

// do sends a request for a path of a repository. The caller must close the body of
// the response.
func (h *host) do(ctx context.Context, method, repository, path string, header http.Header) (*http.Response, error) {
	s, err := h.open(ctx)
	if err != nil {
		return nil, err
	}
	request, err := newRequest(ctx, method, s.Scheme, s.Host, repository+"/"+path)
	if err != nil {
		return nil, err
	}
	// rewriteTransport would have to copy the request to set this header.
	request.Header.Set("User-Agent", h.client.options.UserAgent)
	maps.Copy(request.Header, header)
	return h.chain.Requests.RoundTrip(request)
}

// newRequest makes a request for a path of a registry's API. It parses only a path
// that has special characters. Parsing takes time, and few paths have any.
func newRequest(ctx context.Context, method, scheme, host, path string) (*http.Request, error) {
	if strings.ContainsAny(path, "?%#") {
		return http.NewRequestWithContext(ctx, method, scheme+"://"+host+"/v2/"+path, nil)
	}
	u := &url.URL{Scheme: scheme, Host: host, Path: "/v2/" + path}
	request := &http.Request{Method: method, URL: u, Host: host, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	return request.WithContext(ctx), nil
}

// isOwn reports whether an address is that of the registry itself.
func (h *host) isOwn(address string) bool {
	return strings.EqualFold(address, access.Host(h.registry.address))
}
