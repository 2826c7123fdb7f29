package registry

import (
	"strings"

	"mvrun/validate"
)

// CanPrepare implements engine.Preparer. It reports whether any registry has given the
// name of its token server.
func (c *Client) CanPrepare() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.hosts {
		if h.account.CanFetchAhead() {
			return true
		}
	}
	return false
}

// Prepare implements engine.Preparer: it fetches the token for a repository. It does so
// only at a registry that was asked before. Where Options.Registries decides which host is
// asked, it does nothing.
func (c *Client) Prepare(repository string, side validate.Side) {
	name, path, _ := strings.Cut(repository, "/")
	if side == validate.Destination && c.isRouted(name) {
		return
	}
	if h := c.knownHost(name, path, side); h != nil {
		h.account.FetchAhead(path, h.chain.Tokens, c.options.Ahead)
	}
}

// knownHost returns the host that reads a repository, or nil if nothing was read there
// yet.
func (c *Client) knownHost(name, path string, side validate.Side) *host {
	c.mu.Lock()
	defer c.mu.Unlock()
	registry, ok := c.registries[name]
	if !ok {
		return nil
	}
	return c.hosts[hostKey{name: name, user: c.users.Of(name, registry.address, path, side)}]
}
