package registry_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
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

// warnings collects a client's warnings about registries.
type warnings struct {
	mu   sync.Mutex
	said []string
}

func (w *warnings) add(message string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, message)
}

// want checks that there are as many warnings as words, and that each warning
// contains its words.
func (w *warnings) want(t *testing.T, words ...string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	ok := len(w.said) == len(words)
	for i := 0; ok && i < len(words); i++ {
		ok = strings.Contains(w.said[i], words[i])
	}
	if !ok {
		t.Errorf("the warnings are %q, want such as %q", w.said, words)
	}
	wantNoSecret(t, "warnings", strings.Join(w.said, "\n"))
}

// switched is a network whose registry can be taken down. While the registry is down,
// it refuses new connections. The connections that it has are cut.
type switched struct {
	*pipes
	down  atomic.Bool
	dials atomic.Int64 // the number of dials while the registry is down
	mu    sync.Mutex
	conns []net.Conn
}

func (s *switched) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if s.down.Load() && address == hub+":443" {
		s.dials.Add(1)
		return s.pipes.dial(ctx, network, "nobody:443")
	}
	conn, err := s.pipes.dial(ctx, network, address)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && address == hub+":443" {
		s.conns = append(s.conns, conn)
	}
	return conn, err
}

func (s *switched) take(down bool) {
	s.down.Store(down)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.conns {
		if down {
			conn.Close()
		}
	}
}

// outage runs a test with two registries. The one at hub can be taken down.
func outage(t *testing.T, test func(*testing.T, *switched, *registry.Client, *warnings)) {
	t.Helper()
	r, _, _ := filled()
	synctest.Test(t, func(t *testing.T) {
		s, w := &switched{pipes: newPipes()}, &warnings{}
		s.serve(t, hub+":443", r)
		s.serve(t, "other.example.com:443", r)
		test(t, s, newClient(t, registry.Options{Insecure: true, Dial: s.dial, Conns: 100, Warn: w.add}), w)
	})
}

// A registry goes down in the middle of a run. The client finds this out once, not
// anew for every image. It goes on to use other registries, and uses the registry
// again when it is back.
func TestDownInMidRun(t *testing.T) {
	outage(t, func(t *testing.T, s *switched, c *registry.Client, w *warnings) {
		read(t, c, app(hub), head)
		s.take(true)
		down := time.Now()
		for range 5 { // images, one after the other
			_, _, err := c.Read(t.Context(), app(hub), head)
			wantError(t, err, validate.Unreachable, "connection refused")
		}
		if took := time.Since(down); took > 2*time.Minute {
			t.Errorf("it took %v to find out", took)
		}
		w.want(t, hub+" is down: since ")

		found, before := time.Now(), s.dials.Load()
		for range 1000 {
			_, requests, err := c.Read(t.Context(), app(hub), head)
			wantError(t, err, validate.Unreachable, hub+" is down: since "+down.Format("15:04:05")+" it failed ", "connection refused")
			wantRequests(t, requests, 0)
		}
		if took := time.Since(found); took > 0 { // by synctest's clock
			t.Errorf("1000 more images took %v", took)
		}
		read(t, c, app("other.example.com"), head)
		if n := s.dials.Load() - before; n > 0 {
			t.Errorf("%d connections were tried at one moment", n)
		}

		// In the end the client tries the registry only about once a minute.
		before = s.dials.Load()
		for range 3600 {
			time.Sleep(time.Second) // moves synctest's clock
			_, _, err := c.Read(t.Context(), app(hub), head)
			wantError(t, err, validate.Unreachable)
		}
		if n := s.dials.Load() - before; n < 50 || n > 70 {
			t.Errorf("%d connections were tried in an hour, want about one a minute", n)
		}
		s.take(false)
		time.Sleep(time.Minute)
		read(t, c, app(hub), head)
		read(t, c, app(hub), head)
		w.want(t, " is down: ", hub+" answers again, after 1h")
	})
}

