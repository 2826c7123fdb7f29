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

// A registry whose bodies drip is given up after a few of them, so that its images do not
// keep others waiting. Its headers come at once. Later one request at a time finds out
// whether the bodies come again.
func TestReadDripping(t *testing.T) {
	r, pushed, _ := filled()
	var drips atomic.Bool
	var asked atomic.Int64
	drips.Store(true)
	handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.URL.Path != "/v2/" {
			asked.Add(1)
		}
		if request.URL.Path == "/v2/" || !drips.Load() {
			r.ServeHTTP(w, request)
			return
		}
		w.Header().Set("Content-Length", "1000")
		for request.Context().Err() == nil {
			io.WriteString(w, "x")
			w.(http.Flusher).Flush()
			time.Sleep(50 * time.Second)
		}
	})
	bubble(t, handler, func(t *testing.T, _ *pipes, c *registry.Client) {
		errs := make(chan error)
		for range 20 {
			go func() {
				_, _, err := c.Read(t.Context(), app(hub), manifest)
				errs <- err
			}()
		}
		began := time.Now()
		for range 20 {
			wantError(t, <-errs, validate.Unreachable, "the answer comes too slowly: fewer than 16 KiB of it came within 5m0s")
		}
		if took := time.Since(began); took > 6*time.Minute || asked.Load() != 20 {
			t.Errorf("took %v and %d requests", took, asked.Load())
		}
		for range 100 {
			_, _, err := c.Read(t.Context(), app(hub), manifest)
			wantError(t, err, validate.Unreachable, hub+" is down", "comes too slowly")
		}
		if n := asked.Load(); n != 20 {
			t.Errorf("%d requests were sent after the registry was given up", n-20)
		}
		drips.Store(false)
		time.Sleep(time.Minute)
		for range 10 {
			if fact := read(t, c, app(hub), manifest); fact.Digest != pushed.Digest {
				t.Errorf("got %+v", fact)
			}
		}
	})
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
