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
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// What a run knows of all registries.

// Options make a Client.
type Options struct {
	Insecure  bool // accept any certificate, and plain HTTP
	Logins    []Login
	Conns     int  // requests at once to each registry, 0 for any number
	Sockets   int  // connections at once to all of them, 0 for as many as the process may have
	Anonymous bool // use no credentials of the user's configuration
	UserAgent string

	// Warn is told what concerns a whole registry, if set: that it is down, or
	// has given all that it gives.
	Warn func(message string)
	// Log is told every request, if set.
	Log func(Exchange)
	// Dial connects in place of the network, if set.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Transport answers in place of the network, if set: nothing is dialled.
	Transport http.RoundTripper
	// Once makes every request a single attempt, without a wait for its turn, and
	// lets no failure answer for a later one: who tests a script wants it to see
	// each fault, soon.
	Once bool
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
	sockets *sockets

	requests atomic.Int64
	bytes    atomic.Int64 // of blobs

	mu         sync.Mutex
	hosts      map[hostKey]*host
	configured map[string]*configured // by name
	circuits   map[circuitKey]*circuit
	namespaces map[string][]string // with a login of their own, by registry
	bases      []*http.Transport   // all there are
	// flights are the goroutines that make what several callers wait for.
	flights sync.WaitGroup
}

// hostKey tells registries apart: logins may differ between the two sides, and
// between the namespaces of a registry.
type hostKey struct {
	name      string
	login     *Login
	namespace string
}

// New returns a Client. ctx ends what it does for several callers at once.
func New(ctx context.Context, o Options) *Client {
	c := &Client{options: o, ctx: ctx, hosts: map[hostKey]*host{}, configured: map[string]*configured{}, circuits: map[circuitKey]*circuit{}, namespaces: map[string][]string{}}
	c.sockets = &sockets{dial: o.Dial, room: make(chan struct{}, cmp.Or(o.Sockets, mostSockets())), spare: c.closeIdle}
	if o.Dial == nil {
		c.sockets.dial = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	c.base = c.newTransport()
	c.bases = []*http.Transport{c.base}
	return c
}

// Close waits for what is under way and closes the connections. Once the
// context given to New is done it waits for a moment only: a credential helper
// that hangs cannot be interrupted, and ends with the process.
func (c *Client) Close() {
	landed := make(chan struct{})
	go func() {
		c.flights.Wait()
		close(landed)
	}()
	select {
	case <-landed:
	case <-c.ctx.Done():
		select {
		case <-landed:
		case <-time.After(time.Second):
		}
	}
	c.closeIdle()
}

// closeIdle closes the connections that nobody uses.
func (c *Client) closeIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, base := range c.bases {
		base.CloseIdleConnections()
	}
}

// Requests returns how many HTTP requests were sent.
func (c *Client) Requests() int { return int(c.requests.Load()) }

// Bytes returns how many bytes of blobs were read to be hashed.
func (c *Client) Bytes() int64 { return c.bytes.Load() }

// Read reads what a comparison needs of an image. requests are those sent for
// this call alone: not the pings and tokens that several calls share. An error
// is an *Error.
func (c *Client) Read(ctx context.Context, image imagelist.Image, need validate.Need) (validate.Fact, int, error) {
	repository := image.Source
	if need.Side == validate.Destination {
		repository = image.Destination
	}
	name, path, _ := strings.Cut(repository, "/")
	host := c.host(name, path, need.Side)

	call := &call{}
	ctx = context.WithValue(ctx, callKey{}, call)
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
	if content := (*contentError)(nil); ctx.Err() != nil && (err == nil || errors.As(err, &content)) {
		err = ctx.Err() // an answer may come at the very end, and not the whole of it
	}
	if err != nil {
		err = host.explain(ctx, err, need.Side, imagelist.Reference(repository, reference))
	}
	return fact, int(call.sent.Load()), err
}

// warn says what concerns a whole registry.
func (c *Client) warn(message string) {
	if c.options.Warn != nil {
		c.options.Warn(message)
	}
}

// call is what the wire notes of a call to Read.
type call struct {
	sent    atomic.Int64 // requests
	refused atomic.Int64 // the last status that said no, 0 if none did
}

// callKey is the context key of a *call.
type callKey struct{}

// host returns what is known of a registry, for whoever reads below a path of
// it.
func (c *Client) host(name, path string, side validate.Side) *host {
	key := hostKey{name: name}
	for i, login := range c.options.Logins {
		if login.Side == side && login.Registry == name {
			key.login = &c.options.Logins[i]
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	settings, ok := c.configured[name]
	if !ok {
		settings = &configured{pace: newPace(0)}
		settings.base, settings.broken = c.transport(name, settings.Settings)
		c.configured[name] = settings
	}
	address := cmp.Or(settings.Endpoint, name)
	if key.login == nil {
		key.namespace = c.namespace(address, path)
	}
	h, ok := c.hosts[key]
	if !ok {
		if settings.room == nil && c.options.Conns > 0 {
			settings.room = make(chan struct{}, c.options.Conns)
		}
		h = &host{client: c, name: name, address: address, settings: settings, login: key.login, namespace: key.namespace, tokens: map[string]*shared[string]{}}
		h.retried = &breaking{c, firstly(&wire{h}, mostRetries)}
		if c.options.Once {
			h.retried = firstly(&wire{h}, 0)
		}
		c.hosts[key] = h
	}
	return h
}

// namespace returns that of a registry's namespaces with a login of their own
// which a path is in, or "". c.mu is held.
func (c *Client) namespace(registry, path string) string {
	if c.options.Anonymous {
		return ""
	}
	all, ok := c.namespaces[registry]
	if !ok {
		all = podmanNamespaces(registry)
		c.namespaces[registry] = all
	}
	for _, namespace := range all {
		if strings.HasPrefix(registry+"/"+path+"/", namespace+"/") {
			return namespace
		}
	}
	return ""
}
