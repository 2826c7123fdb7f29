package wire

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Options are the settings of a Network.
type Options struct {
	TLS       *tls.Config // for registries without a TLS configuration of their own
	Sockets   int         // the most connections at once; 0 means as many as the process may have
	Idle      int         // the most unused connections that stay open to one host
	UserAgent string

	// Warn gets each message that concerns a whole registry. It may be nil.
	Warn func(message string)
	// Log gets every request. It may be nil.
	Log func(Exchange)
	// Observe gets every answer, also those of token servers and stores, but must not
	// read its body. It may be nil.
	Observe func(*http.Response)
	// Dial makes the connections. If it is nil, package net makes them, and
	// proxies of the environment are used.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Transport answers all requests. If it is nil, requests go over connections.
	Transport http.RoundTripper
	// Once turns off retries and waits: the chain sends each request once and
	// without delay.
	Once bool
}

// Network holds what all requests of a run share: the connections, the circuit
// breakers, and the number of requests.
type Network struct {
	options  Options
	requests atomic.Int64
	circuits *circuits
	sockets  *sockets
	shared   *http.Transport // connections that use Options.TLS

	named sync.Map // hosts that the user names, and that may have any address

	mu         sync.Mutex
	transports []*http.Transport // every transport of the run, to close its unused connections
}

// New returns a Network.
func New(o Options) *Network {
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	n := &Network{options: o, circuits: newCircuits(o.Warn)}
	n.sockets = &sockets{dial: o.Dial, room: make(chan struct{}, cmp.Or(o.Sockets, maxSockets())), closeIdle: n.CloseIdleConnections}
	if o.Dial == nil {
		n.sockets.dial = n.dial
	}
	n.shared = n.newTransport(o.TLS)
	return n
}

// dial makes a connection. The user's own proxies may be anywhere. A registry may be at a
// link-local address if the user names it by this address. A name could lead to another
// address each time.
func (n *Network) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if _, named := n.named.Load(host); !named {
		dialer.Control = guard(ctx)
	}
	return dialer.DialContext(ctx, network, address)
}

// proxy returns the proxy for a request, or nil.
func (n *Network) proxy(request *http.Request) (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(request)
	if proxy != nil {
		n.named.Store(proxy.Hostname(), true)
	}
	return proxy, err
}

// Requests returns how many HTTP requests were sent.
func (n *Network) Requests() int { return int(n.requests.Load()) }

// CloseIdleConnections closes the connections that no request uses.
func (n *Network) CloseIdleConnections() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, transport := range n.transports {
		transport.CloseIdleConnections()
	}
}

// Tries returns how often a request is sent at most while the bodies of its
// answers are cut short.
func (n *Network) Tries() int {
	if n.options.Once {
		return 1
	}
	return bodyTries
}

// Target says where a registry is, and how to speak to it.
type Target struct {
	Name string // as lists write it, for messages
	// Host is the host of the registry's URLs. It differs from Name if another
	// host answers in place of the registry, such as a cache.
	Host      string
	TLS       *tls.Config // nil means Options.TLS
	PlainHTTP bool        // speak HTTP without TLS

	RequestsPerSecond float64 // 0 means no limit
	MaxRequests       int     // the most requests at once; 0 means no limit
}

// Registry is one registry of a run. All its users share its limits.
type Registry struct {
	Target
	network     *Network
	connections http.RoundTripper
	pace        *pace
	slots       chan struct{} // holds one value for each request under way; nil means no limit
	trouble     trouble
	// warnDowngrade warns of a redirect from HTTPS to plain HTTP.
	warnDowngrade func(from, to *url.URL)
}

// NewRegistry returns a Registry of the network. Call it once for each name: all
// users of a registry must share its limits, which the Registry holds.
func (n *Network) NewRegistry(t Target) *Registry {
	r := &Registry{Target: t, network: n, connections: n.shared, pace: newPace(t.RequestsPerSecond)}
	r.warnDowngrade = downgradeWarning(t.Name, n.options.Warn)
	if host := (&url.URL{Host: t.Host}).Hostname(); ReachOf(host) == LinkLocal {
		n.named.Store(host, true)
	}
	if n.options.Once {
		r.pace = newPace(0)
	}
	if t.MaxRequests > 0 {
		r.slots = make(chan struct{}, t.MaxRequests)
	}
	switch {
	case n.options.Transport != nil:
		r.connections = n.options.Transport
	case t.TLS != nil:
		r.connections = n.newTransport(t.TLS)
	}
	return r
}

const (
	maxHeader     = 64 << 10  // bytes of the headers of an answer
	maxUnread     = 8 << 20   // bytes of all bodies of a connection that are not read yet, with HTTP/2
	maxUnreadBody = 512 << 10 // the same of one body
)

// newTransport returns a transport for a run, which sends many requests to few
// hosts: its connections stay open for the next requests.
func (n *Network) newTransport(config *tls.Config) *http.Transport {
	transport := &http.Transport{
		DialContext:           n.sockets.connect,
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: maxSilence,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // sizes and digests belong to the bytes as the registry stores them
		MaxIdleConnsPerHost:   n.options.Idle,
		IdleConnTimeout:       90 * time.Second,
		// A registry may send as much before anybody reads it. Go's own limits, 10 MiB of
		// headers and 1 GiB of a connection, are meant for friends.
		MaxResponseHeaderBytes: maxHeader,
		HTTP2:                  &http.HTTP2Config{MaxReceiveBufferPerConnection: maxUnread, MaxReceiveBufferPerStream: maxUnreadBody},
	}
	if n.options.Dial == nil {
		transport.Proxy = n.proxy
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.transports = append(n.transports, transport)
	return transport
}
