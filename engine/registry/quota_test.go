package registry_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/engine/registry"
	"mvrun/engine/registry/memory"
	"mvrun/validate"
)

// spent is Docker Hub's answer when the quota is spent.
const spent = `{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"}]}`

// limited answers 429 to every request for a manifest until a certain time. After that,
// next answers.
type limited struct {
	next   http.Handler
	header http.Header
	body   string
	heads  bool // whether HEAD requests are answered at any time

	mu    sync.Mutex
	until time.Time
	asked int
}

func (l *limited) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	manifest := strings.Contains(r.URL.Path, "/manifests/")
	if manifest {
		l.asked++
	}
	refuse := manifest && time.Now().Before(l.until) && !(l.heads && r.Method == http.MethodHead)
	l.mu.Unlock()
	if !refuse {
		l.next.ServeHTTP(w, r)
		return
	}
	maps.Copy(w.Header(), l.header)
	w.WriteHeader(http.StatusTooManyRequests)
	io.WriteString(w, l.body)
}

func (l *limited) times() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked
}

// If a registry says that the quota is spent, it gets no more requests until the quota
// comes back. The user gets one warning. Requests to other registries are still sent.
func TestQuotaSpent(t *testing.T) {
	for _, test := range []struct {
		name   string
		header http.Header
		body   string
		lasts  time.Duration
		words  string
	}{
		{"Docker Hub's words", nil, spent, 6 * time.Hour, "at the latest (429 Too Many Requests: TOOMANYREQUESTS You have reached your unauthenticated pull rate limit."},
		{"as plain text", nil, "toomanyrequests: You have reached your pull rate limit.", 6 * time.Hour, "toomanyrequests: You have reached"},
		{"with its window", http.Header{"Ratelimit-Remaining": {"0;w=3600"}}, "", time.Hour, "at the latest (429 Too Many Requests"},
		{"with its end", http.Header{"Retry-After": {"1800"}}, spent, 30 * time.Minute, "You have reached"},
		{"an end alone", http.Header{"Retry-After": {"1800"}}, "", 30 * time.Minute, "(429 Too Many Requests)"},
		{"a date", http.Header{"Retry-After": {"Sat, 01 Jan 2000 02:00:00 GMT"}}, "", 2 * time.Hour, "(429 Too Many Requests)"}, // bubbles begin in 2000
		{"GHCR's message", nil, `{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 20m30s, allowed: 44000/minute"}]}`, 20*time.Minute + 30*time.Second, "allowed: 44000/minute"},
		{"RateLimit-Reset", http.Header{"Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"900"}}, "", 15 * time.Minute, ""},
	} {
		for _, need := range []validate.Need{head, manifest} {
			t.Run(fmt.Sprintf("%s %d", test.name, need.Action), func(t *testing.T) {
				r, _, _ := filled()
				synctest.Test(t, func(t *testing.T) {
					l := &limited{next: r, header: test.header, body: test.body, until: time.Now().Add(test.lasts)}
					network, w := newPipes(), &warnings{}
					network.serve(t, hub+":443", l)
					network.serve(t, "other.example.com:443", r)
					c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Conns: 20, Warn: w.add})
					until := "until " + l.until.Format("15:04")
					if !l.until.Before(time.Date(2000, 1, 2, 0, 0, 0, 0, time.Local)) {
						until = "until " + l.until.Format("Jan 2 15:04")
					}
					words := test.words
					if need == head && test.header != nil {
						words = "(429 Too Many Requests" // the answer to a HEAD request has no message
					}
					started := time.Now()
					ask := func() {
						var readers sync.WaitGroup
						for range 20 {
							readers.Go(func() {
								ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
								defer cancel()
								_, _, err := c.Read(ctx, app(hub), need)
								wantError(t, err, validate.RateLimited, "the quota at "+hub, " is spent "+until, words)
							})
						}
						readers.Wait()
					}
					ask()
					ask()
					first := l.times()
					for range 50 {
						ask()
					}
					if took := time.Since(started); took > 0 { // by the clock of synctest
						t.Errorf("the images ended after %v", took)
					}
					if n := l.times(); n > first || first > 60 {
						t.Errorf("%d requests, and then %d", first, n-first)
					}
					w.want(t, " is spent "+until)
					read(t, c, app("other.example.com"), need)

					time.Sleep(test.lasts + time.Second)
					read(t, c, app(hub), need)
					w.want(t, " is spent ")
				})
			})
		}
	}
}

