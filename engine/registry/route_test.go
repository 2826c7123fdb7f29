package registry_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry"
	"mvrun/engine/registry/memory"
	"mvrun/engine/registry/mirrors"
	"mvrun/validate"
)

// asked is a mirror that keeps the requests for repositories.
type asked struct {
	http.Handler
	status int // answers every request for a repository with this status; 0 means as Handler does

	mu       sync.Mutex
	requests []string
	headers  []http.Header
}

func (a *asked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, "/manifests/") || strings.Contains(r.URL.Path, "/blobs/") {
		a.mu.Lock()
		a.requests = append(a.requests, r.Method+" "+r.URL.RequestURI())
		a.headers = append(a.headers, r.Header)
		a.mu.Unlock()
		if a.status != 0 {
			http.Error(w, `{"errors":[{"code":"DENIED","message":"no"}]}`, a.status)
			return
		}
	}
	a.Handler.ServeHTTP(w, r)
}

// all returns the requests so far, with digests in short.
func (a *asked) all(digest string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []string
	for _, request := range a.requests {
		all = append(all, strings.ReplaceAll(request, digest, "DIGEST"))
	}
	return all
}

// rules writes a file with the rules of a format, and reads it.
func rules(t *testing.T, name, content string, values ...any) *mirrors.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, fmt.Appendf(nil, content, values...), 0o666); err != nil {
		t.Fatal(err)
	}
	c, err := mirrors.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// nodeImage is an image that nodes pull from Docker Hub by its name.
var nodeImage = imagelist.Image{Source: "docker.io/library/app", Destination: "docker.io/library/app", Tag: "1"}

// at returns a need of the destination.
func at(action validate.Action, digest string) validate.Need {
	return validate.Need{Side: validate.Destination, Action: action, Digest: digest}
}

// TestOrderOfContainerd shows where containerd asks: a tag at hosts that resolve, a digest
// at the first host again. Each request to a mirror names the registry for which it
// answers. A 404 and a refusal lead to the next host.
func TestOrderOfContainerd(t *testing.T) {
	full, descriptor, _ := filled()
	digest := descriptor.Digest
	first, second, third := &asked{Handler: full}, &asked{Handler: memory.New(), status: http.StatusForbidden}, &asked{Handler: full}
	hosts := []string{serve(t, first), serve(t, second), serve(t, third)}
	var warnings []string
	c := registry.New(t.Context(), registry.Options{Warn: func(m string) { warnings = append(warnings, m) }, Registries: rules(t, "docker.io/hosts.toml", `
		server = "https://registry-1.docker.io"
		[host."http://%s"]
		capabilities = ["pull"]
		[host."http://%s"]
		[host."http://%s"]
	`, hosts[0], hosts[1], hosts[2])})
	defer c.Close()

	fact, _, err := c.Read(t.Context(), nodeImage, at(validate.ResolveTag, ""))
	if err != nil || fact.Digest != digest || c.ServedBy(nodeImage) != hosts[2] {
		t.Errorf("%+v, %v, by %s", fact, err, c.ServedBy(nodeImage))
	}
	fact, _, err = c.Read(t.Context(), nodeImage, at(validate.ReadManifest, digest))
	if err != nil || fact.Manifest == nil {
		t.Errorf("%+v, %v", fact, err)
	}
	for i, want := range [][]string{
		{"GET /v2/library/app/manifests/DIGEST?ns=docker.io"},
		{"HEAD /v2/library/app/manifests/1?ns=docker.io"},
		{"HEAD /v2/library/app/manifests/1?ns=docker.io"},
	} {
		if got := []*asked{first, second, third}[i].all(digest); !slices.Equal(got, want) {
			t.Errorf("host %d got %q, want %q", i, got, want)
		}
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], hosts[1]+" is one of several places where a node asks") {
		t.Errorf("%q", warnings)
	}
	if endpoint := c.Endpoint(nodeImage.Destination, validate.Destination); !strings.HasPrefix(endpoint, "registries sha256:") || c.Endpoint(nodeImage.Source, validate.Source) != "docker.io" {
		t.Errorf("endpoint %s", endpoint)
	}
}

