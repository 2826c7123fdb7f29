package registry_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry"
	"mvrun/engine/registry/memory"
	"mvrun/validate"
)

func TestRead(t *testing.T) {
	source, destination := memory.New(), memory.New()
	single := source.PushImage("library/app", "1", memory.Image{Platform: validate.Platform{Architecture: "arm64", OS: "linux", Variant: "v8"}, Content: "app", OCI: true})
	child := destination.PushImage("mirror/app", "", memory.Image{Platform: linux, Content: "app"})
	list := destination.PushList("mirror/app", "1", validate.TypeDockerList, child)
	config := configOf(source, "library/app", single.Digest)

	image := imagelist.Image{Source: serve(t, source) + "/library/app", Destination: serve(t, destination) + "/mirror/app", Tag: "1"}
	c := newClient(t, registry.Options{})
	for _, test := range []struct {
		name string
		need validate.Need
		want func(validate.Fact) bool
	}{
		{"source head", validate.Need{Side: validate.Source, Action: validate.HeadManifest},
			func(f validate.Fact) bool {
				return reflect.DeepEqual(f, validate.Fact{Digest: single.Digest, Size: int64(single.Size)})
			}},
		{"source manifest", validate.Need{Side: validate.Source, Action: validate.ReadManifest}, func(f validate.Fact) bool {
			return f.Digest == single.Digest && f.Manifest.MediaType == validate.TypeOCIManifest && f.Manifest.Config.Digest == config
		}},
		{"source config", validate.Need{Side: validate.Source, Action: validate.ReadConfig, Digest: config}, func(f validate.Fact) bool {
			return f.Digest == config && f.Config.Platform == *single.Platform
		}},
		{"destination head", validate.Need{Side: validate.Destination, Action: validate.HeadManifest},
			func(f validate.Fact) bool {
				return reflect.DeepEqual(f, validate.Fact{Digest: list.Digest, Size: int64(list.Size)})
			}},
		{"destination manifest", validate.Need{Side: validate.Destination, Action: validate.ReadManifest}, func(f validate.Fact) bool {
			return f.Digest == list.Digest && f.Manifest.MediaType == validate.TypeDockerList && f.Manifest.Children[0].Digest == child.Digest
		}},
		{"destination child head", validate.Need{Side: validate.Destination, Action: validate.HeadManifest, Digest: child.Digest},
			func(f validate.Fact) bool {
				return reflect.DeepEqual(f, validate.Fact{Digest: child.Digest, Size: int64(child.Size)})
			}},
		{"destination child manifest", validate.Need{Side: validate.Destination, Action: validate.ReadManifest, Digest: child.Digest}, func(f validate.Fact) bool {
			return f.Digest == child.Digest && f.Manifest.MediaType == validate.TypeDockerManifest
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			fact, requests, err := c.Read(t.Context(), image, test.need)
			if err != nil {
				t.Fatal(err)
			}
			if fact.Missing || !test.want(fact) {
				t.Errorf("got %+v", fact)
			}
			wantRequests(t, requests, 1)
		})
	}
	// Each registry's ping was tried over HTTPS, then HTTP.
	wantRequests(t, c.Requests(), 7+2*2)
}

func TestReadAsksForStoredTypes(t *testing.T) {
	r, _, config := filled()
	seen := record(r)
	c := newClient(t, registry.Options{UserAgent: "mvrun/test"})
	image := app(serve(t, seen))
	read(t, c, image, head)
	read(t, c, image, manifest)
	read(t, c, image, blob(config))
	for _, request := range seen.requests("") {
		if strings.Contains(request.URL.Path, "/manifests/") {
			// A registry may convert or refuse a manifest whose type Accept does not name.
			for _, mediaType := range validate.ManifestTypes {
				if !strings.Contains(request.Header.Get("Accept"), mediaType) {
					t.Errorf("%s %s does not accept %s", request.Method, request.URL, mediaType)
				}
			}
		}
		if got := request.Header.Get("User-Agent"); got != "mvrun/test" && request.URL.Path != "/v2/" {
			t.Errorf("%s %s has the user agent %q", request.Method, request.URL, got)
		}
	}
}

