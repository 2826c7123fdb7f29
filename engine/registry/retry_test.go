package registry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry"
	"mvrun/engine/registry/memory"
	"mvrun/validate"
)

// failing returns a handler that answers the first requests with fault, and all
// others with next.
func failing(times int, fault func(http.ResponseWriter), next http.Handler) http.Handler {
	var asked atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/" && asked.Add(1) <= int64(times) {
			fault(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func TestRetry(t *testing.T) {
	r, pushed, config := filled()
	answer := func(status int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { w.WriteHeader(status) }
	}
	for _, test := range []struct {
		name  string
		fault func(http.ResponseWriter)
	}{
		{"408", answer(http.StatusRequestTimeout)},
		{"425", answer(http.StatusTooEarly)},
		{"429", answer(http.StatusTooManyRequests)},
		{"500", answer(http.StatusInternalServerError)},
		{"502", answer(http.StatusBadGateway)},
		{"503", answer(http.StatusServiceUnavailable)},
		{"504", answer(http.StatusGatewayTimeout)},
		{"connection cut", cut},
	} {
		for _, need := range []validate.Need{head, manifest, blob(config)} {
			t.Run(fmt.Sprintf("%s %d", test.name, need.Action), func(t *testing.T) {
				bubble(t, failing(2, test.fault, r), func(t *testing.T, _ *pipes, c *registry.Client) {
					fact, requests, err := c.Read(t.Context(), app(hub), need)
					if err != nil || fact.Digest != pushed.Digest && fact.Digest != config {
						t.Errorf("got %+v, %v", fact, err)
					}
					if test.name == "connection cut" {
						return // net/http itself may send the request again, which the client does not count
					}
					wantRequests(t, requests, 3)
					wantRequests(t, c.Requests(), 4)
				})
			})
		}
	}
}

// corrupted returns a registry that answers 500 for one digest, as docker-registry and
// distribution do if the bytes of a manifest are corrupt.
func corrupted(next http.Handler, digest string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/"+digest) {
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, `{"errors":[{"code":"UNKNOWN","message":"unknown error"}]}`)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// A registry answers 500 for a corrupt manifest to which many tags lead. The manifest
// costs its retries once, and they are short while the registry answers others.
func TestRetryCorrupt(t *testing.T) {
	r, pushed, _ := filled()
	child := validate.Need{Action: validate.ReadManifest, Digest: pushed.Digest}
	r.PushImage("library/other", "1", memory.Image{Platform: linux})
	other := imagelist.Image{Source: hub + "/library/other", Tag: "1"}
	const words = "500 Internal Server Error: UNKNOWN unknown error"
	const alone = words + " (the registry answers other requests, so this object may be damaged in its storage: see the log of the registry)"
	image := func(t *testing.T, c *registry.Client, words string) {
		t.Helper()
		read(t, c, other, head)
		_, _, err := c.Read(t.Context(), app(hub), child)
		wantError(t, err, validate.Unreachable, words)
	}
	t.Run("one image after the other", func(t *testing.T) {
		w := &warnings{}
		synctest.Test(t, func(t *testing.T) {
			network := newPipes()
			network.serve(t, hub+":443", corrupted(r, pushed.Digest))
			c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Warn: w.add})
			image(t, c, words) // nothing else is answered meanwhile: the registry might be restarting
			began := time.Now()
			for range 100 {
				image(t, c, alone)
			}
			if took := time.Since(began); took > 0 { // by synctest's clock
				t.Errorf("100 more images took %v", took)
			}
			_, requests, err := c.Read(t.Context(), app(hub), child)
			wantError(t, err, validate.Unreachable, alone)
			wantRequests(t, requests, 1)
		})
		w.want(t)
	})
	t.Run("while others are answered", func(t *testing.T) {
		bubble(t, corrupted(r, pushed.Digest), func(t *testing.T, _ *pipes, c *registry.Client) {
			ctx, cancel := context.WithCancel(t.Context())
			var others sync.WaitGroup
			others.Go(func() {
				for ctx.Err() == nil {
					c.Read(ctx, other, head)
					time.Sleep(50 * time.Millisecond) // moves synctest's clock
				}
			})
			began := time.Now()
			_, requests, err := c.Read(t.Context(), app(hub), child)
			took := time.Since(began)
			cancel()
			others.Wait()
			wantError(t, err, validate.Unreachable, alone)
			wantRequests(t, requests, 10)
			if took > 4*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	})
}

func TestRetryConnectionAlwaysCut(t *testing.T) {
	bubble(t, ping(func(w http.ResponseWriter, _ *http.Request) { cut(w) }), func(t *testing.T, _ *pipes, c *registry.Client) {
		_, requests, err := c.Read(t.Context(), app(hub), manifest)
		wantError(t, err, validate.Unreachable, "EOF")
		if requests < 9 || requests > 12 { // with the probes that ask whether the registry is back, for half a minute
			t.Errorf("%d requests", requests)
		}
	})
}

// A request waits as long as the registry asks, within reason. If the registry does
// not ask, each wait is longer than the one before.
func TestRetryWaits(t *testing.T) {
	for _, test := range []struct {
		name, after string
		least, most time.Duration // the limits of the first wait
	}{
		{"at once", "0", 0, 0},
		{"as asked", "7", 7 * time.Second, 8 * time.Second},
		{"not as long as asked", "3600", 15 * time.Second, 17 * time.Second},
		{"not asked", "", 50 * time.Millisecond, 100 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, _, _ := filled()
			var at []time.Time
			handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				if request.URL.Path == "/v2/" {
					return
				}
				if at = append(at, time.Now()); len(at) > 2 {
					r.ServeHTTP(w, request)
					return
				}
				if test.after != "" {
					w.Header().Set("Retry-After", test.after)
				}
				w.WriteHeader(http.StatusServiceUnavailable)
			})
			bubble(t, handler, func(t *testing.T, _ *pipes, c *registry.Client) {
				read(t, c, app(hub), manifest)
				// synctest's clock stands still while a goroutine runs.
				if wait := at[1].Sub(at[0]); wait < test.least || wait > test.most {
					t.Errorf("waited %v, want %v to %v", wait, test.least, test.most)
				}
				if first, second := at[1].Sub(at[0]), at[2].Sub(at[1]); test.after == "" && second < first {
					t.Errorf("waited %v, then %v", first, second)
				}
			})
		})
	}
}

