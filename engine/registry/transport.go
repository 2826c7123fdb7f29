package registry

import (
	"context"
	"crypto/tls"
	"errors"
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
		DisableCompression:    true, // lengths and digests are of the bytes as they are stored
		MaxIdleConnsPerHost:   o.Conns,
		IdleConnTimeout:       90 * time.Second,
	}
}

// wire sends a request as it is. It hides the transport's CloseIdleConnections,
// which go-retryablehttp calls after every failure, to everybody's cost.
//
// Here a registry's limits are kept and learned, since every attempt counts.
type wire struct{ host *host }

func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	client, settings := w.host.client, w.host.settings
	leave, err := w.host.enter(request)
	if err != nil {
		return nil, err
	}
	settings.pace.count()
	client.requests.Add(1)
	call, _ := request.Context().Value(callKey{}).(*call)
	if call != nil {
		call.sent.Add(1)
	}
	plain := settings.PlainHTTP && w.host.is(request.URL.Host)
	if plain || request.UserAgent() != client.options.UserAgent { // of a library
		request = request.Clone(request.Context())
		request.Header.Set("User-Agent", client.options.UserAgent)
	}
	if plain {
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
	if p, ok := request.Context().Value(passageKey{}).(*passage); ok {
		p.judge(request.Context(), started, err)
	}
	if client.options.Log != nil {
		exchange := Exchange{Method: request.Method, URL: redact(request.URL), Err: err, Duration: time.Since(started)}
		if err == nil {
			exchange.Status = response.StatusCode
		}
		client.options.Log(exchange)
	}
	if err != nil {
		leave()
		return nil, err
	}
	if call != nil && response.StatusCode >= http.StatusBadRequest {
		call.refused.Store(int64(response.StatusCode))
	}
	response.Body = &leaving{response.Body, leave}
	if client.options.Once {
		return response, nil
	}
	if err := w.host.learn(request, response); err != nil {
		response.Body.Close()
		return nil, err
	}
	switch {
	case response.StatusCode != http.StatusTooManyRequests:
		settings.pace.fine(started)
	case !saysNoMore(response):
		settings.pace.tooMany(started)
	}
	return response, nil
}

// enter waits until the limits of a registry let a request through. leave
// makes room for the next.
func (h *host) enter(request *http.Request) (leave func(), err error) {
	ctx := request.Context()
	for {
		if err := h.awaitQuota(request); err != nil {
			return nil, err
		}
		if err := h.settings.pace.wait(ctx); err != nil {
			return nil, err
		}
		leave, err := h.settings.takeRoom(ctx)
		if err != nil || h.parked(request) == nil {
			return leave, err
		}
		leave() // what was learned while it waited
	}
}

// takeRoom waits until there is room among the requests under way.
func (c *configured) takeRoom(ctx context.Context) (leave func(), err error) {
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
	// mostRetries are so many that of a hundred thousand requests none fails for
	// good where one answer in five is broken.
	mostRetries  = 8
	briefRetries = 2
	firstWait    = 200 * time.Millisecond
	longestOwn   = 8 * time.Second  // where the registry does not ask for a wait
	longestWait  = 15 * time.Second // where it does
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

// bodyTries is how often what ended in a body that was cut short is done in
// all.
const bodyTries = 6

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