// A registry is down for a moment. The images that need it wait, and are not lost.
func TestDownForAMoment(t *testing.T) {
	for _, lasts := range []time.Duration{20 * time.Second, 27 * time.Second} {
		outage(t, func(t *testing.T, s *switched, c *registry.Client, w *warnings) {
			read(t, c, app(hub), head)
			s.take(true)
			time.AfterFunc(lasts, func() { s.take(false) })
			var readers sync.WaitGroup
			for i := range 100 {
				readers.Go(func() {
					time.Sleep(time.Duration(i) * 200 * time.Millisecond)
					if _, _, err := c.Read(t.Context(), app(hub), head); err != nil {
						t.Errorf("down for %v: %v", lasts, err)
					}
				})
			}
			readers.Wait()
			if n := s.dials.Load(); n > 400 {
				t.Errorf("%d connections were tried", n)
			}
			w.want(t, " is down: ", "answers again")
		})
	}
}

// Many requests that fail at the same moment are no outage yet.
func TestDownForLess(t *testing.T) {
	outage(t, func(t *testing.T, s *switched, c *registry.Client, w *warnings) {
		read(t, c, app(hub), head)
		s.take(true)
		time.AfterFunc(3*time.Second, func() { s.take(false) })
		var readers sync.WaitGroup
		for range 20 {
			readers.Go(func() {
				if _, _, err := c.Read(t.Context(), app(hub), head); err != nil {
					t.Error(err)
				}
			})
		}
		readers.Wait()
		w.want(t)
	})
}

// An image waits for a registry to come back. A cancelled context ends the wait.
func TestDownAndCancelled(t *testing.T) {
	outage(t, func(t *testing.T, s *switched, c *registry.Client, w *warnings) {
		read(t, c, app(hub), head)
		s.take(true)
		first := make(chan struct{})
		go func() {
			defer close(first)
			c.Read(t.Context(), app(hub), head)
		}()
		time.Sleep(14 * time.Second) // the circuit is open
		w.want(t, " is down: ")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err := c.Read(ctx, app(hub), head)
		wantError(t, err, validate.Timeout)
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if _, _, err := c.Read(ctx, app(hub), head); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		<-first
	})
}

// A registry that takes requests and never answers is down. This is so even if the
// time limit of each image is shorter than that of the request.
func TestDownHangs(t *testing.T) {
	var hangs atomic.Bool
	r, _, _ := filled()
	handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if hangs.Load() {
			<-request.Context().Done()
			return
		}
		r.ServeHTTP(w, request)
	})
	bubble(t, handler, func(t *testing.T, _ *pipes, c *registry.Client) {
		read(t, c, app(hub), head)
		hangs.Store(true)
		started := time.Now()
		down := 0
		for range 100 {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			_, _, err := c.Read(ctx, app(hub), head)
			if err == nil {
				t.Fatal("it answered")
			}
			if strings.Contains(err.Error(), "is down") {
				down++
			}
			cancel()
		}
		if took := time.Since(started); down < 90 || took > 5*time.Minute {
			t.Errorf("%d of 100 images ended as down, in %v", down, took)
		}
	})
}

// Any number of failures opens no circuit if there are answers between them.
func TestNotDown(t *testing.T) {
	r, _, _ := filled()
	for _, test := range []struct {
		name  string
		fault func(http.ResponseWriter)
	}{
		{"503", func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) }},
		{"cut", cut},
	} {
		t.Run(test.name, func(t *testing.T) {
			var asked atomic.Int64
			handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				if asked.Add(1)%5 == 0 {
					test.fault(w)
					return
				}
				r.ServeHTTP(w, request)
			})
			synctest.Test(t, func(t *testing.T) {
				network, w := newPipes(), &warnings{}
				network.serve(t, hub+":443", handler)
				c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Warn: w.add})
				for range 500 {
					read(t, c, app(hub), head)
				}
				w.want(t)
			})
		})
	}
}

