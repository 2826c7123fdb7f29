package wire

import "net/http"

// Chain is the chain of links that one user's requests to one registry pass.
//
// A request passes these links, in this order:
//
//   - quota: the request waits, or fails, while the quota of its user is spent. This
//     link is first, so that no token is fetched in vain.
//   - authorization: the request gets the user's token or password. If the registry
//     refuses a token, the request passes all links below again with a new one.
//   - redirect: the request follows an answer to where the registry keeps its blobs.
//     This link takes the credential away there, so it is below authorization.
//   - circuit: while a registry is down, the request waits for it to come back, or
//     fails at once. A circuit counts requests, with their retries, so it is above retry.
//   - retry: the request is sent again if it may come right by itself. The links below
//     see each attempt, as the registry does.
//   - pace: the request waits for its turn if the registry gets a limited number of
//     requests a second. It takes no slot yet, because others can use the slot.
//   - slot: the request waits while too many others are under way. It keeps its slot
//     until its answer was read, since the connection is busy until then.
//   - limit: the answer tells what is left of the quota, and a 429 whether we are too
//     fast. This link is below both waits: a quota that was spent meanwhile stops the
//     request here.
//   - answer: the circuit learns whether somebody answered. Only an attempt without its
//     waits shows how long the registry took.
//   - rewrite: the request becomes what is really sent, with our User-Agent, and over
//     plain HTTP if the settings say so. The log shows it as it is sent.
//   - log: the request is counted, and told to the log. Every request that passes here
//     is sent once, and no other request is sent.
//   - location: a redirect to a broken URL becomes an error. The words of net/http's own
//     error show the URL with its signature, so the redirect must not get further up.
//   - silence: the body of an answer is cut off when no more of it comes. net/http would
//     wait for ever, and so would the links above.
//   - connections: an http.Transport, or what stands in for the network.
//
// The first contact with a registry and requests for tokens skip authorization and
// redirect. Options.Once leaves out the links that hold back, send again or learn:
// circuit, retry, limit and answer.
type Chain struct {
	// Requests sends requests for a path of a repository, with authorization.
	// It follows redirects.
	Requests http.RoundTripper
	// Contact sends requests without authorization. It gives up soon if nobody
	// answers: many images wait to know whether the registry is there.
	Contact http.RoundTripper

	registry *Registry
	quota    *quota
}

// NewChain returns the chain for a user's requests to the registry.
func (r *Registry) NewChain(user Authorizer) *Chain {
	quota := newQuota(r.Target, user.Redact, r.network.options.Warn)
	attempt := r.attempt(quota)
	patient, brief := attempt, attempt
	if !r.network.options.Once {
		patient, brief = r.retried(attempt, false), r.retried(attempt, true)
	}
	return &Chain{
		Requests: &quotaTransport{quota: quota, next: &authorizationTransport{
			user:   user,
			next:   &redirectTransport{next: patient},
			tokens: &bufferTransport{tries: r.network.Tries(), next: &quotaTransport{quota: quota, next: patient}},
		}},
		Contact:  &quotaTransport{quota: quota, next: brief},
		registry: r,
		quota:    quota,
	}
}

// retried returns the links for a request that may be sent several times. The
// probes of the circuit breaker are sent once.
func (r *Registry) retried(attempt http.RoundTripper, brief bool) http.RoundTripper {
	circuits := r.network.circuits
	return &circuitTransport{
		circuits: circuits,
		next:     &retryTransport{brief: brief, isGivenUp: circuits.givenUp, trouble: &r.trouble, next: attempt},
		probe:    attempt,
	}
}

// attempt returns the links that every attempt to send a request passes, from
// the connections up.
func (r *Registry) attempt(quota *quota) http.RoundTripper {
	n := r.network
	var next http.RoundTripper = &silenceTransport{next: r.connections}
	next = &locationTransport{next: next}
	next = &logTransport{count: &n.requests, log: n.options.Log, next: next}
	next = &rewriteTransport{userAgent: n.options.UserAgent, plainHost: r.plainHost(), next: next}
	if !n.options.Once {
		next = &answerTransport{circuits: n.circuits, next: next}
		next = &limitTransport{quota: quota, pace: r.pace, next: next}
	}
	next = &slotTransport{slots: r.slots, next: next}
	return &paceTransport{pace: r.pace, next: next}
}

// plainHost is the host to which requests are sent over plain HTTP, "" for none.
func (r *Registry) plainHost() string {
	if r.PlainHTTP {
		return r.Host
	}
	return ""
}
