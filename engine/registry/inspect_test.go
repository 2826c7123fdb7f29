package registry_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"mvrun/engine/registry"
	"mvrun/engine/registry/memory"
	"mvrun/validate"
)

func TestInspect(t *testing.T) {
	r := memory.New()
	single := r.PushImage("library/app", "1", memory.Image{Platform: linux, Content: "app", Labels: map[string]string{"team": "shop"}})
	list := r.PushList("library/app", "list", validate.TypeDockerList, single)
	signature := r.Attach("library/app", single, "signature", "signed")
	host := serve(t, r)
	c := newClient(t, registry.Options{})
	repository := host + "/library/app"

	got, err := c.Inspect(t.Context(), repository, "1")
	if err != nil {
		t.Fatal(err)
	}
	if size, known := got.Size(); got.Manifest.Digest != single.Digest || got.Config.Platform != linux || got.Config.Runtime.Labels["team"] != "shop" || size <= 0 || !known || got.ArtifactType() != "" {
		t.Errorf("image: got %+v", got)
	}
	same, err := c.Inspect(t.Context(), repository, single.Digest)
	if err != nil || !reflect.DeepEqual(same, got) {
		t.Errorf("by digest: got %+v, %v, want %+v", same, err, got)
	}

	before := c.Requests()
	got, err = c.Inspect(t.Context(), repository, "list")
	if err != nil {
		t.Fatal(err)
	}
	if got.Manifest.Digest != list.Digest || got.Config != nil || len(got.Manifest.Children) != 1 || got.Manifest.Children[0].Digest != single.Digest {
		t.Errorf("list: got %+v", got)
	}
	wantRequests(t, c.Requests()-before, 1) // Inspect does not ask for the images of a list

	got, err = c.Inspect(t.Context(), repository, signature.Digest)
	if err != nil || got.ArtifactType() != "signature" || got.Config != nil {
		t.Errorf("artifact: got %+v, %v", got, err)
	}
}

func TestInspectFails(t *testing.T) {
	config := []byte(`{"architecture":"amd64","os":"linux","config":{"Labels":{"team":1}}}`)
	manifest := func(configDigest string, layerSize int64) []byte {
		return fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":%q,"size":2},"layers":[{"digest":%q,"size":%d}]}`,
			validate.TypeOCIManifest, configDigest, configDigest, layerSize)
	}
	known := validate.Digest("sha256", config)
	other := validate.Digest("sha256", []byte("other"))
	corrupt := validate.Digest("sha256", []byte("corrupt"))
	for _, test := range []struct {
		name     string
		manifest []byte
		status   int
		reason   validate.Reason
		words    []string
	}{
		{"missing", []byte(`{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`), 404, validate.SourceMissing, []string{"the registry has no such image"}},
		{"denied", []byte(`{"errors":[{"code":"DENIED","message":"no"}]}`), 403, validate.Unauthorized, []string{"403 Forbidden: DENIED no", "docker login"}},
		{"labels that are none", manifest(known, 1), 200, validate.BadManifest, []string{"inspecting the config, " + known + ", of ", "parsing the config"}},
		{"no config", manifest(other, 1), 200, validate.BadManifest, []string{"its config " + other + " is not in the registry"}},
		{"another config", manifest(corrupt, 1), 200, validate.BadManifest, []string{known, "instead of " + corrupt, "corrupt"}},
		{"a negative layer", manifest(known, -1), 200, validate.BadManifest, []string{"a size of -1 bytes"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			host := serve(t, ping(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasSuffix(r.URL.Path, "/blobs/"+known), strings.HasSuffix(r.URL.Path, "/blobs/"+corrupt):
					w.Write(config)
				case strings.Contains(r.URL.Path, "/blobs/"):
					w.WriteHeader(http.StatusNotFound)
					fmt.Fprint(w, `{"errors":[{"code":"BLOB_UNKNOWN"}]}`)
				default:
					w.WriteHeader(test.status)
					w.Write(test.manifest)
				}
			}))
			got, err := newClient(t, registry.Options{}).Inspect(t.Context(), host+"/library/app", "1")
			if got != nil {
				t.Errorf("got %+v", got)
			}
			wantScriptError(t, err, test.reason, append(test.words, "inspecting ", host+"/library/app:1: ")...)
		})
	}
}

// A repository that a script names is neither source nor destination. The client
// uses the destination's login for it all the same, if the registry is the
// destination's.
func TestInspectLogin(t *testing.T) {
	r, _, _ := filled()
	for _, test := range []struct {
		name  string
		sides []validate.Side
		want  string
	}{
		{"no login", nil, ""},
		{"of the source", []validate.Side{validate.Source}, "Source"},
		{"of the destination", []validate.Side{validate.Destination}, "Destination"},
		{"of both", []validate.Side{validate.Source, validate.Destination}, "Source"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got atomic.Value
			got.Store("")
			host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				if name, _, ok := request.BasicAuth(); ok {
					got.Store(name)
				} else if test.sides != nil {
					w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				r.ServeHTTP(w, request)
			}))
			var logins []registry.Login
			for _, side := range test.sides {
				logins = append(logins, registry.Login{Side: side, Registry: host, Username: map[validate.Side]string{validate.Source: "Source", validate.Destination: "Destination"}[side], Password: password})
			}
			logins = append(logins, registry.Login{Side: validate.Source, Registry: "elsewhere.example", Username: "Elsewhere", Password: password})
			if _, err := newClient(t, registry.Options{Logins: logins}).Inspect(t.Context(), host+"/library/app", "1"); err != nil {
				t.Fatal(err)
			}
			if got.Load() != test.want {
				t.Errorf("asked as %q, want %q", got.Load(), test.want)
			}
		})
	}
}
