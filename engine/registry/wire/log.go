package wire

import (
	"context"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// logTransport counts every request, and tells the log of it.
type logTransport struct {
	count *atomic.Int64
	log   func(Exchange) // nil for no log
	next  http.RoundTripper
}

// Exchange is one HTTP request and what came of it. It holds no secret.
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

// redact writes a URL without what may be secret: a redirect to a store of blobs
// carries a signature in its query.
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

// Call notes the requests that are sent for one call of a caller. They may be
// several, one after the other or side by side. What several calls share, such
// as a request for a token, is not among them.
//
// A Call travels in a context, since it concerns neither the functions nor the
// links in between. Nothing else of this package does.
type Call struct {
	requests atomic.Int64
	refused  atomic.Int64
}

type callKey struct{}

// NewCall returns a context whose requests are noted in the Call.
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

// Refused returns the last status that refused a request, 0 if none did.
func (c *Call) Refused() int { return int(c.refused.Load()) }
