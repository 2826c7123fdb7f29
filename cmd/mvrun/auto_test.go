package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine"
	"mvrun/validate"
)

// This file simulates runs with -j auto, on a network and a clock in memory. So the times
// and the numbers of requests do not depend on the machine, which seems to have any
// number of processors. The tests log what they measure:
//
//	go test -v -run TestAuto ./cmd/mvrun

// simulation is a network of registries that have the same images.
type simulation struct {
	latency func(host string) time.Duration
	limits  map[string]*limiter // by host

	mu      sync.Mutex
	answers int // of the registry with a limit, if there is one
	refused int // how many of these were 429
}

// limiter is the limit of a registry. It refuses a request if take returns false.
type limiter struct {
	take       func(now time.Time) bool
	retryAfter string // the header of its answer 429; may be ""
}

// bucketOf accepts perSecond requests a second, and some more at once after a pause.
func bucketOf(perSecond, burst float64) func(time.Time) bool {
	level, last := burst, time.Time{}
	return func(now time.Time) bool {
		if !last.IsZero() {
			level = min(burst, level+now.Sub(last).Seconds()*perSecond)
		}
		last = now
		if level < 1 {
			return false
		}
		level--
		return true
	}
}

// windowOf accepts perSecond requests in each second of the clock.
func windowOf(perSecond int) func(time.Time) bool {
	second, n := int64(0), 0
	return func(now time.Time) bool {
		if s := now.Unix(); s != second {
			second, n = s, 0
		}
		n++
		return n <= perSecond
	}
}

// RoundTrip implements http.RoundTripper.
func (s *simulation) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(s.latency(r.URL.Host)):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	response := &http.Response{StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, Request: r}
	if r.URL.Path == "/v2/" {
		return response, nil
	}
	limit := s.limits[r.URL.Host]
	if limit != nil || len(s.limits) == 0 {
		s.answers++
	}
	if limit != nil && !limit.take(time.Now()) {
		s.refused++
		response.StatusCode = http.StatusTooManyRequests
		if limit.retryAfter != "" {
			response.Header.Set("Retry-After", limit.retryAfter)
		}
		return response, nil
	}
	body, list := manifestOf(r.URL.Path)
	response.Header.Set("Content-Type", validate.TypeDockerManifest)
	if list {
		response.Header.Set("Content-Type", validate.TypeDockerList)
	}
	response.Header.Set("Docker-Content-Digest", validate.Digest("sha256", []byte(body)))
	response.ContentLength = int64(len(body))
	if r.Method == http.MethodGet {
		response.Body = io.NopCloser(strings.NewReader(body))
	}
	return response, nil
}

// architectures are those of all images, with the digests of the images' manifests.
var architectures = map[string]string{
	"amd64": validate.Digest("sha256", []byte(childOf("amd64"))),
	"arm64": validate.Digest("sha256", []byte(childOf("arm64"))),
}

func childOf(arch string) string {
	return fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":2,"digest":%q},"layers":[]}`,
		validate.TypeDockerManifest, validate.Digest("sha256", []byte(arch)))
}

