package registry

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry/access"
	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// Options make a Client.
type Options struct {
	Insecure  bool // accept any certificate, and plain HTTP
	Logins    []Login
	Conns     int  // requests at once to each registry, 0 for any number
	Sockets   int  // connections at once to all of them, 0 for as many as the process may have
	Anonymous bool // use no credentials of the user's configuration
	UserAgent string

	// InsecureHint is how a user accepts any certificate and plain HTTP, for
	// messages; such as the flag that sets Insecure. Without it messages give no
	// such hint.
	InsecureHint string

	// Warn is told what concerns a whole registry, if set: that it is down, or
	// that its quota is spent.
	Warn func(message string)
	// Log is told every request, if set.
	Log func(Exchange)
	// Dial connects in place of the network, if set.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Transport answers in place of the network, if set: nothing is dialled.
	Transport http.RoundTripper
	// Once makes every request a single attempt, without a wait for its turn, and
	// lets no failure answer for a later request. A test of a script wants the script
	// to see each fault, and soon.
	Once bool
}

// Types of the packages below that users of a Client need.
type (
	// Login is a user's name and password for one registry, on one side.
	Login = access.Login
	// Settings are how to speak to one registry.
	Settings = access.Settings
	// Exchange is one HTTP request and what came of it. It holds no secret.
	Exchange = wire.Exchange
)

// Client reads from registries. Its methods may be called from many
// goroutines.
type Client struct {
	options Options
	network *wire.Network
	flights *access.Flights
	users   *access.Users
	bytes   atomic.Int64 // of blobs

	mu         sync.Mutex
	hosts      map[hostKey]*host
	registries map[string]*configured // by name
}

// hostKey identifies a host: users may differ between the two sides of a mirror,
// and between the namespaces of a registry.
type hostKey struct {
	name string
	user access.User
}

// New returns a Client. The end of ctx ends what several callers wait for.
func New(ctx context.Context, o Options) *Client {
	return &Client{
		options: o,
		network: wire.New(wire.Options{
			TLS: access.DefaultTLS(o.Insecure), Sockets: o.Sockets, Idle: o.Conns, UserAgent: o.UserAgent,
			Warn: o.Warn, Log: o.Log, Dial: o.Dial, Transport: o.Transport, Once: o.Once,
		}),
		flights:    access.NewFlights(ctx, o.Once),
		users:      &access.Users{Logins: o.Logins, Anonymous: o.Anonymous},
		hosts:      map[hostKey]*host{},
		registries: map[string]*configured{},
	}
}

// Close waits for what is under way and closes the connections. Once the
// context given to New has ended it waits for a moment only.
func (c *Client) Close() {
	c.flights.Close()
	c.network.CloseIdleConnections()
}

// Requests returns how many HTTP requests were sent.
func (c *Client) Requests() int { return c.network.Requests() }

// Bytes returns how many bytes of blobs were read to be hashed.
func (c *Client) Bytes() int64 { return c.bytes.Load() }

// Configure sets a registry's settings, on both sides. name is as lists write
// it. It has to come before anything is read from that registry.
func (c *Client) Configure(name string, s Settings) error {
	if err := imagelist.CheckRegistry(name); err != nil {
		return err
	}
	if err := s.Check(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.hosts {
		if key.name == name {
			return errors.New("it was asked already: give its settings before the first request")
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

// configured is a registry with its settings.
type configured struct {
	Settings
	address string // where it is asked
	broken  error  // why it cannot be asked: the user's certificates are wrong
	wire    *wire.Registry
}

func (c *Client) configure(name string, s Settings) *configured {
	r := &configured{Settings: s, address: cmp.Or(s.Endpoint, name)}
	config, err := s.TLS(r.address, c.options.Insecure, c.options.Anonymous)
	r.broken = err
	r.wire = c.network.NewRegistry(wire.Target{
		Name: name, Host: access.Host(r.address), TLS: config, PlainHTTP: s.PlainHTTP,
		RequestsPerSecond: s.RequestsPerSecond, MaxRequests: cmp.Or(s.MaxRequests, c.options.Conns),
	})
	return r
}

// host returns the host that reads below a path of a registry.
func (c *Client) host(name, path string, side validate.Side) *host {
	c.mu.Lock()
	defer c.mu.Unlock()
	registry, ok := c.registries[name]
	if !ok {
		registry = c.configure(name, Settings{})
		c.registries[name] = registry
	}
	key := hostKey{name, c.users.Of(name, registry.address, path, side)}
	h, ok := c.hosts[key]
	if !ok {
		h = c.newHost(name, registry, key.user)
		c.hosts[key] = h
	}
	return h
}

// Read reads what a comparison needs of an image. It returns how many requests were
// sent for this call, without the pings and tokens that several calls share. An
// error is an *Error.
func (c *Client) Read(ctx context.Context, image imagelist.Image, need validate.Need) (validate.Fact, int, error) {
	repository := image.Source
	if need.Side == validate.Destination {
		repository = image.Destination
	}
	name, path, _ := strings.Cut(repository, "/")
	host := c.host(name, path, need.Side)

	ctx, call := wire.NewCall(ctx)
	reference := need.Digest
	if reference == "" {
		reference = image.Tag
	}
	var fact validate.Fact
	var err error
	switch need.Action {
	case validate.HeadManifest:
		fact, err = host.head(ctx, path, reference)
	case validate.ReadManifest:
		fact, err = host.manifest(ctx, path, reference)
	case validate.ReadConfig:
		fact, err = host.config(ctx, path, reference)
	case validate.HeadBlob:
		fact, err = host.stat(ctx, path, reference)
	case validate.HashBlob, validate.UnpackLayer:
		fact, err = host.whole(ctx, path, need)
	case validate.ListReferrers:
		fact.Referrers, err = host.referrers(ctx, path, reference)
	}
	if ctx.Err() != nil && (err == nil || errors.As(err, new(*contentError))) {
		err = ctx.Err() // an answer may come at the very end, and not the whole of it
	}
	if err != nil {
		err = host.explain(ctx, call, err, need.Side, imagelist.Reference(repository, reference))
	}
	return fact, call.Requests(), err
}
