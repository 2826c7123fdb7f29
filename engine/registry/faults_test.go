package registry_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/engine/registry"
	"mvrun/engine/registry/memory"
	"mvrun/validate"
)

// These tests are whole runs through a bad network. A handler makes the faults. A
// proxy such as toxiproxy could not make them, for two reasons. It knows connections
// but no answers, so it cannot send a 429 or break one answer in five. And it needs
// real sockets, where waits take real time.

// faulty breaks one answer in five. The seed decides which answers. With the seed 0
// faulty breaks none.
type faulty struct {
	next http.Handler
	seed int

	mu     sync.Mutex
	asked  map[string]int // by method and path
	faults map[string]int // by kind of fault
}

// latency makes synctest's clock move on, so that tokens age.
const latency = 20 * time.Millisecond

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(latency)
	switch f.fault(r) {
	case "503":
		w.WriteHeader(http.StatusServiceUnavailable)
	case "429":
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	case "cut before the answer":
		cut(w)
	case "cut in the headers":
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: appl")
		conn.Close()
	case "cut in the body":
		answer := httptest.NewRecorder()
		f.next.ServeHTTP(answer, r)
		body := answer.Body.Bytes()
		if r.Method == http.MethodHead || len(body) == 0 {
			cut(w)
			return
		}
		maps.Copy(w.Header(), answer.Header())
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.WriteHeader(answer.Code)
		w.Write(body[:len(body)/2])
		w.(http.Flusher).Flush()
		cut(w)
	default:
		f.next.ServeHTTP(w, r)
	}
}

func (f *faulty) fault(r *http.Request) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	what := r.Method + " " + r.Host + r.URL.String()
	f.asked[what]++
	sum := fnv.New64a()
	fmt.Fprint(sum, f.seed, " ", what, " ", f.asked[what])
	n := (sum.Sum64() ^ sum.Sum64()>>32) % 25
	if f.seed == 0 || n >= 5 {
		return ""
	}
	kind := []string{"503", "cut in the headers", "cut in the body", "429", "cut before the answer"}[n]
	f.faults[kind]++
	return kind
}

// One answer in five is broken, and tokens live for two seconds. All the same every
// equal pair passes, and every wrong pair fails. None "could not be checked".
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: runs through a bad network take seconds")
	}
	mirror := newMirror()
	for _, q := range []validate.Question{
		{Rules: validate.Hangar, Depth: validate.Manifests},
		{Rules: validate.Content, Depth: validate.Data},
	} {
		q.Arch, q.OS = []string{"amd64", "arm64"}, []string{"linux"}
		t.Run(fmt.Sprintf("%s %s", q.Rules, q.Depth), func(t *testing.T) {
			undisturbed, _ := mirror.run(t, 0, q)
			for seed := 1; seed <= 3; seed++ {
				took, asked := mirror.run(t, seed, q) // both by synctest's clock
				least := undisturbed + asked/jobs
				t.Logf("with seed %d it took %v: %.1f times the undisturbed time, and %.1f times that with the waits that were asked for",
					seed, took, took.Seconds()/undisturbed.Seconds(), took.Seconds()/least.Seconds())
				if took > 5*least/2 {
					t.Errorf("with seed %d it took %v; %v undisturbed, and the registries asked for waits of %v", seed, took, undisturbed, asked)
				}
			}
		})
	}
}

// mirror is two registries with two hundred images, some of them wrong.
type mirror struct {
	source, destination *memory.Registry
	images              []imagelist.Image
	wrong               map[string]validate.Reason // from the source of a wrong image to the reason under the rules "hangar"
}

func newMirror() *mirror {
	m := &mirror{memory.New(), memory.New(), nil, map[string]validate.Reason{}}
	for i := range 200 {
		repository := fmt.Sprintf("team%d/app%d", i%7, i)
		push := func(r *memory.Registry, content string) (children []memory.Descriptor) {
			for _, architecture := range []string{"amd64", "arm64"} {
				platform := validate.Platform{OS: "linux", Architecture: architecture}
				children = append(children, r.PushImage(repository, "", memory.Image{Platform: platform, Content: content + architecture}))
			}
			r.PushList(repository, "1", validate.TypeDockerList, children...)
			return children
		}
		image := imagelist.Image{List: "list", Number: i + 1, Source: "source.example.com/" + repository, Destination: "mirror.example.com/" + repository, Tag: "1"}
		m.images = append(m.images, image)
		push(m.source, repository)
		switch i % 10 {
		case 3:
			m.wrong[image.Source] = validate.DestinationMissing
		case 6:
			push(m.destination, "another "+repository)
			m.wrong[image.Source] = validate.DigestDiffers
		case 9:
			m.destination.Delete(repository, push(m.destination, repository)[1].Digest)
			m.wrong[image.Source] = validate.ChildMissing
		default:
			push(m.destination, repository)
		}
	}
	return m
}

const jobs = 20

// run validates all images. It returns the time that this took, and the sum of the
// waits that the registries asked for.
func (m *mirror) run(t *testing.T, seed int, q validate.Question) (took, asked time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		servers := map[string]*tokenRegistry{
			"source.example.com": {registry: m.source, lives: 2, mortal: true},
			"mirror.example.com": {registry: m.destination, lives: 2, mortal: true},
		}
		f := &faulty{seed: seed, asked: map[string]int{}, faults: map[string]int{}}
		f.next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { servers[r.Host].ServeHTTP(w, r) })
		network, said := newPipes(), &warnings{}
		for host := range servers {
			network.serve(t, host+":443", f)
		}
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Conns: 4 * jobs, Warn: said.add})
		e := engine.New(engine.Options{Registry: c, Jobs: jobs, Timeout: 10 * time.Minute, Stop: func(err error) { t.Error(err) }})
		started, left := time.Now(), m.images
		next := func(context.Context) (imagelist.Image, error) {
			if len(left) == 0 {
				return imagelist.Image{}, io.EOF
			}
			image := left[0]
			left = left[1:]
			return image, nil
		}
		err := engine.Each(t.Context(), jobs, next, func(ctx context.Context, _ int, image imagelist.Image) error {
			task := e.Begin()
			defer task.End()
			result := task.Validate(ctx, &image, q)
			status, reason := validate.Pass, m.wrong[image.Source]
			if reason != "" {
				status = validate.Fail
			}
			if result.Status != status || q.Rules == validate.Hangar && result.Reason != reason {
				t.Errorf("seed %d: %s: %s %s (%s), want %s %s", seed, image.Source, result.Status, result.Reason, result.Message, status, reason)
			}
			return nil
		})
		took, asked = time.Since(started), time.Duration(f.faults["429"])*time.Second
		if _, closing := e.Close(nil); err != nil || closing != nil {
			t.Error(err, closing)
		}
		said.want(t) // the client took no registry for down, and no quota for spent
		if seed > 0 && len(f.faults) < 5 {
			t.Errorf("the faults were %v: this test proves nothing", f.faults)
		}
		t.Logf("seed %d: %v, %d requests, faults %v", seed, took, c.Requests(), f.faults)
	})
	return took, asked
}
