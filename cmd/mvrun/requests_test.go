package main

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/engine/registry"
	"mvrun/engine/registry/memory"
	"mvrun/validate"
)

// These tests say how many requests each kind of pair costs. Few requests save pull
// quota, and time where the registry is far away. A test fails if there is one
// request more. From the depth blobs on, each image costs one HEAD request for the
// destination's tag more, because nodes send it, too.

// counting is a registry that counts its requests.
type counting struct {
	*memory.Registry
	host string

	mu    sync.Mutex
	asked map[string]int // by method and kind: "GET manifest"
}

func startCounting(t *testing.T) *counting {
	c := &counting{Registry: memory.New(), asked: map[string]int{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.host = strings.TrimPrefix(server.URL, "http://")
	return c
}

func (c *counting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, what := range []string{"manifest", "blob"} {
		if strings.Contains(r.URL.Path, "/"+what+"s/") {
			c.mu.Lock()
			c.asked[r.Method+" "+what]++
			c.mu.Unlock()
		}
	}
	c.Registry.ServeHTTP(w, r)
}

// reset forgets the requests so far.
func (c *counting) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.asked)
}

// String lists the requests: "2 GET manifest, 1 HEAD blob".
func (c *counting) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var shown []string
	for what, n := range c.asked {
		shown = append(shown, fmt.Sprintf("%d %s", n, what))
	}
	slices.SortFunc(shown, func(a, b string) int { return cmp.Compare(a[2:], b[2:]) })
	return strings.Join(shown, ", ")
}

// pushed is a kind of pair. Its images have two blobs each: a config and a
// layer.
type pushed struct {
	name string
	push func(source, destination *memory.Registry)
	want []wantRequests
}

type wantRequests struct {
	rules               validate.Rules
	depth               validate.Depth
	status              validate.Status
	source, destination string
}

const team = "team/app"