// Requests that failed together are not sent again together.
func TestRetrySpread(t *testing.T) {
	r, _, _ := filled()
	for _, after := range []string{"", "7"} {
		var mu sync.Mutex
		at := map[time.Time]int{}
		failed := 0
		handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if request.URL.Path != "/v2/" && failed < 20 {
				failed++
				w.Header().Set("Retry-After", after)
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			at[time.Now()]++
			r.ServeHTTP(w, request)
		})
		bubble(t, handler, func(t *testing.T, _ *pipes, c *registry.Client) {
			var readers sync.WaitGroup
			for range 20 {
				readers.Go(func() {
					if _, _, err := c.Read(t.Context(), app(hub), manifest); err != nil {
						t.Error(err)
					}
				})
			}
			readers.Wait()
			if len(at) < 10 {
				t.Errorf("Retry-After %q: 20 came back at %d moments", after, len(at))
			}
		})
	}
}

func TestRetryWaitEndsWithContext(t *testing.T) {
	handler := ping(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "10")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	bubble(t, handler, func(t *testing.T, _ *pipes, c *registry.Client) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		started := time.Now()
		_, requests, err := c.Read(ctx, app(hub), manifest)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if waited := time.Since(started); waited != 3*time.Second { // by synctest's clock
			t.Errorf("returned after %v", waited)
		}
		wantRequests(t, requests, 1)

		ctx, cancel = context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, _, err = c.Read(ctx, app(hub), manifest)
		wantError(t, err, validate.Timeout)
	})
}

// A request that fails does not close the connections of other requests.
func TestRetryKeepsConnections(t *testing.T) {
	r, _, _ := filled()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		g := newGate()
		handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			if strings.Contains(request.URL.Path, "/broken/") {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			if strings.Contains(request.URL.Path, "/manifests/") {
				mu.Lock()
				open := g
				mu.Unlock()
				<-open.open
			}
			r.ServeHTTP(w, request)
		})
		network := newPipes()
		network.serve(t, hub+":443", handler)
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Conns: 5})
		together := func() {
			var readers sync.WaitGroup
			for range 5 {
				readers.Go(func() {
					if _, _, err := c.Read(t.Context(), app(hub), manifest); err != nil {
						t.Error(err)
					}
				})
			}
			synctest.Wait() // until each reader has a connection
			close(g.open)
			readers.Wait()
			mu.Lock()
			g = newGate()
			mu.Unlock()
		}
		together()
		synctest.Wait() // until all connections are idle again
		before := network.dialed(hub + ":443")
		if before < 5 {
			t.Fatalf("%d connections", before)
		}

		broken := imagelist.Image{Source: hub + "/library/broken/app", Tag: "1"}
		_, _, err := c.Read(t.Context(), broken, manifest)
		wantError(t, err, validate.Unreachable, "503")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err = c.Read(ctx, broken, manifest)
		wantError(t, err, validate.Timeout)

		together()
		if after := network.dialed(hub + ":443"); after != before {
			t.Errorf("%d new connections", after-before)
		}
	})
}