// A repository that always fails does not mean that its registry is down. A project
// whose upstream is down does not mean that other projects are down.
func TestPartDown(t *testing.T) {
	r := memory.New()
	for _, repository := range []string{"team/app", "cache/app"} {
		r.PushImage(repository, "1", memory.Image{Platform: linux})
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if strings.Contains(request.URL.Path, "/cache/") || strings.Contains(request.URL.Path, "/broken/") {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		r.ServeHTTP(w, request)
	})
	image := func(repository string) imagelist.Image {
		return imagelist.Image{Source: hub + "/" + repository, Tag: "1"}
	}
	synctest.Test(t, func(t *testing.T) {
		network, w := newPipes(), &warnings{}
		network.serve(t, hub+":443", handler)
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Warn: w.add})
		for i := range 10 {
			_, _, err := c.Read(t.Context(), image(fmt.Sprintf("team/broken/%d", i)), head)
			wantError(t, err, validate.Unreachable, "502 Bad Gateway")
			read(t, c, image("team/app"), head)
		}
		w.want(t)
		for range 3 {
			_, requests, err := c.Read(t.Context(), image("cache/app"), head)
			wantError(t, err, validate.Unreachable, "502 Bad Gateway")
			wantRequests(t, requests, 10)
		}
		w.want(t, hub+"/cache is down: ")
		_, requests, err := c.Read(t.Context(), image("cache/app"), head)
		wantError(t, err, validate.Unreachable, hub+"/cache is down: ", "3 times in a row", "502 Bad Gateway")
		wantRequests(t, requests, 0)
		read(t, c, image("team/app"), head)
	})
}

// A registry answers with 503 for a while, for example because it restarts. A
// quarter of a minute costs no image. Half a minute costs few images. This is so for
// tags and for digests.
func TestBrokenForAMoment(t *testing.T) {
	r, pushed, _ := filled()
	child := validate.Need{Action: validate.HeadManifest, Digest: pushed.Digest}
	for _, test := range []struct {
		need  validate.Need
		lasts time.Duration
		most  int64 // the most images that may be lost
	}{{head, 14 * time.Second, 0}, {head, 27 * time.Second, 5}, {child, 14 * time.Second, 0}, {child, 27 * time.Second, 5}} {
		synctest.Test(t, func(t *testing.T) {
			breaks := time.Now().Add(time.Second)
			network := newPipes()
			network.serve(t, hub+":443", http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				if age := time.Since(breaks); strings.Contains(request.URL.Path, "/manifests/") && age >= 0 && age < test.lasts {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				r.ServeHTTP(w, request)
			}))
			c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Conns: 100})
			read(t, c, app(hub), test.need)
			time.Sleep(time.Until(breaks)) // moves synctest's clock
			var images sync.WaitGroup
			var lost atomic.Int64
			for range 20 { // 20 goroutines, each with 20 images one after the other
				images.Go(func() {
					for range 20 {
						if _, _, err := c.Read(t.Context(), app(hub), test.need); err != nil {
							lost.Add(1)
						}
					}
				})
			}
			images.Wait()
			if n := lost.Load(); n > test.most {
				t.Errorf("%+v: %v cost %d images, want no more than %d", test.need, test.lasts, n, test.most)
			}
		})
	}
}

// The pauses between probes grow. So a registry may be back although the last probe
// failed. If the registry has answered before, the client asks it once more before
// it gives up an image.
func TestLastChance(t *testing.T) {
	r, _, _ := filled()
	var away atomic.Bool
	bubble(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if away.Load() {
			cut(w)
			return
		}
		r.ServeHTTP(w, request)
	}), func(t *testing.T, _ *pipes, c *registry.Client) {
		read(t, c, app(hub), head)
		away.Store(true)
		time.AfterFunc(27*time.Second, func() { away.Store(false) }) // by synctest's clock
		var images sync.WaitGroup
		for range 20 {
			images.Go(func() {
				if _, _, err := c.Read(t.Context(), app(hub), head); err != nil {
					t.Error(err)
				}
			})
		}
		images.Wait()
	})
}
