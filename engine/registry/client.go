package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry/access"
	"mvrun/engine/registry/mirrors"
	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// Options are the settings of a Client.
type Options struct {
	Insecure  bool // accept any certificate, and plain HTTP
	Logins    []Login
	Conns     int  // the most requests at once to one registry; 0 means no limit
	Ahead     int  // the most tokens at once that are fetched ahead at one registry, for images that wait; 0 means none
	Sockets   int  // the most connections at once to all registries; 0 means as many as the process may have
	Anonymous bool // use no credentials of the user's configuration
	UserAgent string

	// Registries says where a node asks for images. The client asks there on the
	// destination side. It may be nil.
	Registries *mirrors.Config

	// SharedBlobs says that each registry of the destination stores a blob once for all its
	// repositories. Then a blob is read once.
	SharedBlobs bool
	// Fresh makes every image read its blobs anew, also those that SharedBlobs or Settings
	// say are shared.
	Fresh bool

	// InsecureHint says how a user sets Insecure, such as the name of a flag.
	// Messages show it as a hint. If it is empty, they give no such hint.
	InsecureHint string
	// TokenServerHint says how a user names the token server of a registry, for
	// messages, in the same way.
	TokenServerHint string

	// Warn gets each message that concerns a whole registry: that the registry is
	// down, or that its quota is spent. It may be nil.
	Warn func(message string)
	// Log gets every request. It may be nil.
	Log func(Exchange)
	// Dial makes the connections. If it is nil, package net makes them.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Transport answers all requests. If it is nil, requests go over connections.
	Transport http.RoundTripper
	// Once turns off retries and waits, and no failure is kept for later requests.
	// Tests of scripts need this, because the script must see each fault at once.
	Once bool

	observe func(*http.Response) // gets every answer; nil means nobody
}

// These types of the packages below are needed by callers of a Client.
type (
	// Login is a user's name and password for one registry, on one side.
	Login = access.Login
	// Settings say how to speak to one registry.
	Settings = access.Settings
	// Exchange is one HTTP request and its outcome. It holds no secret.
	Exchange = wire.Exchange
)

// Client reads from registries. Its methods may be called from many
// goroutines.
type Client struct {
	options   Options
	userAgent []string // the value of the header
	network   *wire.Network
	flights   *access.Flights
	users     *access.Users
	bytes     atomic.Int64        // how many bytes of blobs were read
	pending   atomic.Int64        // how many bytes of the blobs that are being read are still to come
	parsing   chan struct{}       // holds a value while a large document is parsed
	listings  chan struct{}       // holds a value while a large listing is read
	decoders  *semaphore.Weighted // the memory for windows of zstd
	blobs     *sharedBlobs

	mu         sync.Mutex
	hosts      map[hostKey]*host
	registries map[string]*configuredRegistry // by name
	endpoints  map[string]*configuredRegistry // with settings of Options.Registries, by name and settings
	served     map[string]mirrors.Endpoint    // the endpoints that have answered, by the image of the destination
	moved      map[string]bool                // the hosts of which Warn has told that they could not be asked
}

// hostKey identifies a host. One registry may have several hosts, because the two
// sides of a mirror, and the namespaces of the registry, may have different users.
type hostKey struct {
	name     string
	user     access.User
	endpoint string // tells the endpoints of Options.Registries at one host apart; "" for the registry as usual
}

// New returns a Client. The end of ctx ends pings and requests for tokens, which
// several callers share.
func New(ctx context.Context, o Options) *Client {
	c := &Client{
		options:    o,
		userAgent:  []string{o.UserAgent},
		flights:    access.NewFlights(ctx, o.Once),
		users:      &access.Users{Logins: o.Logins, Anonymous: o.Anonymous},
		parsing:    make(chan struct{}, 1),
		listings:   make(chan struct{}, 1),
		decoders:   semaphore.NewWeighted(decoderBytes),
		blobs:      newSharedBlobs(),
		hosts:      map[hostKey]*host{},
		registries: map[string]*configuredRegistry{},
		endpoints:  map[string]*configuredRegistry{},
		served:     map[string]mirrors.Endpoint{},
		moved:      map[string]bool{},
	}
	c.network = wire.New(wire.Options{
		TLS: access.DefaultTLS(o.Insecure), Sockets: o.Sockets, Idle: o.Conns, UserAgent: o.UserAgent,
		Warn: c.redactedWarnings(o.Warn), Log: c.redacted(o.Log), Observe: o.observe, Dial: o.Dial, Transport: o.Transport, Once: o.Once,
	})
	return c
}