func TestReadMissing(t *testing.T) {
	r := memory.New()
	gone := r.PushImage("library/app", "old", memory.Image{Platform: linux})
	r.Delete("library/app", gone.Digest)
	host := serve(t, r)
	c := newClient(t, registry.Options{})
	for _, test := range []struct {
		name     string
		path     string
		need     validate.Need
		requests int
	}{
		// A 404 for a HEAD counts only after a GET has confirmed it.
		{"head", "library/app", head, 2},
		{"manifest", "library/app", manifest, 1},
		{"child head", "library/app", validate.Need{Action: validate.HeadManifest, Digest: gone.Digest}, 2},
		{"child manifest", "library/app", validate.Need{Action: validate.ReadManifest, Digest: gone.Digest}, 1},
		{"config", "library/app", blob(gone.Digest), 1},
		{"repository head", "library/none", head, 2},
		{"repository manifest", "library/none", manifest, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			image := imagelist.Image{Source: host + "/" + test.path, Tag: "1"}
			fact, requests, err := c.Read(t.Context(), image, test.need)
			if want := (validate.Fact{Missing: true}); err != nil || !reflect.DeepEqual(fact, want) {
				t.Errorf("got %+v, %v, want %+v", fact, err, want)
			}
			wantRequests(t, requests, test.requests)
		})
	}
}

// A 404 with a web page does not mean that the image is missing.
func TestRead404WithPage(t *testing.T) {
	host := serve(t, ping(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<html>404</html>")
	}))
	c := newClient(t, registry.Options{})
	config := blob(validate.Digest("sha256", nil))
	for _, need := range []validate.Need{head, manifest, config, {Action: validate.HeadBlob, Digest: config.Digest}, {Action: validate.HashBlob, Digest: config.Digest}} {
		fact, _, err := c.Read(t.Context(), app(host), need)
		if fact.Missing {
			t.Errorf("%+v: missing", need)
		}
		wantError(t, err, validate.Unreachable, "404 Not Found")
	}
}

// A 404 in plain text may come from an ingress whose registry restarts. It may also
// come from a registry, because the specification does not demand JSON. A ping tells
// which of the two it is.
func TestRead404WithText(t *testing.T) {
	c := newClient(t, registry.Options{})
	fact, _, err := c.Read(t.Context(), app(serve(t, ping(http.NotFound))), manifest)
	if err != nil || !fact.Missing {
		t.Errorf("a registry without words: got %+v, %v, want that it is missing", fact, err)
	}

	var pinged atomic.Bool
	restarting := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" && pinged.CompareAndSwap(false, true) {
			return
		}
		http.NotFound(w, r)
	})
	fact, _, err = c.Read(t.Context(), app(serve(t, restarting)), manifest)
	if fact.Missing {
		t.Error("an ingress without a registry: missing")
	}
	wantError(t, err, validate.Unreachable, "404 Not Found")

	pinged.Store(false)
	bubble(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v2/" && pinged.CompareAndSwap(false, true):
		case r.URL.Path == "/v2/":
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			http.NotFound(w, r)
		}
	}), func(t *testing.T, _ *pipes, c *registry.Client) {
		fact, _, err := c.Read(t.Context(), app(hub), manifest)
		if fact.Missing {
			t.Error("an ingress with a registry that is not ready: missing")
		}
		wantError(t, err, validate.Unreachable, "404 Not Found", ": 404 Not Found: 404 page not found; and GET /v2/ gave 503 Service Unavailable, so the registry itself may be down")
	})
}

