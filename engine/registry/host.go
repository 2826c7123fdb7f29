package registry

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

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
	readable atomic.Pointer[string] // a repository that could be read; nil before there is one
}

// newHost makes the host for a registry and a user. It sends no request.
func (c *Client) newHost(name string, registry *configuredRegistry, user access.User) *host {
	account := access.NewAccount(c.accountOptions(registry, user), c.flights)
	return &host{client: c, name: name, registry: registry, account: account, chain: registry.wire.NewChain(account)}
}

func (c *Client) accountOptions(registry *configuredRegistry, user access.User) access.AccountOptions {
	return access.AccountOptions{
		Address: registry.address, Settings: registry.Settings, User: user,
		Anonymous: c.options.Anonymous, Insecure: registry.IsInsecure(c.options.Insecure),
		WarnPlain: func(with, from string) { c.warnPlain(registry, with, from) },
	}
}

// warnPlain warns, once for each registry, that a script sends a login without TLS.
func (c *Client) warnPlain(registry *configuredRegistry, with, from string) {
	if c.options.Warn == nil {
		return
	}
	registry.plain.Do(func() {
		c.options.Warn(fmt.Sprintf("the script speaks plain HTTP with %s, so everybody in the network between can read the login that it gets (from %s)",
			with, from))
	})
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
	request.Header["User-Agent"] = h.client.userAgent
	maps.Copy(request.Header, header)
	response, err := h.chain.Requests.RoundTrip(request)
	if err == nil && response.StatusCode == http.StatusOK && h.readable.Load() == nil {
		h.readable.Store(&repository)
	}
	return response, err
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

// isStore reports whether a request, after redirects, went to a store of blobs, or to
// another host, instead of to the registry's own API.
func (h *host) isStore(request *http.Request) bool {
	return request != nil && (!h.isOwn(request.URL.Host) || !strings.HasPrefix(request.URL.Path, "/v2/"))
}

// isOwn reports whether an address is that of the registry itself. A registry may
// redirect from HTTP to HTTPS at its own name.
func (h *host) isOwn(address string) bool {
	return strings.EqualFold(withoutDefaultPort(address), withoutDefaultPort(access.Host(h.registry.address)))
}

func withoutDefaultPort(address string) string {
	return strings.TrimSuffix(strings.TrimSuffix(address, ":443"), ":80")
}