// manifestOf returns the manifest at a path. That of a tag is a list of two platforms.
func manifestOf(path string) (body string, list bool) {
	for arch, digest := range architectures {
		if strings.HasSuffix(path, digest) {
			return childOf(arch), false
		}
	}
	var children []string
	for _, arch := range []string{"amd64", "arm64"} {
		children = append(children, fmt.Sprintf(`{"mediaType":%q,"size":%d,"digest":%q,"platform":{"os":"linux","architecture":%q}}`,
			validate.TypeDockerManifest, len(childOf(arch)), architectures[arch], arch))
	}
	return fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"manifests":[%s]}`, validate.TypeDockerList, strings.Join(children, ",")), true
}

// finished is the sink that remembers when the last image of each source finished.
type finished map[string]time.Time

// Write implements engine.Sink.
func (f finished) Write(r *engine.Result) error {
	source, _, _ := strings.Cut(r.Image.Source, "/")
	f[source] = time.Now()
	if r.Status != validate.Pass {
		return errors.New(r.Message)
	}
	return nil
}

// run validates a list. It returns how long the images of each source took.
func (s *simulation) run(t *testing.T, list, jobs string, log io.Writer) map[string]time.Duration {
	took := map[string]time.Duration{}
	console := job.Console{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: log, LookupEnv: noEnv}
	config, err := configure([]string{"run", "validate.star", "-f", list, "-j", jobs, "-o", list + ".failed", "--progress", "never", "--tls-verify=false"}, console)
	if err != nil {
		t.Fatal(err)
	}
	ends := finished{}
	config.Network, config.Sinks = s, []engine.Sink{ends}
	config.Interrupts = func(context.CancelCauseFunc) func() { return func() {} }
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		status, err := job.Run(context.Background(), config)
		if err != nil || status != job.ExitOK {
			t.Errorf("-j %s: exit status %d, %v", jobs, status, err)
		}
		for source, end := range ends {
			took[source] = end.Sub(began)
			took[""] = max(took[""], took[source])
		}
	})
	return took
}

// listFile writes a list. Its images come in turn from the sources.
func listFile(t testing.TB, images int, sources ...string) string {
	var lines strings.Builder
	for i := range images {
		for _, source := range sources {
			fmt.Fprintf(&lines, "%s/team/app%d mirror.example/team/app%d 1.0\n", source, i, i)
		}
	}
	path := filepath.Join(t.TempDir(), "list.txt")
	write(t, path, lines.String())
	return path
}

// constantly returns a latency that all registries have.
func constantly(d time.Duration) func(string) time.Duration {
	return func(string) time.Duration { return d }
}

// best returns the time of the best of several fixed numbers of jobs.
func best(t *testing.T, list string, network func() *simulation, numbers ...string) (jobs string, took time.Duration) {
	for _, n := range numbers {
		if d := network().run(t, list, n, io.Discard)[""]; took == 0 || d < took {
			jobs, took = n, d
		}
	}
	return jobs, took
}

// TestAutoWithoutLimit shows that -j auto is not much slower than the best number, where
// each answer takes 40 ms.
func TestAutoWithoutLimit(t *testing.T) {
	skipShort(t, "simulated runs take seconds")
	list := listFile(t, 5000, "source.example")
	network := func() *simulation { return &simulation{latency: constantly(40 * time.Millisecond)} }
	jobs, least := best(t, list, network, "100", "256")
	s := network()
	took := s.run(t, list, "auto", io.Discard)[""]
	t.Logf("5000 images take %v with -j auto, and %v with -j %s: %.2f times as long", took, least, jobs, took.Seconds()/least.Seconds())
	if took > least*13/10 {
		t.Errorf("-j auto took %v, and -j %s %v", took, jobs, least)
	}
	if s.answers != 4*5000 {
		t.Errorf("%d requests", s.answers)
	}
}

// TestAutoWithLimit shows that -j auto is not much slower than the best number, and that
// few requests are refused, where a registry accepts 200 requests a second.
func TestAutoWithLimit(t *testing.T) {
	skipShort(t, "simulated runs take seconds")
	const images = 2000
	list := listFile(t, images, "source.example")
	for _, test := range []struct {
		name       string
		take       func() func(time.Time) bool
		latency    time.Duration
		retryAfter string
	}{
		{"20 more at once", func() func(time.Time) bool { return bucketOf(200, 20) }, 40 * time.Millisecond, ""},
		{"200 more at once, and it asks for a wait", func() func(time.Time) bool { return bucketOf(200, 200) }, 40 * time.Millisecond, "1"},
		{"200 in each second of the clock", func() func(time.Time) bool { return windowOf(200) }, 40 * time.Millisecond, ""},
		{"it answers soon", func() func(time.Time) bool { return bucketOf(200, 200) }, 2 * time.Millisecond, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			network := func() *simulation {
				return &simulation{latency: constantly(test.latency), limits: map[string]*limiter{"mirror.example": {test.take(), test.retryAfter}}}
			}
			jobs, least := best(t, list, network, "10", "100")
			s := network()
			took := s.run(t, list, "auto", io.Discard)[""]
			share := float64(s.refused) / float64(s.answers)
			t.Logf("%v with -j auto, and %v with -j %s: %.2f times as long; %d of %d answers are 429, %.1f %%",
				took, least, jobs, took.Seconds()/least.Seconds(), s.refused, s.answers, 100*share)
			if took > least*13/10 {
				t.Errorf("-j auto took %v, and -j %s %v", took, jobs, least)
			}
			if share >= 0.03 {
				t.Errorf("%d of %d answers are 429", s.refused, s.answers)
			}
		})
	}
}

// TestAutoBesideASlowRegistry shows that the images of a fast registry end about as early
// as without a slow one beside it, wherever in the list they are.
func TestAutoBesideASlowRegistry(t *testing.T) {
	network := &simulation{latency: func(host string) time.Duration {
		if host == "slow.example" {
			return time.Second
		}
		return 40 * time.Millisecond
	}}
	const images = 500
	alone := network.run(t, listFile(t, images, "fast.example"), "auto", io.Discard)["fast.example"]
	for _, list := range []string{
		listFile(t, images, "slow.example", "fast.example"),
		listFile(t, images, "fast.example", "slow.example"),
		joined(t, listFile(t, images, "slow.example"), listFile(t, images, "fast.example")),
	} {
		took := network.run(t, list, "auto", io.Discard)
		t.Logf("%v, and alone %v: %.2f times as long; the slow ones take %v", took["fast.example"], alone,
			took["fast.example"].Seconds()/alone.Seconds(), took["slow.example"])
		if took["fast.example"] > alone*13/10 {
			t.Errorf("the images of the fast registry took %v, and alone %v", took["fast.example"], alone)
		}
	}
}

// joined writes a list of the lines of several lists.
func joined(t *testing.T, paths ...string) string {
	var lines []byte
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, text...)
	}
	path := filepath.Join(t.TempDir(), "joined.txt")
	write(t, path, string(lines))
	return path
}