// A registry is down from the beginning. The client finds this out once, not anew for
// every image. Later it asks the registry again, because it may be back.
func TestDeadRegistry(t *testing.T) {
	for _, test := range []struct {
		host  string
		first int // dials at first: six failures, or twice as many if the client also tries plain HTTP
		then  int // dials a minute later: one failure, or two if the client also tries plain HTTP
	}{
		{hub + ":443", 6, 1},
		{"127.0.0.1:443", 12, 2},
	} {
		t.Run(test.host, func(t *testing.T) {
			r, pushed, _ := filled()
			synctest.Test(t, func(t *testing.T) {
				network := newPipes()
				c := newClient(t, registry.Options{Dial: network.dial})
				try := func() {
					var readers sync.WaitGroup
					for i := range 20 {
						readers.Go(func() {
							image := imagelist.Image{Source: fmt.Sprintf("%s/library/app%d", test.host, i), Tag: "1"}
							_, requests, err := c.Read(t.Context(), image, head)
							wantError(t, err, validate.Unreachable, "connection refused", "is "+test.host+" up, and its port right?")
							wantRequests(t, requests, 0)
						})
					}
					readers.Wait()
				}
				try()
				wantRequests(t, network.dialed(test.host), test.first)
				try()
				wantRequests(t, network.dialed(test.host), test.first)

				time.Sleep(time.Minute) // moves synctest's clock
				try()
				wantRequests(t, network.dialed(test.host), test.first+test.then)
			})

			synctest.Test(t, func(t *testing.T) {
				network := newPipes()
				c := newClient(t, registry.Options{Insecure: true, Dial: network.dial})
				_, _, err := c.Read(t.Context(), app(test.host), head)
				wantError(t, err, validate.Unreachable)
				network.serve(t, test.host, r)
				time.Sleep(time.Minute)
				if fact := read(t, c, app(test.host), head); fact.Digest != pushed.Digest {
					t.Errorf("got %+v", fact)
				}
			})
		})
	}
}

// A short fault at the first contact costs no image.
func TestRetryPing(t *testing.T) {
	r, _, _ := filled()
	var asked atomic.Int64
	handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if asked.Add(1) <= 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		r.ServeHTTP(w, request)
	})
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		network.serve(t, "127.0.0.1:5000", handler)
		read(t, newClient(t, registry.Options{Dial: network.dial}), app("127.0.0.1:5000"), head)
	})
}

// Close leaves no goroutine behind. Neither a connection is left, nor a flight for
// which several callers waited.
func TestClose(t *testing.T) {
	r, _, config := filled()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		hanging := func(w http.ResponseWriter, request *http.Request) { <-request.Context().Done() }
		network.serve(t, hub+":443", &tokenRegistry{registry: r})
		network.serve(t, "127.0.0.1:5000", r)
		network.serve(t, "hangs.example.com:443", http.HandlerFunc(hanging))
		network.serve(t, "slow.example.com:443", ping(hanging))

		ctx, cancel := context.WithCancel(t.Context())
		c := registry.New(ctx, registry.Options{Insecure: true, Dial: network.dial, Conns: 10})
		var readers sync.WaitGroup
		for _, host := range []string{hub, "127.0.0.1:5000"} {
			for _, need := range []validate.Need{head, manifest, blob(config)} {
				readers.Go(func() { read(t, c, app(host), need) })
			}
		}
		short, stop := context.WithTimeout(t.Context(), 10*time.Second)
		defer stop()
		for _, host := range []string{"hangs.example.com", "slow.example.com", "nobody.example.com"} {
			readers.Go(func() {
				if _, _, err := c.Read(short, app(host), manifest); err == nil {
					t.Errorf("%s answered", host)
				}
			})
		}
		readers.Wait()
		synctest.Wait()
		if len(clientGoroutines()) == 0 {
			t.Fatal("no goroutine is found: this test proves nothing")
		}

		// The ping that hangs is still under way. Its callers have gone, but this does
		// not end the ping.
		closed := make(chan struct{})
		go func() {
			c.Close()
			close(closed)
		}()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("Close did not wait")
		default:
		}
		cancel()
		ended := time.Now()
		<-closed
		if waited := time.Since(ended); waited > 0 { // by synctest's clock
			t.Errorf("Close returned after %v", waited)
		}
		synctest.Wait()
		if left := clientGoroutines(); len(left) > 0 {
			t.Errorf("%d goroutines are left:\n%s", len(left), strings.Join(left, "\n\n"))
		}
	})
}

// clientGoroutines returns the stacks of all goroutines in synctest bubbles that
// belong to a client or to its connections.
func clientGoroutines() []string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var found []string
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		title, frames, _ := strings.Cut(stack, "\n")
		if strings.Contains(title, "bubble") && (strings.Contains(frames, "mvrun/engine/registry.") ||
			strings.Contains(frames, "mvrun/engine/registry/wire.") || strings.Contains(frames, "mvrun/engine/registry/access.") ||
			strings.Contains(frames, "http.(*Transport)") || strings.Contains(frames, "http.(*persistConn)") || strings.Contains(frames, "http.(*http2")) {
			found = append(found, stack)
		}
	}
	return found
}

// Every image waits for the first contact. If the first contact failed, all images
// would fail. So it must survive a few connections that are cut, and a registry that
// is just starting.
func TestRetryFirstContact(t *testing.T) {
	r, pushed, _ := filled()
	var asked atomic.Int64
	handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if asked.Add(1) <= 5 {
			cut(w)
			return
		}
		r.ServeHTTP(w, request)
	})
	bubble(t, handler, func(t *testing.T, _ *pipes, c *registry.Client) {
		if fact, _, err := c.Read(t.Context(), app(hub), manifest); err != nil || fact.Digest != pushed.Digest {
			t.Errorf("got %+v, %v", fact, err)
		}
	})
}
