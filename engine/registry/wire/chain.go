package wire

import "net/http"

// Chain is the chain of links that one user's requests to one registry pass.
//
// A request passes these links, in this order:
//
//   - quota: the request waits, or fails, while the quota of its user is spent. This
//     link is first, because a token for such a request would be useless.
//   - authorization: the request gets the user's token or password. If the registry
//     refuses a token, the request passes all links below again with a new one.
//   - redirect: the request follows a redirect, for example to a store of blobs. This
//     link removes the credential if the host is another one, so it is below
//     authorization.
//   - circuit: while a registry is down, the request waits until it comes back, or
//     fails at once. A request counts once with all its retries, so this link is above
//     retry.
//   - retry: the request is sent again if another attempt may succeed. The links below
//     see each attempt. The circuit's failing objects say whether the registry refuses one
//     object alone: then the waits are short, and later requests are sent once.
//   - pace: the request waits for its turn if the number of requests per second is
//     limited. This link is above slot, because a request must not take a slot before
//     its turn has come.
//   - slot: the request waits while too many others are under way. It keeps its slot
//     until its answer was read, because the connection is busy until then.
//   - limit: an answer says what is left of the quota, and a 429 may say that we are too
//     fast. This link is below pace and slot, because the quota may be spent while the
//     request waits there. Then this link stops the request.
//   - answer: the circuit learns whether the host answered. This link is below all waits,
//     because they must not count as time that the host needed.
//   - rewrite: the request gets our User-Agent, goes over plain HTTP if the settings
//     say so, and gets the path, the parameter and the headers that a mirror wants. This link is above log, so the log shows the request as it is sent.
//   - log: the request is counted and logged. Every request that passes here is sent
//     once, and no other request is sent.
//   - location: a redirect to a broken URL becomes an error. Otherwise http.Client, in a
//     link above, would make an error that shows the URL with its signature.
//   - silence: the body of an answer is cut off if no more bytes come, or too few.
//     Otherwise reading the body could take forever. The circuit learns of it.
//   - connections: an http.Transport, or Options.Transport.
//
// The first request to a registry and requests for tokens skip authorization and
// redirect. Options.Once leaves out four links: circuit, retry, limit and answer.
type Chain struct {
	// Requests sends requests for a path of a repository, with authorization.
	// It follows redirects.
	Requests http.RoundTripper
	// Contact sends requests without authorization. It gives up soon if nobody
	// answers, because many images wait for the first request to a registry.
	Contact http.RoundTripper
	// Tokens sends requests for tokens.
	Tokens http.RoundTripper

	registry *Registry
	quota    *quota
}

// NewChain returns the chain for a user's requests to the registry.
func (r *Registry) NewChain(user Authorizer) *Chain { return r.NewMirrorChain(user, Mirror{}) }

// NewMirrorChain is NewChain for a registry that is a mirror of another one.
func (r *Registry) NewMirrorChain(user Authorizer, mirror Mirror) *Chain {
	quota := newQuota(r.Target, user.Redact, r.network.options.Warn)
	attempt := r.attempt(quota, mirror)
	patient, brief := attempt, attempt
	if !r.network.options.Once {
		patient, brief = r.retried(attempt, false), r.retried(attempt, true)
	}
	tokens := &bufferTransport{tries: r.network.Tries(), next: &quotaTransport{quota: quota, next: patient}}
	return &Chain{
		Requests: &quotaTransport{quota: quota, next: &authorizationTransport{
			user:   user,
			next:   &redirectTransport{warnDowngrade: r.warnDowngrade, next: patient},
			tokens: tokens,
		}},
		Contact:  &quotaTransport{quota: quota, next: brief},
		Tokens:   tokens,
		registry: r,
		quota:    quota,
	}
}

// retried returns the links that may send a request several times. brief limits the
// retries. A probe of the circuit breaker is sent only once.
func (r *Registry) retried(attempt http.RoundTripper, brief bool) http.RoundTripper {
	circuits := r.network.circuits
	return &circuitTransport{
		circuits: circuits,
		next:     &retryTransport{brief: brief, isGivenUp: circuits.isGivenUp, objects: circuits.objects, trouble: &r.trouble, next: attempt},
		probe:    attempt,
	}
}

// attempt returns the links that every attempt to send a request passes. The last
// link, the connections, is made first.
func (r *Registry) attempt(quota *quota, mirror Mirror) http.RoundTripper {
	n := r.network
	var next http.RoundTripper = &silenceTransport{circuits: n.circuits, next: r.connections}
	next = &locationTransport{next: next}
	next = &logTransport{count: &n.requests, log: n.options.Log, observe: n.options.Observe, next: next}
	next = &rewriteTransport{userAgent: n.options.UserAgent, host: r.Host, plain: r.PlainHTTP, mirror: mirror, next: next}
	if !n.options.Once {
		next = &answerTransport{circuits: n.circuits, next: next}
		next = &limitTransport{quota: quota, pace: r.pace, next: next}
	}
	next = &slotTransport{slots: r.slots, next: next}
	return &paceTransport{pace: r.pace, next: next}
}