func TestReadHeadFallsBack(t *testing.T) {
	r, pushed, _ := filled()
	digest := func(d string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Docker-Content-Digest", d) }
	}
	status := func(s int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(s) }
	}
	child := validate.Need{Action: validate.HeadManifest, Digest: pushed.Digest}
	other := validate.Digest("sha256", []byte("other"))
	for _, test := range []struct {
		name   string
		need   validate.Need
		answer http.HandlerFunc
	}{
		{"no digest", head, func(http.ResponseWriter, *http.Request) {}},
		{"no digest, by digest", child, func(http.ResponseWriter, *http.Request) {}},
		{"bad digest", head, digest("sha256:beef")},
		{"another digest than asked for", child, digest(other)},
		{"400", head, status(http.StatusBadRequest)},
		{"404", head, status(http.StatusNotFound)},
		{"404, by digest", child, status(http.StatusNotFound)},
		{"405", head, status(http.StatusMethodNotAllowed)},
		{"501", head, status(http.StatusNotImplemented)},
	} {
		t.Run(test.name, func(t *testing.T) {
			host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				if request.Method == http.MethodHead {
					test.answer(w, request)
					return
				}
				r.ServeHTTP(w, request)
			}))
			fact, requests, err := newClient(t, registry.Options{}).Read(t.Context(), app(host), test.need)
			if err != nil || fact.Digest != pushed.Digest || fact.Manifest == nil {
				t.Errorf("got %+v, %v", fact, err)
			}
			wantRequests(t, requests, 2)
		})
	}
}

// After a refused HEAD no GET is sent, because a GET costs quota.
func TestReadHeadRefused(t *testing.T) {
	seen := record(ping(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	_, requests, err := newClient(t, registry.Options{}).Read(t.Context(), app(serve(t, seen)), head)
	wantError(t, err, validate.Unauthorized, "403 Forbidden")
	wantRequests(t, requests, 1)
}

// The client computes the digest with the algorithm of the reference, or with that
// of the registry's header.
func TestReadDigestAlgorithm(t *testing.T) {
	body := []byte(`{"schemaVersion":2,"mediaType":"` + validate.TypeOCIIndex + `","manifests":[]}`)
	sha256, sha512 := validate.Digest("sha256", body), validate.Digest("sha512", body)
	for _, test := range []struct{ name, header, reference, want string }{
		{"by tag", "", "", sha256},
		{"by tag, header is sha512", sha512, "", sha512},
		{"by tag, header lies", validate.Digest("sha256", []byte("other")), "", ""},
		{"by tag, header is nonsense", "md5:beef", "", sha256},
		{"by sha512", sha256, sha512, sha512},
		{"by sha256", sha512, sha256, sha256},
	} {
		t.Run(test.name, func(t *testing.T) {
			host := serve(t, ping(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Docker-Content-Digest", test.header)
				w.Write(body)
			}))
			need := validate.Need{Action: validate.ReadManifest, Digest: test.reference}
			if test.want == "" {
				_, _, err := newClient(t, registry.Options{}).Read(t.Context(), app(host), need)
				wantError(t, err, validate.BadManifest, test.header, sha256)
				return
			}
			fact := read(t, newClient(t, registry.Options{}), app(host), need)
			if fact.Digest != test.want || fact.Manifest.Digest != test.want {
				t.Errorf("got %s and %s, want %s", fact.Digest, fact.Manifest.Digest, test.want)
			}
		})
	}
}

func TestReadBadContent(t *testing.T) {
	valid := []byte(`{"schemaVersion":2,"mediaType":"` + validate.TypeOCIIndex + `","manifests":[]}`)
	other := validate.Digest("sha256", []byte("other"))
	huge := bytes.Repeat([]byte(" "), 4<<20+1)
	for _, test := range []struct {
		name, contentType string
		body              []byte
		chunked           bool // whether the answer has no Content-Length
		need              validate.Need
		words             []string
	}{
		{"manifest without its digest", validate.TypeOCIIndex, valid, false, validate.Need{Action: validate.ReadManifest, Digest: other},
			[]string{"a manifest whose digest is " + validate.Digest("sha256", valid)}},
		{"manifest without its digest after a HEAD", validate.TypeOCIIndex, valid, false, validate.Need{Action: validate.HeadManifest, Digest: other},
			[]string{"a manifest whose digest is " + validate.Digest("sha256", valid)}},
		{"config that is none", "application/octet-stream", []byte("no JSON"), false, blob(validate.Digest("sha256", []byte("no JSON"))), []string{"parsing the config"}},
		{"half a manifest", validate.TypeOCIIndex, valid[:len(valid)/2], false, manifest, []string{`{\"schemaVersion\":2`}},
		{"nothing", validate.TypeOCIIndex, nil, false, manifest, []string{"no manifest"}},
		{"other JSON", "application/json", []byte(`{"errors":[]}`), false, manifest, []string{"no manifest"}},
		{"too long", validate.TypeOCIIndex, huge, false, manifest, []string{fmt.Sprintf("has %d bytes", 4<<20+1), fmt.Sprint(4 << 20)}},
		{"too long without a length", validate.TypeOCIIndex, huge, true, manifest, []string{fmt.Sprintf("more than %d bytes", 4<<20)}},
		{"config too long", "application/octet-stream", bytes.Repeat([]byte(" "), 8<<20+1), true, blob(other), []string{fmt.Sprintf("more than %d bytes", 8<<20)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			host := serve(t, ping(func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Content-Type"] = []string{test.contentType}
				if !test.chunked {
					w.Header().Set("Content-Length", fmt.Sprint(len(test.body)))
				}
				if r.Method == http.MethodGet {
					w.Write(test.body)
				}
			}))
			_, _, err := newClient(t, registry.Options{}).Read(t.Context(), app(host), test.need)
			wantError(t, err, validate.BadManifest, test.words...)
		})
	}
}