// An image waits for the quota if it comes back soon.
func TestQuotaSoonBack(t *testing.T) {
	r, _, _ := filled()
	synctest.Test(t, func(t *testing.T) {
		l := &limited{next: r, header: http.Header{"Retry-After": {"50"}}, body: spent, until: time.Now().Add(50 * time.Second)}
		network, w := newPipes(), &warnings{}
		network.serve(t, hub+":443", l)
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Conns: 20, Warn: w.add})
		var readers sync.WaitGroup
		for range 20 {
			readers.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
				defer cancel()
				if _, _, err := c.Read(ctx, app(hub), manifest); err != nil {
					t.Error(err)
				}
			})
		}
		readers.Wait()
		w.want(t, " is spent until ")
		if n := l.times(); n > 40 {
			t.Errorf("%d requests", n)
		}
		l.mu.Lock()
		l.until = time.Now().Add(time.Hour)
		l.mu.Unlock()

		// If the time of an image ends before the quota comes back, the image does not
		// wait. An image that waits can be cancelled.
		ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
		defer cancel()
		started := time.Now()
		_, _, err := c.Read(ctx, app(hub), manifest)
		wantError(t, err, validate.RateLimited, "is spent until ")
		if took := time.Since(started); took > 0 {
			t.Errorf("it ended after %v", took)
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, _, err := c.Read(ctx, app(hub), manifest); err == nil || time.Since(started) > time.Second {
			t.Errorf("got %v after %v", err, time.Since(started))
		}
	})
}

// At Docker Hub, HEAD requests do not count, and their answers say what is left of the
// quota. While the quota is spent, no GET request is sent, but HEAD requests are. When
// the answer to one of them says that there are pulls again, GET requests are sent, too.
func TestQuotaLearned(t *testing.T) {
	r, _, _ := filled()
	var left atomic.Int64
	seen := record(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if strings.Contains(request.URL.Path, "/manifests/") {
			w.Header().Set("ratelimit-limit", "100;w=21600")
			w.Header().Set("ratelimit-remaining", fmt.Sprintf("%d;w=21600", left.Load()))
		}
		r.ServeHTTP(w, request)
	}))
	synctest.Test(t, func(t *testing.T) {
		network, w := newPipes(), &warnings{}
		network.serve(t, hub+":443", seen)
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Warn: w.add})
		pull := func() error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, _, err := c.Read(ctx, app(hub), manifest)
			return err
		}
		read(t, c, app(hub), head)
		wantError(t, pull(), validate.RateLimited, "at the latest (ratelimit-remaining: 0;w=21600)")
		read(t, c, app(hub), head)
		wantError(t, pull(), validate.RateLimited, "is spent until")
		if n := len(seen.requests("GET /v2/library/")); n > 0 {
			t.Errorf("%d GETs were sent", n)
		}
		w.want(t, "is spent until")

		left.Store(1)
		read(t, c, app(hub), head)
		if err := pull(); err != nil {
			t.Error(err)
		}
		left.Store(0)
		if err := pull(); err != nil { // this is the last pull, and its answer says so
			t.Error(err)
		}
		wantError(t, pull(), validate.RateLimited)
	})
}

// In Harbor, a project may be a cache of Docker Hub. Its quota does not count for the
// other projects. Docker Hub itself has one quota for all projects.
func TestQuotaOfAProject(t *testing.T) {
	for _, test := range []struct {
		host   string
		others bool // whether other projects still get requests
	}{{"harbor.example.com", true}, {"docker.io", false}} {
		t.Run(test.host, func(t *testing.T) {
			r, _, _ := filled()
			r.PushImage("cache/app", "1", memory.Image{Platform: linux, Content: "app"})
			seen := record(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				if strings.HasPrefix(request.URL.Path, "/v2/cache/") {
					w.WriteHeader(http.StatusTooManyRequests)
					io.WriteString(w, spent)
					return
				}
				r.ServeHTTP(w, request)
			}))
			synctest.Test(t, func(t *testing.T) {
				network, w := newPipes(), &warnings{}
				network.serve(t, "harbor.example.com:443", seen)
				network.serve(t, "index.docker.io:443", seen)
				c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Warn: w.add})
				cached, other := app(test.host), app(test.host)
				cached.Source = test.host + "/cache/app"
				for range 3 {
					for _, need := range []validate.Need{manifest, head} {
						_, _, err := c.Read(t.Context(), cached, need)
						wantError(t, err, validate.RateLimited, "the quota at "+test.host, " is spent until ")
						_, _, err = c.Read(t.Context(), other, need)
						if (err == nil) != test.others {
							t.Errorf("another project: %v", err)
						}
					}
				}
				w.want(t, " is spent until ")
				if n := len(seen.requests("GET /v2/cache/")) + len(seen.requests("HEAD /v2/cache/")); n > 2 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// If a host to which the registry redirects says that a quota is spent, this does not
// count for the registry. A quota that comes back after a second does not count either.
func TestQuotaIgnored(t *testing.T) {
	r, _, config := filled()
	synctest.Test(t, func(t *testing.T) {
		network, w := newPipes(), &warnings{}
		network.serve(t, "store.example.com:443", http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			w.Header().Set("ratelimit-remaining", "0;w=21600")
			r.ServeHTTP(w, request)
		}))
		network.serve(t, hub+":443", http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			w.Header().Set("ratelimit-remaining", "0;w=1")
			if strings.Contains(request.URL.Path, "/blobs/") {
				w.Header().Del("ratelimit-remaining")
				http.Redirect(w, request, "https://store.example.com"+request.URL.Path, http.StatusTemporaryRedirect)
				return
			}
			r.ServeHTTP(w, request)
		}))
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Warn: w.add})
		for range 3 {
			read(t, c, app(hub), manifest)
			read(t, c, app(hub), blob(config))
		}
		w.want(t)
	})
}

