package registry

import (
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry/access"
	"mvrun/engine/registry/mirrors"
	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// endpointHost returns the host that reads at an endpoint. The settings and logins of
// the user for the endpoint's own host count there, and then those of the files.
func (c *Client) endpointHost(e mirrors.Endpoint) *host {
	name := imagelist.CanonicalRegistry(e.Host)
	if e.Scheme != "http" && e.Namespace == "" && e.Settings == nil && isUsualBase(e.Base) {
		return c.host(name, e.Repository, validate.Destination)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	registry := c.endpointRegistry(name, e)
	user := c.users.Of(name, registry.address, e.Repository, validate.Destination)
	key := hostKey{name, user, fmt.Sprintf("%s %s %s %p", e.Scheme, e.Base, e.Namespace, e.Settings)}
	h, ok := c.hosts[key]
	if ok {
		return h
	}
	o := c.accountOptions(registry, user)
	o.Insecure = c.options.Insecure || e.Scheme == "" && o.Insecure // an https URL means no plain HTTP, whatever the certificate
	mirror := wire.Mirror{Base: e.Base, Namespace: e.Namespace, Scheme: e.Scheme}
	if s := e.Settings; s != nil {
		o.Given = authn.AuthConfig{Username: s.Login.Username, Password: s.Login.Password, IdentityToken: s.Login.IdentityToken, RegistryToken: s.Login.Token}
		o.GivenFrom = s.From
		mirror.Header = http.Header{}
		for header, values := range s.Header {
			for _, value := range values {
				mirror.Header.Add(header, value)
				o.Secrets = append(o.Secrets, value)
			}
		}
		o.Secrets = append(o.Secrets, s.Login.Password, s.Login.IdentityToken, s.Login.Token)
	}
	account := access.NewAccount(o, c.flights)
	h = &host{client: c, name: name, registry: registry, account: account, chain: registry.wire.NewMirrorChain(account, mirror)}
	c.hosts[key] = h
	return h
}

func isUsualBase(base string) bool { return base == "/v2" }

// endpointRegistry returns the registry of an endpoint. Endpoints at one host share it,
// and with it the limits of pace and number, if they speak to the host in the same way.
// The caller holds the lock.
func (c *Client) endpointRegistry(name string, e mirrors.Endpoint) *configuredRegistry {
	own, ok := c.registries[name]
	if !ok {
		own = c.configure(name, Settings{})
		c.registries[name] = own
	}
	s := own.Settings
	var more access.Certificates
	isDifferent := false
	if e.Scheme == "http" && !s.PlainHTTP {
		s.PlainHTTP, isDifferent = true, true
	}
	if given := e.Settings; given != nil {
		if s.TLSVerify == nil && (given.PlainToo || given.SkipVerify != nil && *given.SkipVerify) {
			s.TLSVerify, isDifferent = new(false), true
		}
		if len(given.CAs)+len(given.Pairs) > 0 && !s.PlainHTTP {
			isDifferent = true
			more.CAs, more.From = given.CAs, given.From
			for _, pair := range given.Pairs {
				more.Pairs = append(more.Pairs, [2]string{pair.Certificate, pair.Key})
			}
		}
	}
	if !isDifferent {
		return own
	}
	key := fmt.Sprintf("%q %v %v %q", name, s.PlainHTTP, s.TLSVerify != nil && !*s.TLSVerify, more)
	registry, ok := c.endpoints[key]
	if !ok {
		registry = c.configureWith(name, s, more)
		c.endpoints[key] = registry
	}
	return registry
}
