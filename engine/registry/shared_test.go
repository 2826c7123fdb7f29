package registry_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry"
	"mvrun/validate"
)

// blobStore is a registry that has one blob, whatever digest it is asked for. A repository may
// answer in a way of its own.
type blobStore struct {
	body []byte
	own  map[string]http.HandlerFunc // by "METHOD repository", or by "repository"

	mu    sync.Mutex
	asked []string // "METHOD repository" of each request for a blob
}

func (s *blobStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	repository, _, isBlob := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/blobs/")
	if !isBlob {
		return
	}
	asked := r.Method + " " + repository
	s.mu.Lock()
	s.asked = append(s.asked, asked)
	own := s.own[asked]
	if own == nil {
		own = s.own[repository]
	}
	body := s.body
	s.mu.Unlock()
	if own != nil {
		own(w, r)
		return
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.Write(body)
}

// requests returns the requests for blobs since the last call: "GET a, HEAD b".
func (s *blobStore) requests() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := strings.Join(s.asked, ", ")
	s.asked = nil
	return all
}

func (s *blobStore) set(body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.body = body
}

func notFound(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }

// in returns an image whose destination is a repository at host.
func in(host, repository string) imagelist.Image {
	return imagelist.Image{Source: host + "/source", Destination: host + "/" + repository, Tag: "1"}
}

// TestSharedBlobs reads the same blob for several repositories of a host, and shows which
// requests that takes.
func TestSharedBlobs(t *testing.T) {
	content := []byte("what is in a layer")
	packed := gzipped(content)
	right := validate.Fact{Digest: sha(packed), Size: int64(len(packed))}
	unpacked := validate.Fact{Digest: sha(packed), Size: int64(len(packed)), Format: "gzip", DiffID: sha(content)}
	other := []byte("other bytes")
	corrupt := validate.Fact{Digest: sha(other), Size: int64(len(other))}
	hash := validate.Need{Side: validate.Destination, Action: validate.HashBlob, Digest: sha(packed), Size: int64(len(packed))}
	unpack := hash
	unpack.Action = validate.UnpackLayer
	small := hash
	small.Size = 5
	source := hash
	source.Side = validate.Source
	type step struct {
		repository string
		need       validate.Need
		want       validate.Fact
		requests   string
	}
	answer := func(length string, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if length != "" {
				w.Header().Set("Content-Length", length)
			} else {
				w.(http.Flusher).Flush()
			}
			w.Write(body)
		}
	}
	for _, test := range []struct {
		name  string
		body  []byte
		own   map[string]http.HandlerFunc
		steps []step
	}{
		{"read once", packed, nil, []step{
			{"a", hash, right, "GET a"}, {"b", hash, right, "HEAD b"}, {"c", hash, right, "HEAD c"}, {"a", hash, right, "HEAD a"}}},
		{"unpacked once", packed, nil, []step{
			{"a", unpack, unpacked, "GET a"}, {"b", unpack, unpacked, "HEAD b"}, {"b", hash, right, "HEAD b"}}},
		{"unpacked after it was hashed", packed, nil, []step{
			{"a", hash, right, "GET a"}, {"b", unpack, unpacked, "GET b"}, {"c", unpack, unpacked, "HEAD c"}, {"c", hash, right, "HEAD c"}}},
		{"a repository that lost it", packed, map[string]http.HandlerFunc{"b": notFound}, []step{
			{"a", hash, right, "GET a"}, {"b", hash, validate.Fact{Missing: true}, "HEAD b, GET b"}, {"c", hash, right, "HEAD c"}}},
		{"the first repository lost it", packed, map[string]http.HandlerFunc{"a": notFound}, []step{
			{"a", hash, validate.Fact{Missing: true}, "GET a"}, {"b", hash, right, "GET b"}, {"c", hash, right, "HEAD c"}}},
		{"a wrong 404 to HEAD", packed, map[string]http.HandlerFunc{"HEAD b": notFound}, []step{
			{"a", hash, right, "GET a"}, {"b", hash, right, "HEAD b, GET b"}}},
		{"a HEAD without a size", packed, map[string]http.HandlerFunc{"HEAD b": answer("", nil)}, []step{
			{"a", hash, right, "GET a"}, {"b", hash, right, "HEAD b, GET b"}}},
		{"a HEAD with another size", packed, map[string]http.HandlerFunc{"b": answer("11", other)}, []step{
			{"a", hash, right, "GET a"}, {"b", hash, corrupt, "HEAD b, GET b, GET b"}, {"c", hash, right, "HEAD c"}}},
		{"corrupt, and then mended", other, nil, []step{
			{"a", hash, corrupt, "GET a, GET a"}, {"b", hash, corrupt, "HEAD b"}, {"c", hash, corrupt, "HEAD c"},
			{"b", hash, corrupt, "GET b, GET b"}, // validated again
			{"mend", hash, right, ""},
			{"c", hash, right, "GET c"}, {"d", hash, right, "HEAD d"}, {"a", hash, right, "HEAD a"}}},
		{"corrupt, and validated again where it was read", other, nil, []step{
			{"a", hash, corrupt, "GET a, GET a"}, {"a", hash, corrupt, "GET a, GET a"}}},
		{"corrupt, with the size that the registry has noted", other, map[string]http.HandlerFunc{"HEAD b": answer(fmt.Sprint(len(packed)), nil)}, []step{
			{"a", hash, corrupt, "GET a, GET a"}, {"b", hash, corrupt, "HEAD b"}}},
		{"corrupt, and another repository has other bytes", other, map[string]http.HandlerFunc{"b": answer("3", []byte("abc"))}, []step{
			{"a", hash, corrupt, "GET a, GET a"}, {"b", hash, validate.Fact{Digest: sha([]byte("abc")), Size: 3}, "HEAD b, GET b, GET b"}}},
		{"corrupt, and another repository lost it", other, map[string]http.HandlerFunc{"b": notFound}, []step{
			{"a", hash, corrupt, "GET a, GET a"}, {"b", hash, validate.Fact{Missing: true}, "HEAD b, GET b"}}},
		{"a manifest that lies about the size", packed, nil, []step{
			{"a", small, validate.Fact{Digest: sha(packed[:6]), Size: 6}, "GET a, GET a"}, {"b", hash, right, "GET b"}, {"c", small, right, "HEAD c"}}},
		{"the source", packed, nil, []step{
			{"a", hash, right, "GET a"}, {"b", source, right, "GET source"}, {"c", source, right, "GET source"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &blobStore{body: test.body, own: test.own}
			host := serve(t, s)
			c := newClient(t, registry.Options{SharedBlobs: true})
			for i, step := range test.steps {
				if step.repository == "mend" {
					s.set(packed)
					continue
				}
				fact := read(t, c, in(host, step.repository), step.need)
				if requests := s.requests(); !reflect.DeepEqual(fact, step.want) || requests != step.requests {
					t.Errorf("step %d, %s:\ngot  %+v (%s)\nwant %+v (%s)", i+1, step.repository, fact, requests, step.want, step.requests)
				}
			}
		})
	}
}

