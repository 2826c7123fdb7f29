package wire

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Options make a Network.
type Options struct {
	TLS       *tls.Config // of registries that have none of their own
	Sockets   int         // connections at once, 0 for as many as the process may have
	Idle      int         // connections that are kept for each host while no request uses them
	UserAgent string

	// Warn is told what concerns a whole registry, if set.
	Warn func(message string)
	// Log is told every request, if set.
	Log func(Exchange)
	// Dial connects in place of the network, if set. Then no proxy is used.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Transport answers in place of the network, if set: nothing is dialled.
	Transport http.RoundTripper
	// Once sends each request once and at once. Links that try again, wait for a
	// quota or a turn, or hold a request back, are left out of the chain.
	Once bool
}

// Network is what all requests of a run share.
type Network struct {
	options  Options
	requests atomic.Int64
	circuits *circuits
	sockets  *sockets
	shared   *http.Transport // connections that use Options.TLS

	mu         sync.Mutex
	transports []*http.Transport // all that exist
}

// New returns a Network.
func New(o Options) *Network {
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	n := &Network{options: o, circuits: newCircuits(o.Warn)}
	n.sockets = &sockets{dial: o.Dial, room: make(chan struct{}, cmp.Or(o.Sockets, maxSockets())), spare: n.CloseIdleConnections}
	if o.Dial == nil {
		n.sockets.dial = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	n.shared = n.newTransport(o.TLS)
	return n
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

// Tries returns how often the reading of an answer is tried in all, if its body
// is cut short.
func (n *Network) Tries() int {
	if n.options.Once {
		return 1
	}
	return bodyTries
}

// Target is a registry, and how to speak to it.
type Target struct {
	Name string // as lists write it, for messages
	// Host is the host of the registry's URLs. It differs from the name where
	// another host is asked in the registry's place.
	Host      string
	TLS       *tls.Config // nil for that of the network
	PlainHTTP bool        // no TLS at all

	RequestsPerSecond float64 // 0 for no limit
	MaxRequests       int     // at once, 0 for no limit
}

// Registry is one registry of a run. All its users share its limits.
type Registry struct {
	Target
	network     *Network
	connections http.RoundTripper
	pace        *pace
	slots       chan struct{} // holds one value for each request under way, nil for no limit
	trouble     trouble
}

// NewRegistry returns a Registry of the network. It is called once for each name,
// because a Registry holds the limits that all users of it share.
func (n *Network) NewRegistry(t Target) *Registry {
	r := &Registry{Target: t, network: n, connections: n.shared, pace: newPace(t.RequestsPerSecond)}
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

// newTransport returns connections that live as long as the run needs them:
// many of them, to few hosts.
func (n *Network) newTransport(config *tls.Config) *http.Transport {
	transport := &http.Transport{
		DialContext:           n.sockets.connect,
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: maxSilence,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // lengths and digests are of the bytes as they are stored
		MaxIdleConnsPerHost:   n.options.Idle,
		IdleConnTimeout:       90 * time.Second,
	}
	if n.options.Dial == nil {
		transport.Proxy = http.ProxyFromEnvironment
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.transports = append(n.transports, transport)
	return transport
}