// TestOneMirrorForAll shows that Podman and CRI-O read a whole image from the mirror that
// had its manifest: what that one lacks is missing, although another mirror has it.
func TestOneMirrorForAll(t *testing.T) {
	full, descriptor, config := filled()
	bare := memory.New()
	bare.PushImage("hub/library/app", "1", memory.Image{Platform: linux, Content: "app"})
	other, whole := &asked{Handler: bare}, &asked{Handler: full}
	hosts := []string{serve(t, other), serve(t, whole)}
	without := &lacking{Handler: other, path: "/blobs/" + config}
	hosts[0] = serve(t, without)
	c := registry.New(t.Context(), registry.Options{Registries: rules(t, "registries.conf", `
		[[registry]]
		location = "docker.io"
		[[registry.mirror]]
		location = "%s/hub"
		[[registry.mirror]]
		location = "%s"
	`, hosts[0], hosts[1])})
	defer c.Close()
	place := c.Place(nodeImage)
	if fact, _, err := c.Read(t.Context(), nodeImage, at(validate.ReadManifest, "")); err != nil || fact.Digest != descriptor.Digest || c.ServedBy(nodeImage) != hosts[0] {
		t.Errorf("%+v, %v, by %s", fact, err, c.ServedBy(nodeImage))
	}
	if fact, _, err := c.Read(t.Context(), nodeImage, at(validate.ReadConfig, config)); err != nil || !fact.Missing {
		t.Errorf("%+v, %v", fact, err)
	}
	if got := whole.all("sha256:"); len(got) > 0 {
		t.Errorf("the second mirror got %q", got)
	}
	if c.Place(nodeImage) == place {
		t.Error("images of different mirrors share their facts")
	}
}

// lacking is a registry that does not have what is at a path.
type lacking struct {
	http.Handler
	path string
}

func (l *lacking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, l.path) {
		http.Error(w, `{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown"}]}`, http.StatusNotFound)
		return
	}
	l.Handler.ServeHTTP(w, r)
}

// TestNoMirror shows what is said of an image that no mirror has: the source itself is
// not asked. A mirror that could not be asked proves nothing.
func TestNoMirror(t *testing.T) {
	empty := serve(t, memory.New())
	refusing := serve(t, &asked{Handler: memory.New(), status: http.StatusForbidden})
	elsewhere := nodeImage
	elsewhere.Source = "registry.example/app"
	present := imagelist.Image{Destination: nodeImage.Destination, Tag: "1"}
	for _, test := range []struct {
		name, content, want string
		image               imagelist.Image
	}{
		{"d/docker.io/hosts.toml", "[host.\"http://" + empty + "\"]\n", "no mirror has it; a node would pull it from docker.io", nodeImage},
		{"d/docker.io/hosts.toml", "[host.\"http://" + empty + "\"]\n", "no mirror has it; a node would pull it from docker.io", present},
		{"d/docker.io/hosts.toml", "[host.\"http://" + empty + "\"]\ncapabilities = [\"pull\"]\n", "no mirror may be asked for it (not " + empty + ", by their rules for tags and digests); a node would pull it from docker.io", nodeImage},
		{"d/docker.io/hosts.toml", "server = \"http://" + empty + "\"\n[host.\"http://" + empty + "/v2/a\"]\noverride_path = true\n",
			"none of the places where a node asks has it: " + empty + "/a/library/app, " + empty + "/library/app", elsewhere},
		{"d/quay.io/hosts.toml", "", "no mirror is named for it; a node would pull it from docker.io", nodeImage},
		{"registries.conf", "[[registry]]\nlocation = \"docker.io\"\nblocked = true\n", "registries.conf:1 blocks docker.io: a node does not pull it", nodeImage},
		{"registries.conf", "[[registry]]\nlocation = \"docker.io\"\n[[registry.mirror]]\nlocation = \"" + empty + "\"\n", "no mirror has it; a node would pull it from docker.io", nodeImage},
		{"registries.conf", "[[registry]]\nprefix = \"docker.io\"\nlocation = \"" + empty + "\"\n", "", nodeImage},
		{"registries.conf", "[[registry]]\nlocation = \"docker.io\"\n[[registry.mirror]]\nlocation = \"" + empty + "\"\n[[registry.mirror]]\nlocation = \"" + refusing + "\"\n",
			"error: reading destination " + refusing + "/library/app:1: 403 Forbidden", nodeImage},
		{"registries.yaml", "mirrors: {docker.io: {endpoint: ['http://" + empty + "'], rewrite: {'^library/(.*)': 'UP/$1'}}}\n", `error: reading destination docker.io/library/app:1: the rules of registries.yaml of k3s or rke2 make "UP/app" of "library/app"`, nodeImage},
	} {
		c := registry.New(t.Context(), registry.Options{Registries: rules(t, test.name, "%s", test.content)})
		fact, _, err := c.Read(t.Context(), test.image, at(validate.ReadManifest, ""))
		got := fact.Elsewhere
		if err != nil {
			got = "error: " + err.Error()
		} else if !fact.Missing {
			t.Errorf("%s: %+v", test.content, fact)
		}
		if got != test.want && (err == nil || !strings.HasPrefix(got, test.want)) && !strings.HasSuffix(got, "/"+test.want) {
			t.Errorf("%s:\n%s\ngot  %s\nwant %s", test.name, test.content, got, test.want)
		}
		if by := c.ServedBy(test.image); by != "" {
			t.Errorf("%s: served by %s", test.content, by)
		}
		c.Close()
	}
}