// TestSharedBlobsOf shows for which registries blobs are shared, and that different hosts
// and logins share none.
func TestSharedBlobsOf(t *testing.T) {
	body := []byte("a layer")
	need := validate.Need{Side: validate.Destination, Action: validate.HashBlob, Digest: sha(body), Size: int64(len(body))}
	for _, test := range []struct {
		name    string
		flag    bool
		fresh   bool
		setting *bool
		want    bool
	}{
		{"neither", false, false, nil, false},
		{"the flag", true, false, nil, true},
		{"the script", false, false, new(true), true},
		{"the script says no", true, false, new(false), false},
		{"a person at a prompt", true, true, new(true), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &blobStore{body: body}
			host := serve(t, s)
			c := newClient(t, registry.Options{SharedBlobs: test.flag, Fresh: test.fresh})
			if err := c.Configure(host, registry.Settings{SharedBlobs: test.setting}); err != nil {
				t.Fatal(err)
			}
			if got := c.SharesBlobs(in(host, "a")); got != test.want {
				t.Errorf("SharesBlobs is %t", got)
			}
			read(t, c, in(host, "a"), need)
			read(t, c, in(host, "b"), need)
			want := "GET a, GET b"
			if test.want {
				want = "GET a, HEAD b"
			}
			if got := s.requests(); got != want {
				t.Errorf("%s, want %s", got, want)
			}
			if got := c.HasSharedBlobs(); got != test.want {
				t.Errorf("HasSharedBlobs is %t", got)
			}
		})
	}
	t.Run("two names of one host", func(t *testing.T) {
		s := &blobStore{body: body}
		host := serve(t, s)
		c := newClient(t, registry.Options{SharedBlobs: true})
		for _, name := range []string{"one.example", "two.example"} {
			if err := c.Configure(name, registry.Settings{Endpoint: host}); err != nil {
				t.Fatal(err)
			}
			read(t, c, in(name, "a"), need)
		}
		if got := s.requests(); got != "GET a, GET a" {
			t.Error(got)
		}
	})
	t.Run("two logins", func(t *testing.T) {
		s := &blobStore{body: body}
		host := serve(t, s)
		folder := t.TempDir()
		t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(folder, "auth.json"))
		if err := os.WriteFile(filepath.Join(folder, "auth.json"), fmt.Appendf(nil, `{"auths":{%q:{"auth":"cm9ib3Q6cw=="},%q:{"auth":"cm9ib3Q6cw=="}}}`, host+"/one", host+"/two"), 0o600); err != nil {
			t.Fatal(err)
		}
		c := newClient(t, registry.Options{SharedBlobs: true})
		for _, repository := range []string{"one/a", "one/b", "two/a"} {
			read(t, c, in(host, repository), need)
		}
		if got := s.requests(); got != "GET one/a, HEAD one/b, GET two/a" {
			t.Error(got)
		}
	})
}

