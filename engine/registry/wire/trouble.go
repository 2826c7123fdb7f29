package wire

import (
	"fmt"
	"net/http"
	"sync/atomic"
)

// trouble is what requests to a registry are sent again for, to be shown to who
// waits for them.
type trouble struct {
	requests atomic.Int64
	latest   atomic.Pointer[string]
}

func (t *trouble) begin(words string) {
	t.latest.Store(&words)
	t.requests.Add(1)
}

func (t *trouble) end() { t.requests.Add(-1) }

// words returns the latest trouble, "" if no request has any.
func (t *trouble) words() string {
	if t.requests.Load() == 0 {
		return ""
	}
	return *t.latest.Load()
}

// troubleOf returns what is wrong with the outcome of an attempt, if another
// attempt may come right, else "".
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
