package registry_test

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"mvrun/engine/registry"
	"mvrun/validate"
)

// If no more bytes of a body come, the request is sent again. This happens long before
// the time of the image ends.
func TestReadStalled(t *testing.T) {
	r, pushed, config := filled()
	for _, need := range []validate.Need{manifest, blob(config), {Action: validate.HashBlob, Digest: config}} {
		for _, stalls := range []int{1, 6} {
			t.Run(fmt.Sprintf("%d %d", need.Action, stalls), func(t *testing.T) {
				var asked atomic.Int64
				handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
					if request.URL.Path == "/v2/" || asked.Add(1) > int64(stalls) {
						r.ServeHTTP(w, request)
						return
					}
					w.Header().Set("Content-Length", "1000")
					io.WriteString(w, `{"schemaVersion":`)
					w.(http.Flusher).Flush()
					<-request.Context().Done()
				})
				bubble(t, handler, func(t *testing.T, _ *pipes, c *registry.Client) {
					began := time.Now()
					fact, requests, err := c.Read(t.Context(), app(hub), need)
					if stalls == 6 {
						wantError(t, err, validate.Unreachable, "cut short 6 times", "no more of it came within 1m0s")
						wantRequests(t, requests, 6)
						return
					}
					if err != nil || fact.Digest != pushed.Digest && fact.Digest != config {
						t.Errorf("got %+v, %v", fact, err)
					}
					wantRequests(t, requests, 2)
					if took := time.Since(began); took > 2*time.Minute {
						t.Errorf("it took %v", took)
					}
				})
			})
		}
	}
}

// A slow body is read to its end.
func TestReadSlowly(t *testing.T) {
	r, pushed, _ := filled()
	handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		slow := &slowly{ResponseWriter: w}
		if request.URL.Path == "/v2/" {
			slow.pause = 0
		} else {
			slow.pause = 50 * time.Second
		}
		r.ServeHTTP(slow, request)
	})
	bubble(t, handler, func(t *testing.T, _ *pipes, c *registry.Client) {
		fact, requests, err := c.Read(t.Context(), app(hub), manifest)
		if err != nil || fact.Digest != pushed.Digest {
			t.Errorf("got %+v, %v", fact, err)
		}
		wantRequests(t, requests, 1)
	})
}

// slowly sends a body in four parts, with a pause before each.
type slowly struct {
	http.ResponseWriter
	pause time.Duration
}

func (s *slowly) Write(b []byte) (int, error) {
	for part := range 4 {
		s.ResponseWriter.(http.Flusher).Flush()
		time.Sleep(s.pause)
		if _, err := s.ResponseWriter.Write(b[part*len(b)/4 : (part+1)*len(b)/4]); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}
