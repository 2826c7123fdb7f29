package registry

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// The way to the wire: connections, retries, and a note of every request.

// newTransport returns connections that live as long as the run needs them:
// many of them, to few hosts.
func newTransport(o Options) *http.Transport {
	dial := o.Dial
	proxy := http.ProxyFromEnvironment
	if dial != nil {
		proxy = nil
	} else {
		dial = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	return &http.Transport{
		Proxy:                 proxy,
		DialContext:           dial,
		TLSClientConfig:       &tls.Config{InsecureSkipVerify: o.Insecure, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: time.Minute, // a proxy cache may have to fetch first
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   o.Conns,
		IdleConnTimeout:       90 * time.Second,
	}
}

// wire sends a request as it is. It hides the transport's CloseIdleConnections,
// which go-retryablehttp calls after every failure, to everybody's cost.
//
// Here a registry's limits are kept, since every attempt counts.
type wire struct{ host *host }

func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	client, settings := w.host.client, w.host.settings
	leave, err := settings.enter(request.Context())
	if err != nil {
		return nil, err
	}
	client.requests.Add(1)
	call, _ := request.Context().Value(callKey{}).(*call)
	if call != nil {
		call.sent.Add(1)
	}
	request = request.Clone(request.Context())
	request.Header.Set("User-Agent", client.options.UserAgent)
	if settings.PlainHTTP && w.host.is(request.URL.Host) {
		request.URL.Scheme = "http"
	}
	started := time.Now()
	base := client.options.Transport
	if base == nil {
		base = settings.base
	}
	response, err := base.RoundTrip(request)
	if err == nil {
		response, err = checkLocation(response)
	}
	if err != nil {
		leave()
	} else {
		if call != nil && response.StatusCode >= http.StatusBadRequest {
			call.refused.Store(int64(response.StatusCode))
		}
		response.Body = &leaving{response.Body, leave}
	}
	if client.options.Log == nil {
		return response, err
	}
	exchange := Exchange{Method: request.Method, URL: redact(request.URL), Err: err, Duration: time.Since(started)}
	if err == nil {
		exchange.Status = response.StatusCode
	}
	client.options.Log(exchange)
	return response, err
}

// errNoTurn is a request that a registry's pace would let through too late.
var errNoTurn = fmt.Errorf("requests_per_second leaves it no turn before the %w", context.DeadlineExceeded)

// enter waits until the limits of a registry let a request through. leave
// makes room for the next.
func (c *configured) enter(ctx context.Context) (leave func(), err error) {
	if c.pace != nil {
		if err := c.pace.Wait(ctx); err != nil {
			return nil, cmp.Or(ctx.Err(), errNoTurn)
		}
	}
	if c.room == nil {
		return func() {}, nil
	}
	select {
	case c.room <- struct{}{}:
		return sync.OnceFunc(func() { <-c.room }), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// leaving is a body whose end makes room for the next request.
type leaving struct {
	io.ReadCloser
	leave func()
}

func (l *leaving) Close() error {
	defer l.leave()
	return l.ReadCloser.Close()
}

// errLocation is an answer that leads nowhere.
var errLocation = errors.New("the registry redirects to what is no URL")

// checkLocation refuses a redirect that net/http could not follow, since its
// error would show the whole of it, signatures included.
func checkLocation(response *http.Response) (*http.Response, error) {
	if _, err := url.Parse(response.Header.Get("Location")); err != nil {
		response.Body.Close()
		return nil, errLocation
	}
	return response, nil
}

// redact writes a URL without what may be secret: a redirect to a store of
// blobs carries a signature in its query.
func redact(u *url.URL) string {
	shown := *u
	shown.User = nil
	query := shown.Query()
	for name := range query {
		switch name {
		case "scope", "service", "n", "last", "artifactType":
		default:
			query.Set(name, "REDACTED")
		}
	}
	shown.RawQuery = query.Encode()
	return shown.String()
}

const (
	mostRetries  = 5
	briefRetries = 2
	firstWait    = 500 * time.Millisecond
	longestWait  = 15 * time.Second
)

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
	if err != nil {
		var dns *net.DNSError
		if errors.Is(err, http.ErrSchemeMismatch) || errors.Is(err, errLocation) || errors.Is(err, errNoTurn) || errors.As(err, &dns) && dns.IsNotFound {
			return false, nil
		}
		if failures, ok := ctx.Value(brieflyKey{}).(*atomic.Int64); ok && failures.Add(1) > briefRetries {
			return false, nil
		}
		return retryablehttp.DefaultRetryPolicy(ctx, response, err)
	}
	switch response.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooEarly:
		return true, nil
	}
	return retryablehttp.DefaultRetryPolicy(ctx, response, nil)
}

// backoff waits as long as the registry asks, within reason, else twice as
// long as before. It is spread, so that those who failed together do not come
// back together.
func backoff(least, most time.Duration, attempt int, response *http.Response) time.Duration {
	wait := min(retryablehttp.DefaultBackoff(least, most, attempt, response), most)
	if wait < 0 { // a Retry-After of centuries overflows
		wait = most
	}
	if response != nil && response.Header.Get("Retry-After") != "" {
		return wait + rand.N(wait/10+1)
	}
	return wait/2 + rand.N(wait/2+1)
}
