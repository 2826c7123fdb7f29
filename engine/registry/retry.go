package registry

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// What is tried again, how often, and after what wait.

const (
	// mostRetries are so many that of a hundred thousand requests none fails for
	// good where one answer in five is broken, and that their waits outlast a
	// quarter of a minute.
	mostRetries  = 9
	briefRetries = 2
	firstWait    = 100 * time.Millisecond
	longestOwn   = 8 * time.Second  // where the registry does not ask for a wait
	longestWait  = 15 * time.Second // where it does
)

// bodyTries is how often what ended in a body that was cut short is done in
// all.
const bodyTries = 6

// retrying tries again what may come right by itself. It follows no redirect:
// a credential must not go where one leads.
func retrying(next http.RoundTripper, retries int) http.RoundTripper {
	return &either{&retryablehttp.RoundTripper{Client: &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     next,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:     retries,
		RetryWaitMin: firstWait,
		RetryWaitMax: longestWait,
		CheckRetry:   shouldRetry,
		Backoff:      backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler, // keeps the registry's own words
	}}}
}

// either returns a response or an error. go-retryablehttp may return both,
// which net/http says on standard error.
type either struct{ next http.RoundTripper }

func (e *either) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := e.next.RoundTrip(request)
	if err != nil && response != nil {
		response.Body.Close()
		return nil, err
	}
	return response, err
}

// briefly makes requests give up soon if nobody answers: whether anybody is
// there is asked for many images at once. An answer that asks for patience
// gets it.
func briefly(ctx context.Context) context.Context {
	return context.WithValue(ctx, brieflyKey{}, new(atomic.Int64))
}

// brieflyKey is the context key of an *atomic.Int64 of failed connections.
type brieflyKey struct{}

func shouldRetry(ctx context.Context, response *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if p, ok := ctx.Value(passageKey{}).(*passage); ok && p.vain() {
		return false, nil
	}
	if err != nil {
		var dns *net.DNSError
		var parked *parkedError
		if errors.As(err, &parked) {
			return parked.within(ctx), nil
		}
		for _, final := range []error{http.ErrSchemeMismatch, errLocation, errNoTurn, errSlowed} {
			if errors.Is(err, final) {
				return false, nil
			}
		}
		if errors.As(err, &dns) && dns.IsNotFound {
			return false, nil
		}
		if failures, ok := ctx.Value(brieflyKey{}).(*atomic.Int64); ok && failures.Add(1) > briefRetries {
			return false, nil
		}
		return retryablehttp.DefaultRetryPolicy(ctx, response, err)
	}
	switch {
	case response.StatusCode == http.StatusRequestTimeout, response.StatusCode == http.StatusTooEarly:
		return true, nil
	case saysNoMore(response): // a GET has to tell
		return false, nil
	}
	return retryablehttp.DefaultRetryPolicy(ctx, response, nil)
}

// backoff waits as long as the registry asks, within reason, else twice as
// long as before. It is spread, so that those who failed together do not come
// back together.
func backoff(least, most time.Duration, attempt int, response *http.Response) time.Duration {
	asked := response != nil && response.Header.Get("Retry-After") != ""
	if !asked {
		most = longestOwn
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

// tries is how often it is in this run.
func (c *Client) tries() int {
	if c.options.Once {
		return 1
	}
	return bodyTries
}

// uncut does again what ended in a body that was cut short.
func uncut[T any](ctx context.Context, tries int, do func() (T, error)) (T, error) {
	for try := 1; ; try++ {
		done, err := do()
		var cut *cutError
		if !errors.As(err, &cut) || try >= tries || ctx.Err() != nil {
			return done, err
		}
		timer := time.NewTimer(backoff(firstWait, longestWait, try-1, nil))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return done, err
		}
	}
}
