package registry

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// What is tried again, how often, and after what wait.

const (
	// mostRetries are so many that of a hundred thousand requests none fails for
	// good where one answer in five is broken, and that their waits outlast a
	// quarter of a minute.
	mostRetries = 9
	// Those of a first contact where nobody answers, and for how long they may go
	// on: who refuses at once may be there a moment later, but every image waits.
	briefRetries = 5
	briefTime    = 25 * time.Second

	firstWait   = 100 * time.Millisecond
	longestOwn  = 8 * time.Second  // where the registry does not ask for a wait
	longestWait = 15 * time.Second // where it does
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
	if b, ok := request.Context().Value(brieflyKey{}).(*brief); ok { // HTTPS and HTTP are tried side by side: each counts its own
		request = request.WithContext(context.WithValue(request.Context(), brieflyKey{}, &brief{began: b.began}))
	}
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
	return context.WithValue(ctx, brieflyKey{}, &brief{began: time.Now()})
}

// brief is a request that gives up soon.
type brief struct {
	began    time.Time
	failures int // connections that got no answer
}

// brieflyKey is the context key of a *brief.
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
		if b, ok := ctx.Value(brieflyKey{}).(*brief); ok {
			if b.failures++; b.failures > briefRetries || time.Since(b.began) >= briefTime {
				return false, nil
			}
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