// Close waits for pings and requests for tokens that are under way, and closes the
// connections. If the context of New has ended, it waits only for a short time.
func (c *Client) Close() {
	c.flights.Close()
	c.network.CloseIdleConnections()
}

// Requests returns how many HTTP requests were sent.
func (c *Client) Requests() int { return c.network.Requests() }

// Configure sets the settings of a registry, for both sides of a mirror. name is
// the name of the registry in lists. Configure must be called before the first
// request to that registry, under its own name or as the endpoint of another one.
func (c *Client) Configure(name string, s Settings) error {
	if err := imagelist.CheckRegistry(name); err != nil {
		return err
	}
	if err := s.Check(); err != nil {
		return err
	}
	name = imagelist.CanonicalRegistry(name)
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, h := range c.hosts {
		switch {
		case key.name == name:
			return errors.New("it was asked already: give its settings before the first request")
		case imagelist.IsSameRegistry(h.registry.address, name):
			return fmt.Errorf("it was asked already, as the endpoint of %s: give its settings before the first request", key.name)
		}
	}
	if _, ok := c.registries[name]; ok {
		return errors.New("its settings were given before: say all of them at once")
	}
	known := c.configure(name, s)
	if known.broken != nil {
		return known.broken
	}
	c.registries[name] = known
	return nil
}

// configuredRegistry is a registry with its settings.
type configuredRegistry struct {
	Settings
	address string // the HOST[:PORT] that gets the requests
	broken  error  // why no request can be sent, such as a wrong certificate of the user; nil if one can
	wire    *wire.Registry
	plain   sync.Once // the warning of a login over plain HTTP
}

func (c *Client) configure(name string, s Settings) *configuredRegistry {
	return c.configureWith(name, s, access.Certificates{})
}

// configureWith is configure with more certificates.
func (c *Client) configureWith(name string, s Settings, more access.Certificates) *configuredRegistry {
	r := &configuredRegistry{Settings: s, address: cmp.Or(strings.ToLower(s.Endpoint), name)}
	config, err := s.TLSWith(more, r.address, c.options.Insecure, c.options.Anonymous)
	r.broken = err
	r.wire = c.network.NewRegistry(wire.Target{
		Name: name, Host: access.Host(r.address), TLS: config, PlainHTTP: s.PlainHTTP,
		RequestsPerSecond: s.RequestsPerSecond, MaxRequests: cmp.Or(s.MaxRequests, c.options.Conns),
	})
	return r
}

// host returns the host that reads a repository. name is the registry and path the
// repository in it.
func (c *Client) host(name, path string, side validate.Side) *host {
	c.mu.Lock()
	defer c.mu.Unlock()
	registry, ok := c.registries[name]
	if !ok {
		registry = c.configure(name, Settings{})
		c.registries[name] = registry
	}
	key := hostKey{name: name, user: c.users.Of(name, registry.address, path, side)}
	h, ok := c.hosts[key]
	if !ok {
		h = c.newHost(name, registry, key.user)
		c.hosts[key] = h
	}
	return h
}

// Endpoint implements engine.Endpointer: it returns the HOST[:PORT] at which a
// repository is asked. If Options.Registries decides that, it returns what identifies
// these rules.
func (c *Client) Endpoint(repository string, side validate.Side) string {
	name, _, _ := strings.Cut(repository, "/")
	if side == validate.Destination && c.isRouted(name) {
		return "registries sha256:" + c.options.Registries.SHA256
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if registry, ok := c.registries[name]; ok {
		return registry.address
	}
	return name
}

// Read reads one fact that a comparison needs about an image. It also returns how
// many requests were sent for this call, without pings and requests for tokens,
// which several calls share. Every error is an *Error.
func (c *Client) Read(ctx context.Context, image imagelist.Image, need validate.Need) (validate.Fact, int, error) {
	repository, lookup := image.Source, image.SourceLookup()
	if need.Side == validate.Destination {
		repository, lookup = image.Destination, image.DestinationLookup()
	}
	name, path, _ := strings.Cut(repository, "/")
	ctx, call := wire.NewCall(ctx)
	q := query{image: image, need: need, name: repository, reference: cmp.Or(need.Digest, lookup)}
	var fact validate.Fact
	var err error
	if need.Side == validate.Destination && c.isRouted(name) {
		fact, err = c.readAsNode(ctx, call, q)
	} else {
		fact, err = c.host(name, path, need.Side).read(ctx, call, path, q)
	}
	return fact, call.Requests(), err
}