// TestSharedBlobsAtOnce shows what several images do that want the same blob at once: one
// of them reads it, and another one takes its place if it finds nothing out.
func TestSharedBlobsAtOnce(t *testing.T) {
	body := []byte("a layer")
	right := validate.Fact{Digest: sha(body), Size: int64(len(body))}
	need := validate.Need{Side: validate.Destination, Action: validate.HashBlob, Digest: sha(body), Size: int64(len(body))}
	for _, test := range []struct {
		name   string
		first  http.HandlerFunc // the answer to the first image, after the others have come; nil for the blob
		cancel bool             // the time of the first image is over
		others map[string]http.HandlerFunc
		want   map[string]validate.Fact
		gets   int
	}{
		{"the first one reads it", nil, false, nil, map[string]validate.Fact{"a": right, "b": right, "c": right}, 1},
		{"the first one's time is over", nil, true, nil, map[string]validate.Fact{"b": right, "c": right}, 2},
		{"the first one's repository lost it", notFound, false, nil, map[string]validate.Fact{"a": {Missing: true}, "b": right, "c": right}, 2},
		{"all but the last one lost it", notFound, false, map[string]http.HandlerFunc{"b": notFound}, map[string]validate.Fact{"a": {Missing: true}, "b": {Missing: true}, "c": right}, 3},
		{"the first one is refused", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, false, nil, map[string]validate.Fact{"b": right, "c": right}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				s := &blobStore{body: body, own: map[string]http.HandlerFunc{"a": func(w http.ResponseWriter, r *http.Request) {
					select {
					case <-release:
					case <-r.Context().Done():
					}
					if test.first != nil {
						test.first(w, r)
						return
					}
					w.Write(body)
				}}}
				maps.Copy(s.own, test.others)
				network := newPipes()
				network.serve(t, hub+":443", s)
				c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Conns: 100, SharedBlobs: true})
				first, cancel := context.WithCancel(t.Context())
				defer cancel()
				var images sync.WaitGroup
				for i, repository := range []string{"a", "b", "c"} {
					ctx := t.Context()
					if i == 0 {
						ctx = first
					}
					images.Go(func() {
						fact, _, err := c.Read(ctx, in(hub, repository), need)
						want, isFound := test.want[repository]
						if (err == nil) != isFound || !reflect.DeepEqual(fact, want) && isFound {
							t.Errorf("%s: got %+v, %v; want %+v", repository, fact, err, want)
						}
						if test.cancel && repository == "a" && !errors.Is(err, context.Canceled) {
							t.Errorf("the image whose time is over got %v", err)
						}
					})
					synctest.Wait() // until the image waits for its answer, or for another image
				}
				if got := s.requests(); got != "GET a" {
					t.Errorf("before the first answer: %s", got)
				}
				if test.cancel {
					cancel()
				} else {
					close(release)
				}
				images.Wait()
				if got := s.requests(); strings.Count(got, "GET ")+1 != test.gets {
					t.Errorf("%s after the first GET; want %d in all", got, test.gets)
				}
			})
		})
	}
}