func TestRequests(t *testing.T) {
	three := []validate.Platform{amd64, arm64, s390x}
	for _, kind := range []pushed{
		{"an identical image", func(s, d *memory.Registry) {
			s.PushImage(team, "1", memory.Image{Platform: amd64, Content: "app"})
			d.PushImage(team, "1", memory.Image{Platform: amd64, Content: "app"})
		}, []wantRequests{
			{"content", "manifests", "pass", "1 HEAD manifest", "1 GET blob, 1 GET manifest"},
			{"content", "blobs", "pass", "1 HEAD manifest", "1 GET blob, 1 GET manifest, 1 HEAD blob, 1 HEAD manifest"},
			{"exact", "manifests", "pass", "1 HEAD manifest", "1 GET blob, 1 GET manifest"},
		}},
		{"an image in a list of one", func(s, d *memory.Registry) {
			s.PushImage(team, "1", memory.Image{Platform: amd64, Content: "app"})
			d.PushList(team, "1", validate.TypeDockerList, d.PushImage(team, "", memory.Image{Platform: amd64, Content: "app"}))
		}, []wantRequests{
			{"hangar", "manifests", "pass", "1 HEAD manifest", "1 GET blob, 2 GET manifest"},
			{"hangar", "blobs", "pass", "1 HEAD manifest", "1 GET blob, 2 GET manifest, 1 HEAD blob, 1 HEAD manifest"},
			{"content", "manifests", "pass", "1 HEAD manifest", "1 GET blob, 2 GET manifest"},
			{"content", "blobs", "pass", "1 HEAD manifest", "1 GET blob, 2 GET manifest, 1 HEAD blob, 1 HEAD manifest"},
		}},
		{"an identical list of three platforms", func(s, d *memory.Registry) {
			pushList(s, team, "1", "app", three...)
			pushList(d, team, "1", "app", three...)
		}, []wantRequests{
			{"hangar", "manifests", "pass", "1 HEAD manifest", "1 GET manifest, 3 HEAD manifest"},
			{"hangar", "blobs", "pass", "1 HEAD manifest", "4 GET manifest, 6 HEAD blob, 1 HEAD manifest"},
			{"content", "manifests", "pass", "1 HEAD manifest", "1 GET manifest, 3 HEAD manifest"},
			{"content", "blobs", "pass", "1 HEAD manifest", "4 GET manifest, 6 HEAD blob, 1 HEAD manifest"},
			{"exact", "manifests", "pass", "1 HEAD manifest", "1 GET manifest, 3 HEAD manifest"},
		}},
		{"a list trimmed to three platforms", func(s, d *memory.Registry) {
			pushList(s, team, "1", "app", append(three, validate.Platform{OS: "linux", Architecture: "ppc64le"})...)
			pushList(d, team, "1", "app", three...)
		}, []wantRequests{
			{"hangar", "manifests", "pass", "1 GET manifest, 1 HEAD manifest", "1 GET manifest, 3 HEAD manifest"},
			{"hangar", "blobs", "pass", "1 GET manifest, 1 HEAD manifest", "4 GET manifest, 6 HEAD blob, 1 HEAD manifest"},
			{"content", "manifests", "pass", "1 GET manifest, 1 HEAD manifest", "1 GET manifest, 3 HEAD manifest"},
		}},
		{"an image converted to Docker's types, in a list of one", func(s, d *memory.Registry) {
			s.PushList(team, "1", validate.TypeOCIIndex, s.PushImage(team, "", memory.Image{Platform: amd64, Content: "app", OCI: true}))
			d.PushList(team, "1", validate.TypeDockerList, d.PushImage(team, "", memory.Image{Platform: amd64, Content: "app"}))
		}, []wantRequests{
			{"hangar", "manifests", "pass", "2 GET manifest, 1 HEAD manifest", "2 GET manifest"},
			{"hangar", "blobs", "pass", "2 GET manifest, 1 HEAD manifest", "2 GET manifest, 2 HEAD blob, 1 HEAD manifest"},
			{"content", "manifests", "pass", "2 GET manifest, 1 HEAD manifest", "2 GET manifest"},
			{"content", "blobs", "pass", "2 GET manifest, 1 HEAD manifest", "2 GET manifest, 2 HEAD blob, 1 HEAD manifest"},
		}},
		{"a destination that is missing", func(s, d *memory.Registry) {
			pushList(s, team, "1", "app", three...)
		}, []wantRequests{
			{"hangar", "manifests", "fail", "1 GET manifest, 1 HEAD manifest", "1 GET manifest"},
			{"content", "blobs", "fail", "1 GET manifest, 1 HEAD manifest", "1 GET manifest, 1 HEAD manifest"},
		}},
		{"a list of another build", func(s, d *memory.Registry) {
			pushList(s, team, "1", "app, rebuilt", three...)
			pushList(d, team, "1", "app", three...)
		}, []wantRequests{
			{"hangar", "manifests", "fail", "1 GET manifest, 1 HEAD manifest", "1 GET manifest"},
			{"hangar", "blobs", "fail", "1 GET manifest, 1 HEAD manifest", "1 GET manifest, 1 HEAD manifest"},
			{"content", "manifests", "fail", "3 GET blob, 4 GET manifest, 1 HEAD manifest", "3 GET blob, 4 GET manifest"},
			{"exact", "manifests", "fail", "1 GET manifest, 1 HEAD manifest", "1 GET manifest"},
		}},
		{"a list whose registry lost one image", func(s, d *memory.Registry) {
			pushList(s, team, "1", "app", three...)
			d.Delete(team, pushList(d, team, "1", "app", three...)[1].Digest)
		}, []wantRequests{
			{"hangar", "manifests", "fail", "1 HEAD manifest", "2 GET manifest, 3 HEAD manifest"},
		}},
		{"a list whose digest is lost, while its tag answers", func(s, d *memory.Registry) {
			pushList(s, team, "1", "app", three...)
			list := d.PushList(team, "", validate.TypeDockerList, pushList(d, team, "1", "app", three...)...)
			d.Delete(team, list.Digest)
		}, []wantRequests{
			{"content", "manifests", "pass", "1 HEAD manifest", "1 GET manifest, 3 HEAD manifest"},
			{"content", "blobs", "fail", "1 GET manifest, 1 HEAD manifest", "2 GET manifest, 2 HEAD manifest"},
		}},
		{"a child whose size in the list is wrong", func(s, d *memory.Registry) {
			for _, r := range []*memory.Registry{s, d} {
				child := r.PushImage(team, "", memory.Image{Platform: amd64, Content: "app"})
				child.Size++
				r.PushList(team, "1", validate.TypeDockerList, child)
			}
		}, []wantRequests{
			{"hangar", "manifests", "fail", "1 HEAD manifest", "2 GET manifest, 1 HEAD manifest"},
		}},
	} {
		for _, want := range kind.want {
			t.Run(fmt.Sprintf("%s/%s/%s", kind.name, want.rules, want.depth), func(t *testing.T) {
				source, destination := startCounting(t), startCounting(t)
				kind.push(source.Registry, destination.Registry)
				client := registry.New(t.Context(), registry.Options{Anonymous: true})
				defer client.Close()
				run := engine.New(engine.Options{Registry: client, Jobs: 1, Timeout: time.Minute})
				task := run.Begin()
				image := imagelist.Image{Source: source.host + "/" + team, Destination: destination.host + "/" + team, Tag: "1"}
				result := task.Validate(t.Context(), &image, validate.Question{
					Arch: []string{"amd64", "arm64", "s390x"}, OS: []string{"linux"}, Rules: want.rules, Depth: want.depth})
				task.End()
				if _, err := run.Close(nil); err != nil {
					t.Error(err)
				}
				got := wantRequests{want.rules, want.depth, result.Status, source.String(), destination.String()}
				if got != want {
					t.Errorf("got  %q\nwant %q (%s)", got, want, result.Message)
				}
			})
		}
	}
}

// TestRequestsOfTags validates several tags of a repository that lead to the same
// images. mvrun asks for these images, and for the list of them, once.
func TestRequestsOfTags(t *testing.T) {
	source, destination := startCounting(t), startCounting(t)
	client := registry.New(t.Context(), registry.Options{Anonymous: true})
	defer client.Close()
	run := engine.New(engine.Options{Registry: client, Jobs: 5, Timeout: time.Minute})
	var tags sync.WaitGroup
	for _, tag := range []string{"1", "1.2", "1.2.3", "latest", "stable"} {
		pushList(source.Registry, team, tag, "app", amd64, arm64)
		pushList(destination.Registry, team, tag, "app", amd64, arm64)
		tags.Go(func() {
			task := run.Begin()
			defer task.End()
			image := imagelist.Image{Source: source.host + "/" + team, Destination: destination.host + "/" + team, Tag: tag}
			result := task.Validate(t.Context(), &image, validate.Question{Arch: []string{"amd64", "arm64"}, OS: []string{"linux"}, Rules: "hangar", Depth: "blobs"})
			if result.Status != validate.Pass {
				t.Errorf("%s: %s", tag, result.Message)
			}
		})
	}
	tags.Wait()
	if _, err := run.Close(nil); err != nil {
		t.Error(err)
	}
	if got, want := source.String(), "5 HEAD manifest"; got != want {
		t.Errorf("the source was asked for %s, want %s", got, want)
	}
	if got, want := destination.String(), "3 GET manifest, 4 HEAD blob, 5 HEAD manifest"; got != want {
		t.Errorf("the destination was asked for %s, want %s", got, want)
	}
}
