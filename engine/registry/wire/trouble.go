package wire

import (
	"fmt"
	"net/http"
	"sync/atomic"
)

// trouble knows why requests to a registry are being sent again. The log shows
// this while users wait.
type trouble struct {
	requests atomic.Int64           // how many requests are being sent again
	latest   atomic.Pointer[string] // the reason of the one that failed last
}

// begin notes that a request is sent again for a reason.
func (t *trouble) begin(reason string) {
	t.latest.Store(&reason)
	t.requests.Add(1)
}

// end notes that a request, for which begin was called, has its answer.
func (t *trouble) end() { t.requests.Add(-1) }

// reason returns the latest reason, or "" if no request is being sent again.
func (t *trouble) reason() string {
	if t.requests.Load() == 0 {
		return ""
	}
	return *t.latest.Load()
}

// troubleOf returns what went wrong in an attempt to send a request. It returns ""
// if nothing went wrong, or if another attempt would not help.
func troubleOf(request *http.Request, response *http.Response, err error) string {
	switch {
	case request.Context().Err() != nil:
		return ""
	case err != nil:
		return Readable(err.Error())
	case isBrokenServer(response.StatusCode), response.StatusCode == http.StatusTooManyRequests,
		response.StatusCode == http.StatusRequestTimeout, response.StatusCode == http.StatusTooEarly:
		return fmt.Sprintf("%d %s", response.StatusCode, http.StatusText(response.StatusCode))
	}
	return ""
}