// TestReadWebPage shows that a web page of a proxy proves nothing, also if its status is
// 200: the object may be there, and sound.
func TestReadWebPage(t *testing.T) {
	page := []byte("<!DOCTYPE html><title>Log in</title>")
	other := validate.Digest("sha256", []byte("other"))
	own := validate.Digest("sha256", page)
	serving := func(contentType string) string {
		return serve(t, ping(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = []string{contentType}
			w.Header().Set("Content-Length", fmt.Sprint(len(page)))
			if r.Method == http.MethodGet {
				w.Write(page)
			}
		}))
	}
	c := newClient(t, registry.Options{})
	typed, untyped := serving("text/html; charset=utf-8"), serving("")
	for _, need := range []validate.Need{manifest, head, {Action: validate.ReadManifest, Digest: other}, {Action: validate.HeadManifest, Digest: other}, blob(other),
		{Action: validate.HeadBlob, Digest: other}, {Action: validate.HashBlob, Digest: other, Size: 5}, {Action: validate.UnpackLayer, Digest: other}} {
		for _, side := range []validate.Side{validate.Source, validate.Destination} {
			need.Side = side
			_, _, err := c.Read(t.Context(), app(typed), need)
			wantError(t, err, validate.Unreachable, "200 OK with a web page: this is no answer of a registry, but of a proxy, an ingress or a login page in front of it")
		}
	}
	for _, need := range []validate.Need{manifest, head, blob(other)} {
		_, _, err := c.Read(t.Context(), app(untyped), need)
		wantError(t, err, validate.Unreachable, "200 OK with a web page")
	}
	// A layer of an artifact may be a web page.
	for _, action := range []validate.Action{validate.HeadBlob, validate.HashBlob} {
		if fact := read(t, c, app(typed), validate.Need{Action: action, Digest: own}); fact.Size != int64(len(page)) || fact.Missing {
			t.Errorf("%v: got %+v, want %d bytes", action, fact, len(page))
		}
	}
}

// The client reads a manifest of the size that every registry must take.
func TestReadLargest(t *testing.T) {
	body := []byte(`{"schemaVersion":2,"mediaType":"` + validate.TypeOCIIndex + `","manifests":[]}`)
	body = append(body, bytes.Repeat([]byte("\n"), 4<<20-len(body))...)
	for _, flush := range []bool{false, true} {
		host := serve(t, ping(func(w http.ResponseWriter, _ *http.Request) {
			if flush {
				w.(http.Flusher).Flush() // so that the answer has no Content-Length
			} else {
				w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			}
			w.Write(body)
		}))
		if fact := read(t, newClient(t, registry.Options{}), app(host), manifest); fact.Manifest.Size != int64(len(body)) {
			t.Errorf("%d bytes, want %d", fact.Manifest.Size, len(body))
		}
	}
}

