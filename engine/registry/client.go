package registry

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// What a run knows of all registries.

// Options make a Client.
type Options struct {
	Insecure  bool // accept any certificate, and plain HTTP
	Logins    []Login
	Conns     int // idle connections kept for each registry
	UserAgent string

	// Log is told every request, if set.
	Log func(Exchange)
	// Dial connects in place of the network, if set.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Login is a user's name and password for one registry, on one side.
type Login struct {
	Side               validate.Side
	Registry           string // as lists write it
	Username, Password string
	From               string // where it was found, for errors
}

// Exchange is one HTTP request and what came of it. It holds no secret.
type Exchange struct {
	Method, URL string
	Status      int   // 0 if there was no answer
	Err         error // nil if there was one
	Duration    time.Duration
}

// Client reads from registries. Its methods may be called from many
// goroutines.
type Client struct {
	options Options
	ctx     context.Context // of what several callers wait for
	base    *http.Transport

	requests atomic.Int64

	mu         sync.Mutex
	hosts      map[hostKey]*host
	configured map[string]*configured // by name
	bases      []*http.Transport      // all there are
	// flights are the goroutines that make what several callers wait for.
	flights sync.WaitGroup
}

// hostKey tells registries apart: logins may differ between the two sides.
type hostKey struct {
	name  string
	login *Login
}

// New returns a Client. ctx ends what it does for several callers at once.
func New(ctx context.Context, o Options) *Client {
	base := newTransport(o)
	return &Client{options: o, ctx: ctx, base: base, hosts: map[hostKey]*host{}, configured: map[string]*configured{}, bases: []*http.Transport{base}}
}

// Close waits for what is under way and closes the connections. The context
// given to New ends the waiting.
func (c *Client) Close() {
	c.flights.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, base := range c.bases {
		base.CloseIdleConnections()
	}
}

// Requests returns how many HTTP requests were sent.
func (c *Client) Requests() int { return int(c.requests.Load()) }

// Read reads what a comparison needs of an image. requests are those sent for
// this call alone: not the pings and tokens that several calls share. An error
// is an *Error.
func (c *Client) Read(ctx context.Context, image imagelist.Image, need validate.Need) (validate.Fact, int, error) {
	repository := image.Source
	if need.Side == validate.Destination {
		repository = image.Destination
	}
	name, path, _ := strings.Cut(repository, "/")
	host := c.host(name, need.Side)

	var sent atomic.Int64
	ctx = context.WithValue(ctx, sentKey{}, &sent)
	reference := need.Digest
	if reference == "" {
		reference = image.Tag
	}
	var fact validate.Fact
	var err error
	switch need.What {
	case validate.Head:
		fact, err = host.head(ctx, path, reference)
	case validate.Read:
		fact, err = host.manifest(ctx, path, reference)
	case validate.Blob:
		fact, err = host.config(ctx, path, reference)
	}
	if err != nil {
		err = host.explain(ctx, err, need.Side, imagelist.Reference(repository, reference))
	}
	return fact, int(sent.Load()), err
}

// sentKey is the context key of a call's *atomic.Int64 of requests sent.
type sentKey struct{}

// host returns what is known of a registry.
func (c *Client) host(name string, side validate.Side) *host {
	key := hostKey{name: name}
	for i, login := range c.options.Logins {
		if login.Side == side && login.Registry == name {
			key.login = &c.options.Logins[i]
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	h, ok := c.hosts[key]
	if !ok {
		settings, ok := c.configured[name]
		if !ok {
			settings = &configured{base: c.base}
		}
		h = &host{client: c, name: name, address: cmp.Or(settings.Endpoint, name), settings: settings, login: key.login, tokens: map[string]*shared[string]{}}
		h.patient, h.brief = retrying(&wire{h}, patientRetries), retrying(&wire{h}, briefRetries)
		c.hosts[key] = h
	}
	return h
}