// bucket is a registry that accepts rate requests per second, and refuses all others.
type bucket struct {
	next http.Handler
	rate float64

	mu             sync.Mutex
	level          float64
	last           time.Time
	taken, refused int
	closest        time.Duration // the shortest time between two requests
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v2/" && !b.take() {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	b.next.ServeHTTP(w, r)
}

func (b *bucket) take() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if !b.last.IsZero() {
		b.closest = min(b.closest, now.Sub(b.last))
	}
	b.level = min(b.rate, b.level+now.Sub(b.last).Seconds()*b.rate)
	b.last = now
	if b.level < 1 {
		b.refused++
		return false
	}
	b.level--
	b.taken++
	return true
}

// If a registry accepts only few requests per second, it soon gets about as many. No
// image fails, few requests are refused, and little time is lost. A limit of the script
// still counts.
func TestSlowDown(t *testing.T) {
	for _, test := range []struct {
		takes, allowed float64
		least, most    time.Duration // the limits for the time of 1000 requests
	}{
		{10, 0, 90 * time.Second, 180 * time.Second},
		{10, 20, 90 * time.Second, 180 * time.Second},
		{100, 0, 9 * time.Second, 30 * time.Second},
		{100, 5, 199 * time.Second, 201 * time.Second},
	} {
		t.Run(fmt.Sprintf("%v %v", test.takes, test.allowed), func(t *testing.T) {
			r, _, _ := filled()
			b := &bucket{next: r, rate: test.takes}
			synctest.Test(t, func(t *testing.T) {
				network, w := newPipes(), &warnings{}
				network.serve(t, hub+":80", b)
				c := newClient(t, registry.Options{Dial: network.dial, Conns: 20, Warn: w.add})
				if err := c.Configure(hub, registry.Settings{PlainHTTP: true, RequestsPerSecond: test.allowed}); err != nil {
					t.Fatal(err)
				}
				started := time.Now()
				var readers sync.WaitGroup
				for range 20 {
					readers.Go(func() {
						for range 50 {
							if _, _, err := c.Read(t.Context(), app(hub), head); err != nil {
								t.Error(err)
							}
						}
					})
				}
				readers.Wait()
				took := time.Since(started)
				t.Logf("%v, %d refused", took, b.refused)
				if took < test.least || took > test.most {
					t.Errorf("it took %v, want %v to %v", took, test.least, test.most)
				}
				if b.refused > 250 {
					t.Errorf("%d requests were refused for %d taken", b.refused, b.taken)
				}
				w.want(t)
			})
		})
	}
}

// After many accepted requests, the pace is as fast as before. A limit of the script
// still counts.
func TestSlowDownRecovers(t *testing.T) {
	for _, test := range []struct {
		allowed float64
		want    time.Duration // the time of 400 requests at the end
	}{{0, 0}, {20, 20 * time.Second}} {
		r, _, _ := filled()
		b := &bucket{next: r, rate: 10, closest: time.Hour}
		synctest.Test(t, func(t *testing.T) {
			network := newPipes()
			network.serve(t, hub+":80", b)
			c := newClient(t, registry.Options{Dial: network.dial, Conns: 20})
			if err := c.Configure(hub, registry.Settings{PlainHTTP: true, RequestsPerSecond: test.allowed}); err != nil {
				t.Fatal(err)
			}
			many := func() time.Duration {
				started := time.Now()
				var readers sync.WaitGroup
				for range 20 {
					readers.Go(func() {
						for range 20 {
							if _, _, err := c.Read(t.Context(), app(hub), head); err != nil {
								t.Error(err)
							}
						}
					})
				}
				readers.Wait()
				return time.Since(started)
			}
			if took := many(); took < 30*time.Second {
				t.Errorf("400 requests took %v, at 10 a second", took)
			}
			b.mu.Lock()
			b.rate = 1e6
			b.mu.Unlock()
			many()
			if took := many(); took.Round(100*time.Millisecond) != test.want { // by the clock of synctest
				t.Errorf("400 requests took %v, want %v", took, test.want)
			}
			if test.allowed > 0 && b.closest < 45*time.Millisecond { // less than 50 ms, because a change of pace makes one wait shorter
				t.Errorf("two requests came within %v, at 20 a second", b.closest)
			}
		})
	}
}

// An image that waits keeps a job busy that could validate images of another registry.
// So it does not wait for long, even if it has enough time.
func TestQuotaNoPatience(t *testing.T) {
	r, _, _ := filled()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		network.serve(t, hub+":443", &limited{next: r, header: http.Header{"Retry-After": {"90"}}, body: spent, until: time.Now().Add(90 * time.Second)})
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		started := time.Now()
		_, _, err := c.Read(ctx, app(hub), manifest)
		wantError(t, err, validate.RateLimited, "is spent until ")
		if took := time.Since(started); took > time.Second {
			t.Errorf("waited %v", took)
		}
		time.Sleep(90 * time.Second) // by the clock of synctest
		read(t, c, app(hub), manifest)
	})
}