// TestMirrorSecrets shows that the header and the login of the files go to the mirror, and
// into no message.
func TestMirrorSecrets(t *testing.T) {
	full, _, _ := filled()
	echoing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/manifests/2") {
			http.Error(w, fmt.Sprintf(`{"errors":[{"code":"DENIED","message":"%s %s"}]}`, r.Header.Get("Authorization"), r.Header.Get("X-Corp")), http.StatusForbidden)
			return
		}
		full.ServeHTTP(w, r)
	})
	mirror := &asked{Handler: echoing}
	host := serve(t, withBasic(mirror))
	plain := &asked{Handler: echoing}
	second := serve(t, plain)
	var log strings.Builder
	c := registry.New(t.Context(), registry.Options{
		Log:        func(e registry.Exchange) { fmt.Fprintln(&log, e.URL, e.Err) },
		Registries: rules(t, "registries.yaml", "mirrors: {docker.io: {endpoint: ['http://%s']}}\nconfigs: {'%[1]s': {auth: {username: %s, password: %s}}}\n", host, user, password),
	})
	defer c.Close()
	if fact, _, err := c.Read(t.Context(), nodeImage, at(validate.ReadManifest, "")); err != nil || fact.Missing {
		t.Errorf("%+v, %v", fact, err)
	}
	refused := nodeImage
	refused.Tag = "2"
	_, _, err := c.Read(t.Context(), refused, at(validate.ReadManifest, ""))
	wantNoSecret(t, "error and log", fmt.Sprint(err, log.String()))

	log.Reset()
	d := registry.New(t.Context(), registry.Options{
		Log:        func(e registry.Exchange) { fmt.Fprintln(&log, e.URL, e.Err) },
		Registries: rules(t, "docker.io/hosts.toml", "[host.\"http://%s/some/place\".header]\nx-corp = \"%s-in-header\"\n", second, secret),
	})
	defer d.Close()
	_, _, err = d.Read(t.Context(), refused, at(validate.ReadManifest, ""))
	wantNoSecret(t, "error and log", fmt.Sprint(err, log.String()))
	if got := plain.all("sha256:"); !slices.Equal(got, []string{"GET /some/place/v2/library/app/manifests/2?ns=docker.io"}) || plain.headers[0].Get("X-Corp") != secret+"-in-header" {
		t.Errorf("%q, %v", got, plain.headers)
	}
}

// withBasic wants the login of these tests.
func withBasic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, given, _ := r.BasicAuth(); name != user || given != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// TestWrongBytesAtMirror shows that wrong bytes are no reason to ask the next mirror: a
// node would give up, too.
func TestWrongBytesAtMirror(t *testing.T) {
	full, _, _ := filled()
	next := &asked{Handler: full}
	broken := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "no manifest") }))
	c := registry.New(t.Context(), registry.Options{Registries: rules(t, "registries.yaml", "mirrors: {docker.io: {endpoint: ['http://%s', 'http://%s']}}\n", broken, serve(t, next))})
	defer c.Close()
	_, _, err := c.Read(t.Context(), nodeImage, at(validate.ReadManifest, ""))
	if got := next.all("sha256:"); err == nil || len(got) > 0 {
		t.Errorf("%v, and the next mirror got %q", err, got)
	}
}

// TestScriptAndFiles shows that the endpoint of a script counts for more than the files,
// and that its settings for a mirror count there.
func TestScriptAndFiles(t *testing.T) {
	full, _, _ := filled()
	mirror, other := &asked{Handler: full}, &asked{Handler: full}
	host, endpoint := serve(t, withBasic(mirror)), serve(t, other)
	content := fmt.Sprintf("mirrors: {docker.io: {endpoint: ['http://%s']}}\nconfigs: {'%[1]s': {auth: {username: wrong, password: wrong}}}\n", host)
	for _, overrules := range []bool{false, true} {
		c := registry.New(t.Context(), registry.Options{Registries: rules(t, "registries.yaml", "%s", content)})
		if err := c.Configure(host, registry.Settings{Username: user, Password: password}); err != nil {
			t.Fatal(err)
		}
		if overrules {
			if err := c.Configure("docker.io", registry.Settings{Endpoint: endpoint, PlainHTTP: true}); err != nil {
				t.Fatal(err)
			}
		}
		if fact, _, err := c.Read(t.Context(), nodeImage, at(validate.ReadManifest, "")); err != nil || fact.Missing {
			t.Errorf("%+v, %v", fact, err)
		}
		if (len(other.all("sha256:")) > 0) != overrules || (c.ServedBy(nodeImage) == host) == overrules {
			t.Errorf("overruled %v: served by %q", overrules, c.ServedBy(nodeImage))
		}
		if err := c.Configure(host, registry.Settings{}); err == nil {
			t.Error("a mirror that was asked can still be configured")
		}
		c.Close()
	}
}
