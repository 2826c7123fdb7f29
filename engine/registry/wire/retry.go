package wire

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	// maxRetries is large for two reasons. If one answer in five is broken, still
	// none of 100,000 requests should fail. And all waits of one request together
	// should be longer than 15 seconds.
	maxRetries = 9
	// briefRetries and briefTime limit the retries of the first request to a registry
	// if nobody answers. The limits are low, because every image waits for this
	// request.
	briefRetries = 5
	briefTime    = 25 * time.Second

	firstWait  = 100 * time.Millisecond
	maxOwnWait = 8 * time.Second  // the longest wait if the registry does not ask for one
	maxWait    = 15 * time.Second // the longest wait if the registry asks for one

	// maxObjectWait is the longest wait after a 5xx for one object while the registry
	// answers other requests well. All waits together then take less than 4 seconds. The
	// number of retries stays: it helps if one answer in five is broken by chance.
	maxObjectWait = 500 * time.Millisecond
)

// retryTransport sends a request again if another attempt may succeed.
//
// It uses go-retryablehttp. But that package, and the http.Client in it, copy each
// request several times, which takes a large part of the time of a run. So
// retryTransport makes the first attempt itself, and uses go-retryablehttp only if
// this attempt failed.
type retryTransport struct {
	brief     bool                // give up soon if nobody answers
	isGivenUp func(*url.URL) bool // whether the circuit breaker has given up the host of a URL
	objects   func(*url.URL) *failingObjects
	trouble   *trouble // shows why requests are sent again
	next      http.RoundTripper
}

func (t *retryTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	began := time.Now()
	objects := t.objects(request.URL)
	answers := objects.count()
	response, err := t.next.RoundTrip(request)
	if err == nil && response.StatusCode < http.StatusBadRequest {
		return response, nil
	}
	if words := troubleOf(request, response, err); words != "" {
		t.trouble.begin(words)
		defer t.trouble.end()
	}
	policy := &retryPolicy{
		brief: t.brief, began: began, isGivenUp: func() bool { return t.isGivenUp(request.URL) },
		exhausted:      objects.isExhausted(objectOf(request.URL)),
		othersAnswered: func() bool { return objects.hasAnswered(answers) },
	}
	return policy.retry(request, &replayTransport{response: response, err: err, next: t.next})
}

// retry sends a request again with go-retryablehttp, after its first attempt. It
// makes a client for this request alone, because retryPolicy counts the failures of
// one request.
func (p *retryPolicy) retry(request *http.Request, attempts *replayTransport) (*http.Response, error) {
	request, err := rewound(request) // the first attempt has read its body
	if err != nil {
		return attempts.response, attempts.err
	}
	retrying := &retryablehttp.RoundTripper{Client: &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport: attempts,
			// http.Client must not follow redirects: it would send the credential
			// to another port of the host, too.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:     maxRetries,
		RetryWaitMin: firstWait,
		RetryWaitMax: maxWait,
		CheckRetry:   p.shouldRetry,
		Backoff:      p.backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler, // keeps the message of the registry
	}}
	response, err := retrying.RoundTrip(request)
	if err != nil && response != nil {
		// go-retryablehttp may return a response and an error. If both were returned
		// here, net/http would write a warning to standard error.
		response.Body.Close()
		return nil, err
	}
	return response, err
}

// replayTransport returns the outcome of the first attempt when it is first called,
// because that attempt was made before. After that, it sends requests.
//
// It has no method CloseIdleConnections on purpose. go-retryablehttp would call that
// method after every failure, and so close the unused connections of all requests.
type replayTransport struct {
	response *http.Response
	err      error
	replayed bool
	next     http.RoundTripper
}

func (t *replayTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if !t.replayed {
		t.replayed = true
		return t.response, t.err
	}
	return t.next.RoundTrip(request.WithContext(context.WithValue(request.Context(), retryKey{}, true)))
}

// retryKey marks the context of a request that was sent before.
type retryKey struct{}

// isRetry reports whether a request was sent before, and failed.
func isRetry(ctx context.Context) bool { return ctx.Value(retryKey{}) != nil }

// retryPolicy decides whether one request is sent again.
type retryPolicy struct {
	brief     bool
	began     time.Time
	failures  int // how many attempts got no answer
	isGivenUp func() bool

	exhausted      bool        // whether earlier requests for the same object used up the retries of 5xx
	othersAnswered func() bool // whether the registry answered other requests well since this one began
}

func (p *retryPolicy) shouldRetry(ctx context.Context, response *http.Response, err error) (bool, error) {
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case p.isGivenUp():
		return false, nil
	case err != nil:
		return p.shouldRetryError(ctx, response, err)
	case response.StatusCode == http.StatusRequestTimeout, response.StatusCode == http.StatusTooEarly:
		return true, nil
	case p.exhausted && isBrokenServer(response.StatusCode):
		return false, nil
	case IsUnexplained(response): // the caller sends a GET request, whose answer says why
		return false, nil
	}
	return retryablehttp.DefaultRetryPolicy(ctx, response, nil)
}

func (p *retryPolicy) shouldRetryError(ctx context.Context, response *http.Response, err error) (bool, error) {
	var noHost *net.DNSError
	switch {
	case errors.As(err, new(*spentError)), // quotaTransport waits if waiting helps
		errors.As(err, new(lateError)),
		errors.Is(err, errLocation),
		errors.Is(err, http.ErrSchemeMismatch),
		errors.As(err, &noHost) && noHost.IsNotFound:
		return false, nil
	}
	if p.brief {
		if p.failures++; p.failures > briefRetries || time.Since(p.began) >= briefTime {
			return false, nil
		}
	}
	return retryablehttp.DefaultRetryPolicy(ctx, response, err)
}

// backoff returns how long to wait before the next attempt. The wait is short if the
// registry answers 5xx for this object alone.
func (p *retryPolicy) backoff(least, most time.Duration, attempt int, response *http.Response) time.Duration {
	if response != nil && isBrokenServer(response.StatusCode) && !asksForWait(response) && p.othersAnswered() {
		most = maxObjectWait
	}
	return backoff(least, most, attempt, response)
}

// backoff returns how long to wait before the next attempt. If the registry asks for
// a wait, backoff returns that wait, but not more than most. Otherwise each wait is
// twice as long as the one before. A random part makes the waits of requests differ.
// So requests that failed at the same time are sent again at different times.
func backoff(least, most time.Duration, attempt int, response *http.Response) time.Duration {
	asked := response != nil && asksForWait(response)
	if !asked {
		most = min(most, maxOwnWait)
	}
	wait := min(retryablehttp.DefaultBackoff(least, most, attempt, response), most)
	if wait < 0 { // a Retry-After of many centuries overflows
		wait = most
	}
	if asked {
		return wait + rand.N(wait/10+1)
	}
	return wait/2 + rand.N(wait/2+1)
}

// asksForWait reports whether an answer asks for a wait. Only these two statuses may.
func asksForWait(response *http.Response) bool {
	status := response.StatusCode
	return response.Header.Get("Retry-After") != "" && (status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable)
}
