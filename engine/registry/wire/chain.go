package wire

import "net/http"

// Way is how one user's requests travel to one registry.
//
// A request passes through these links, in this order. The three links marked
// with a star are for requests that read from a repository; the requests for
// tokens and the first contact with a registry skip them.
//
//   - quota: a request that the registry would refuse, because the quota of its
//     user is spent, waits here. It waits first, so that it gets no token in vain.
//   - authorization*: the request gets the user's token or password. It gets a new
//     token if the registry refuses the old one, so every link below is passed again.
//   - redirect*: the request follows the answer to where the registry's blobs are.
//     The link is below authorization, because it takes the credential away there.
//   - circuit breaker: requests to a registry that is down wait until it is back, or
//     fail at once. This is above retry: one request has its retries, then tells.
//   - retry: what may come right by itself is sent again. All links below see every
//     attempt, since each attempt counts at the registry.
//   - pace: the request waits for its turn, if the registry gets only so many requests
//     in a second. It does not yet take one of the slots, which others could use.
//   - slot: the request waits until fewer are under way than the registry may have. It
//     keeps its slot until its body was read, since the connection is busy until then.
//   - limit: the answer tells what is left of the quota, and whether we are too fast.
//     The link is below both waits: what was learned meanwhile stops a request here.
//   - answer: the circuit breaker is told whether somebody answered. Only here it is
//     known how long that took, without the waits above.
//   - rewrite: the request becomes what is really sent: with our User-Agent, and over
//     plain HTTP if the registry's settings say so. The log is to show that.
//   - log: every request is counted, and told to the log. Nothing above is a request
//     yet, and nothing below it is another one.
//   - location: a redirect to a broken URL ends here. net/http would put the URL, with
//     its signature, into the words of its error.
//   - silence: a body of which no more comes is cut off. net/http would wait for it
//     forever.
//   - connections: an http.Transport, or what stands in for the network in a test.
//
// Options.Once leaves out the links that hold back, send again or learn: circuit
// breaker, retry, limit, answer.
type Way struct {
	// Requests sends requests for a path of a repository, with authorization.
	// It follows redirects.
	Requests http.RoundTripper
	// Contact sends requests without authorization. It gives up soon if nobody
	// answers: many images wait to know whether the registry is there.
	Contact http.RoundTripper

	registry *Registry
	quota    *quota
}

// NewWay returns the way of a user's requests to the registry.
func (r *Registry) NewWay(user Authorizer) *Way {
	quota := newQuota(r.Target, user.Redact, r.network.options.Warn)
	attempt := r.attempt(quota)
	patient, brief := attempt, attempt
	if !r.network.options.Once {
		patient, brief = r.retried(attempt, false), r.retried(attempt, true)
	}
	return &Way{
		Requests: &quotaTransport{quota: quota, next: &authorizationTransport{
			user:   user,
			next:   &redirectTransport{next: patient},
			tokens: &wholeTransport{tries: r.network.Tries(), next: &quotaTransport{quota: quota, next: patient}},
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
		next:     &retryTransport{brief: brief, inVain: circuits.givenUp, trouble: &r.trouble, next: attempt},
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
