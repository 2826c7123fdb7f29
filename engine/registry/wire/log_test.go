package wire

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestLog shows how requests are counted, and what the log is told about them.
func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var count atomic.Int64
		var told []Exchange
		next := roundTripper(func(r *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			switch r.URL.Path {
			case "/refused":
				return nil, errRefused
			case "/missing":
				return answer(r, http.StatusNotFound, ""), nil
			}
			return answer(r, http.StatusOK, ""), nil
		})
		transport := &logTransport{count: &count, log: func(e Exchange) { told = append(told, e) }, next: next}
		ctx, call := NewCall(t.Context())
		for _, path := range []string{"/missing", "/refused", "/good?scope=a&X-Amz-Signature=s3cret"} {
			transport.RoundTrip(newRequest(t, http.MethodGet, "https://user:s3cret@r.example"+path).WithContext(ctx))
		}
		want := []Exchange{
			{"GET", "https://r.example/missing", 404, nil, time.Second},
			{"GET", "https://r.example/refused", 0, errRefused, time.Second},
			{"GET", "https://r.example/good?X-Amz-Signature=REDACTED&scope=a", 200, nil, time.Second},
		}
		for i, e := range told {
			if e != want[i] {
				t.Errorf("got %+v, want %+v", e, want[i])
			}
		}
		if len(told) != 3 || count.Load() != 3 || call.Requests() != 3 || call.Refused() != http.StatusNotFound {
			t.Errorf("%d told, %d counted, %d of the call, the last refusal %d", len(told), count.Load(), call.Requests(), call.Refused())
		}

		// A request needs neither a log nor a call. A call counts only its own requests.
		transport.log = nil
		transport.RoundTrip(newRequest(t, http.MethodGet, "https://r.example/good"))
		if count.Load() != 4 || call.Requests() != 3 {
			t.Errorf("%d counted, %d of the call", count.Load(), call.Requests())
		}
	})
}
