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
	// maxRetries is so large that of a hundred thousand requests none fails for
	// good where one answer in five is broken, and that the waits of a request
	// together are longer than a quarter of a minute.
	maxRetries = 9
	// A first contact is given up after so many connections without an answer, or
	// so much time. A registry that refuses at once may be there a moment later,
	// but every image waits.
	briefRetries = 5
	briefTime    = 25 * time.Second

	firstWait  = 100 * time.Millisecond
	maxOwnWait = 8 * time.Second  // if the registry does not ask for a wait
	maxWait    = 15 * time.Second // if the registry asks for one
)

// retryTransport sends a request again if it may come right by itself.
//
// go-retryablehttp does that. It copies a request several times, and so does the
// http.Client in it, which is a good part of what a run costs. So the first
// attempt is made here, and go-retryablehttp gets only what did not come right.
type retryTransport struct {
	brief   bool                // give up soon if nobody answers
	inVain  func(*url.URL) bool // whether what the URL leads to was given up
	trouble *trouble            // told what requests are sent again for
	next    http.RoundTripper
}

func (t *retryTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	began := time.Now()
	response, err := t.next.RoundTrip(request)
	if err == nil && response.StatusCode < http.StatusBadRequest {
		return response, nil
	}
	if words := troubleOf(request, response, err); words != "" {
		t.trouble.begin(words)
		defer t.trouble.end()
	}
	policy := &retryPolicy{brief: t.brief, began: began, inVain: func() bool { return t.inVain(request.URL) }}
	return policy.again(request, &resumedTransport{response: response, err: err, next: t.next})
}

// again has go-retryablehttp send a request whose first attempt was made. The
// client is for this one request, because its policy counts.
func (p *retryPolicy) again(request *http.Request, attempts *resumedTransport) (*http.Response, error) {
	request, err := rewound(request) // the first attempt has read its body
	if err != nil {
		return attempts.response, attempts.err
	}
	retrying := &retryablehttp.RoundTripper{Client: &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport: attempts,
			// go-retryablehttp would follow redirects itself, and take the
			// credential along to another port of the host.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:     maxRetries,
		RetryWaitMin: firstWait,
		RetryWaitMax: maxWait,
		CheckRetry:   p.shouldRetry,
		Backoff:      backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler, // keeps the registry's own words
	}}
	response, err := retrying.RoundTrip(request)
	if err != nil && response != nil {
		// go-retryablehttp may return both. net/http would complain of it on
		// standard error.
		response.Body.Close()
		return nil, err
	}
	return response, err
}

// resumedTransport sends the attempts of a request. The first of them was made
// before, and its outcome is given.
//
// It has no method CloseIdleConnections on purpose. go-retryablehttp calls that
// method after every failure, which would close the connections of all others.
type resumedTransport struct {
	response *http.Response
	err      error
	resumed  bool
	next     http.RoundTripper
}

func (t *resumedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if !t.resumed {
		t.resumed = true
		return t.response, t.err
	}
	return t.next.RoundTrip(request)
}

// retryPolicy decides about one request.
type retryPolicy struct {
	brief    bool
	began    time.Time
	failures int // connections that got no answer
	inVain   func() bool
}

func (p *retryPolicy) shouldRetry(ctx context.Context, response *http.Response, err error) (bool, error) {
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case p.inVain():
		return false, nil
	case err != nil:
		return p.shouldRetryError(ctx, response, err)
	case response.StatusCode == http.StatusRequestTimeout, response.StatusCode == http.StatusTooEarly:
		return true, nil
	case IsUnexplained(response): // a GET has to tell
		return false, nil
	}
	return retryablehttp.DefaultRetryPolicy(ctx, response, nil)
}

func (p *retryPolicy) shouldRetryError(ctx context.Context, response *http.Response, err error) (bool, error) {
	var noHost *net.DNSError
	switch {
	case errors.As(err, new(*spentError)), // the quotaTransport waits, if that is of use
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

// backoff returns how long to wait before the next attempt: as long as the
// registry asks, within reason, or else twice as long as before. The waits of
// requests that failed together differ, so that they do not come back together.
func backoff(least, most time.Duration, attempt int, response *http.Response) time.Duration {
	asked := response != nil && response.Header.Get("Retry-After") != ""
	if !asked {
		most = maxOwnWait
	}
	wait := min(retryablehttp.DefaultBackoff(least, most, attempt, response), most)
	if wait < 0 { // a Retry-After of centuries overflows
		wait = most
	}
	if asked {
		return wait + rand.N(wait/10+1)
	}
	return wait/2 + rand.N(wait/2+1)
}
