package wire

import (
	"context"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// logTransport counts every request, and logs it.
type logTransport struct {
	count   *atomic.Int64
	log     func(Exchange)       // nil means no log
	observe func(*http.Response) // nil means that nobody looks at answers
	next    http.RoundTripper
}

// Exchange is one HTTP request and its outcome. It holds no secret.
type Exchange struct {
	Method, URL string
	Status      int   // 0 if there was no answer
	Err         error // nil if there was an answer
	Duration    time.Duration
}

func (t *logTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	t.count.Add(1)
	call := callOf(request.Context())
	if call != nil {
		call.requests.Add(1)
	}
	started := time.Now()
	response, err := t.next.RoundTrip(request)
	if t.observe != nil && err == nil {
		t.observe(response)
	}
	if t.log != nil {
		exchange := Exchange{Method: request.Method, URL: redact(request.URL), Err: err, Duration: time.Since(started)}
		if err == nil {
			exchange.Status = response.StatusCode
		}
		t.log(exchange)
	}
	if err == nil && call != nil && response.StatusCode >= http.StatusBadRequest {
		call.refused.Store(int64(response.StatusCode))
	}
	return response, err
}

// redact returns a URL as text, without the parts that may be secret. For example,
// the URL of a blob after a redirect may have a signature in its query.
func redact(u *url.URL) string {
	shown := *u
	shown.User = nil
	query := shown.Query()
	for name := range query {
		switch name {
		case "scope", "service", "n", "last", "artifactType", "ns":
		default:
			query.Set(name, "REDACTED")
		}
	}
	shown.RawQuery = query.Encode()
	return shown.String()
}

// Call counts the requests that are sent for one call of a function of package
// registry, such as Client.Read. It does not count requests that several calls
// share, such as a request for a token.
//
// The Call is a value of the context, because the functions and links between the
// caller and logTransport do not need it. It is the only such value in this package.
type Call struct {
	requests atomic.Int64
	refused  atomic.Int64 // the last status that refused a request, or 0
}

type callKey struct{}

// NewCall returns a new Call, and a context whose requests the Call counts.
func NewCall(ctx context.Context) (context.Context, *Call) {
	call := &Call{}
	return context.WithValue(ctx, callKey{}, call), call
}

// callOf returns the Call of a context, or nil.
func callOf(ctx context.Context) *Call {
	call, _ := ctx.Value(callKey{}).(*Call)
	return call
}

// Requests returns how many requests were sent.
func (c *Call) Requests() int { return int(c.requests.Load()) }

// Refused returns the last status that refused a request, or 0 if no request was
// refused.
func (c *Call) Refused() int { return int(c.refused.Load()) }