// The client gives up an answer that never ends.
func TestReadEndless(t *testing.T) {
	var sent atomic.Int64
	ended := make(chan struct{})
	host := serve(t, ping(func(w http.ResponseWriter, _ *http.Request) {
		defer close(ended)
		block := make([]byte, 1<<20)
		for sent.Load() < 1<<30 {
			if _, err := w.Write(block); err != nil {
				return
			}
			sent.Add(int64(len(block)))
		}
	}))
	_, _, err := newClient(t, registry.Options{}).Read(t.Context(), app(host), manifest)
	wantError(t, err, validate.BadManifest, "more than")
	<-ended
	if sent.Load() > 64<<20 { // this is more than the connection's buffers hold
		t.Errorf("%d bytes were taken", sent.Load())
	}
}

func TestReadCutShort(t *testing.T) {
	r, pushed, config := filled()
	for _, test := range []struct {
		name string
		need validate.Need
		half func(http.ResponseWriter, string)
	}{
		{"manifest", manifest, withLength},
		{"manifest in chunks", manifest, inChunks},
		{"config", blob(config), withLength},
		{"missing", validate.Need{Action: validate.ReadManifest, Digest: validate.Digest("sha256", nil)}, withLength},
	} {
		for _, cuts := range []int{1, 5, 6} {
			t.Run(fmt.Sprintf("%s %d", test.name, cuts), func(t *testing.T) {
				var asked atomic.Int64
				handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
					if request.URL.Path == "/v2/" || asked.Add(1) > int64(cuts) {
						r.ServeHTTP(w, request)
						return
					}
					if test.name == "missing" {
						w.WriteHeader(http.StatusNotFound)
					}
					test.half(w, `{"schemaVersion":`)
				})
				bubble(t, handler, func(t *testing.T, _ *pipes, c *registry.Client) {
					fact, requests, err := c.Read(t.Context(), app(hub), test.need)
					if cuts == 6 {
						wantError(t, err, validate.Unreachable, "cut short 6 times", "unexpected EOF")
						wantRequests(t, requests, 6)
						return
					}
					if err != nil || fact.Missing != (test.name == "missing") || test.need == manifest && fact.Digest != pushed.Digest {
						t.Errorf("got %+v, %v", fact, err)
					}
					wantRequests(t, requests, cuts+1)
				})
			})
		}
	}
}

// withLength announces a longer body than it sends.
func withLength(w http.ResponseWriter, half string) {
	w.Header().Set("Content-Length", fmt.Sprint(2*len(half)))
	sendAndCut(w, half)
}

// inChunks sends a body in chunks, without the last chunk.
func inChunks(w http.ResponseWriter, half string) { sendAndCut(w, half) }

func sendAndCut(w http.ResponseWriter, half string) {
	io.WriteString(w, half)
	w.(http.Flusher).Flush()
	cut(w)
}

// TestReadTags shows what each side is asked for, by the tags of the image.
func TestReadTags(t *testing.T) {
	r := memory.New()
	first := r.PushImage("library/app", "1", memory.Image{Platform: linux, Content: "first"}).Digest
	second := r.PushImage("library/app", "2", memory.Image{Platform: linux, Content: "second"}).Digest
	image := app(serve(t, r))
	c := newClient(t, registry.Options{})
	for _, test := range []struct {
		name, tag, sourceTag string
		source, destination  string // the digests that are found
	}{
		{"a tag", "1", "", first, first},
		{"a digest", second, "", second, second},
		{"a tag that has moved, and a digest", "1@" + second, "", second, first},
		{"two tags", "2", "1", first, second},
		{"a digest at the source", "1", second, second, first},
		{"a digest and a tag at the source", "1", "1@" + second, second, first},
		{"a digest at the destination", second, "1", first, second},
	} {
		t.Run(test.name, func(t *testing.T) {
			image.Tag, image.SourceTag = test.tag, test.sourceTag
			for side, want := range map[validate.Side]string{validate.Source: test.source, validate.Destination: test.destination} {
				fact, _, err := c.Read(t.Context(), image, validate.Need{Side: side, Action: validate.ReadManifest})
				if err != nil || fact.Digest != want {
					t.Errorf("%s: got %+v, %v, want %s", side, fact, err, want)
				}
			}
		})
	}
}
