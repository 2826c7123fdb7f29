package mirrors

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// described writes an endpoint in one line: scheme, host, base, repository, and what
// else it has.
func described(e Endpoint) string {
	words := []string{fmt.Sprintf("%s://%s%s %s", e.Scheme, e.Host, e.Base, e.Repository)}
	if e.Namespace != "" {
		words = append(words, "ns="+e.Namespace)
	}
	if e.IsOrigin {
		words = append(words, "origin")
	}
	if e.Settings != nil {
		words = append(words, "settings")
	}
	if e.Broken != "" {
		words = append(words, "broken")
	}
	return strings.Join(words, " ")
}

// TestRoute shows where a node asks, for the grammar of each format.
//
//   - https://github.com/containers/image/blob/v5.34.0/docs/containers-registries.conf.5.md
//   - https://github.com/containerd/containerd/blob/v2.0.0/docs/hosts.md
//   - https://docs.k3s.io/installation/private-registry
func TestRoute(t *testing.T) {
	for _, test := range []struct {
		path, repository string
		byDigest         bool
		want             []string
		notForTags       []string
	}{
		// Mirrors come before the location. One with "digest-only" gets no tag.
		{"etc-containers", "docker.io/library/nginx", false,
			[]string{"://mirror.corp.example:5000/v2 hub/library/nginx", "://docker.io/v2 library/nginx origin"}, []string{"mirror2.corp.example/hub"}},
		{"etc-containers", "docker.io/library/nginx", true,
			[]string{"://mirror.corp.example:5000/v2 hub/library/nginx", "://mirror2.corp.example/v2 hub/library/nginx settings", "://docker.io/v2 library/nginx origin"}, nil},
		// The longest prefix counts, and a prefix ends at a slash.
		{"etc-containers", "docker.io/secret/app", true, nil, nil},
		{"etc-containers", "docker.io/secretary/app", false,
			[]string{"://mirror.corp.example:5000/v2 hub/secretary/app", "://docker.io/v2 secretary/app origin"}, []string{"mirror2.corp.example/hub"}},
		// *. matches subdomains only, with and without a port.
		{"etc-containers", "registry.redhat.example/ubi9/ubi", false, []string{"://mirror.corp.example:5000/v2 redhat/ubi9/ubi origin"}, nil},
		{"etc-containers", "redhat.example/ubi9/ubi", false, []string{"://redhat.example/v2 ubi9/ubi origin"}, nil},
		// Without a prefix, the location is the prefix.
		{"etc-containers", "gcr.io/distroless/base", false, []string{"://gcr.io/v2 distroless/base origin"}, []string{"mirror.corp.example:5000/distroless"}},
		{"etc-containers", "gcr.io/distroless/base", true, []string{"://mirror.corp.example:5000/v2 distroless/base", "://gcr.io/v2 distroless/base origin"}, nil},
		// The later file of registries.conf.d counts.
		{"etc-containers", "quay.io/coreos/etcd", false, []string{"://mirror2.corp.example/v2 coreos/etcd origin settings"}, nil},
		{"etc-containers/registries.conf", "quay.io/coreos/etcd", false, []string{"://mirror2.corp.example/v2 coreos/etcd origin settings"}, nil},
		{"etc-containers/registries.conf.d", "quay.io/coreos/etcd", false, []string{"://mirror2.corp.example/v2 coreos/etcd origin settings"}, nil},
		{"etc-containers", "ghcr.io/a/b", false, []string{"://ghcr.io/v2 a/b origin"}, nil},

		// The order is that of the file. Without "resolve" a host gets no tag.
		{"certs.d", "docker.io/library/nginx", false, []string{
			"https://zz-first.corp.example/v2 hub-proxy/library/nginx ns=docker.io settings",
			"http://127.0.0.1:5000/v2 library/nginx ns=docker.io",
			"https://docker.io/v2 library/nginx origin"}, []string{"aa-second.corp.example"}},
		{"certs.d", "docker.io/library/nginx", true, []string{
			"https://zz-first.corp.example/v2 hub-proxy/library/nginx ns=docker.io settings",
			"https://aa-second.corp.example/artifactory/api/docker/hub/v2 library/nginx ns=docker.io settings",
			"http://127.0.0.1:5000/v2 library/nginx ns=docker.io",
			"https://docker.io/v2 library/nginx origin"}, nil},
		{"certs.d/docker.io/hosts.toml", "docker.io/library/nginx", false, []string{
			"https://zz-first.corp.example/v2 hub-proxy/library/nginx ns=docker.io settings",
			"http://127.0.0.1:5000/v2 library/nginx ns=docker.io",
			"https://docker.io/v2 library/nginx origin"}, []string{"aa-second.corp.example"}},
		{"certs.d/docker.io", "quay.io/a/b", false, []string{"://quay.io/v2 a/b origin"}, nil},
		// host_5000_ is the folder of host:5000.
		{"certs.d", "registry.corp.example:5000/a/b", false, []string{"://registry.corp.example:5000/v2 a/b origin settings"}, nil},
		{"certs.d", "quay.io/a/b", false, []string{"https://any.corp.example/v2 a/b ns=quay.io", "://quay.io/v2 a/b origin"}, nil},

		// The first rewrite that changes the name counts. The registry itself as the last
		// endpoint is asked once.
		{"k3s", "docker.io/rancher/coredns", false, []string{
			"https://registry.example.com:5000/v2 mirrorproject/rancher-images/coredns ns=docker.io settings",
			"https://harbor.example.com/v2 hub-proxy/mirrorproject/rancher-images/coredns ns=docker.io settings",
			"https://docker.io/v2 mirrorproject/rancher-images/coredns origin"}, nil},
		{"k3s/registries.yaml", "quay.io/a/b", true, []string{
			"https://registry.example.com:5000/v2 a/b ns=quay.io settings",
			"http://localhost:5000/v2 a/b ns=quay.io",
			"://quay.io/v2 a/b origin"}, nil},
		// A registry without endpoints is like every other one.
		{"k3s", "ghcr.io/a/b", false, []string{
			"https://registry.example.com:5000/v2 a/b ns=ghcr.io settings",
			"http://localhost:5000/v2 a/b ns=ghcr.io",
			"://ghcr.io/v2 a/b origin"}, nil},
		{"k3s", "registry.example.com:5000/a/b", false, []string{"://registry.example.com:5000/v2 a/b origin settings"}, nil},
	} {
		c, err := Read(filepath.Join("testdata", test.path))
		if err != nil {
			t.Errorf("%s: %v", test.path, err)
			continue
		}
		if len(c.Warnings) > 0 {
			t.Errorf("%s: %q", test.path, c.Warnings)
		}
		route := c.Route(test.repository, test.byDigest)
		var got []string
		for _, e := range route.Endpoints {
			got = append(got, described(e))
		}
		if !slices.Equal(got, test.want) || !slices.Equal(route.NotForTags, test.notForTags) {
			t.Errorf("%s, %s by digest %v:\ngot  %s, not %q\nwant %s, not %q", test.path, test.repository, test.byDigest,
				strings.Join(got, "\n     "), route.NotForTags, strings.Join(test.want, "\n     "), test.notForTags)
		}
		if (route.Blocked != "") != strings.HasPrefix(test.repository, "docker.io/secret/") {
			t.Errorf("%s, %s: blocked: %q", test.path, test.repository, route.Blocked)
		}
		if route.OneForAll != strings.HasPrefix(test.path, "etc-containers") {
			t.Errorf("%s: OneForAll is %v", test.path, route.OneForAll)
		}
	}
}

// TestSettings shows certificates, headers and logins. Paths are relative to the file.
func TestSettings(t *testing.T) {
	endpoint := func(path, repository string, i int) *Settings {
		c, err := Read(filepath.Join("testdata", path))
		if err != nil {
			t.Fatal(err)
		}
		return c.Route(repository, true).Endpoints[i].Settings
	}
	first := endpoint("certs.d", "docker.io/library/nginx", 0)
	if len(first.CAs) != 1 || first.CAs[0] != filepath.Join("testdata", "certs.d", "docker.io", "ca.crt") || first.Header["x-corp-token"][0] != "t0ken-one" || first.SkipVerify != nil {
		t.Errorf("%+v", first)
	}
	second := endpoint("certs.d", "docker.io/library/nginx", 1)
	folder := filepath.Join("testdata", "certs.d", "docker.io")
	pairs := []KeyPair{{filepath.Join(folder, "client.cert"), filepath.Join(folder, "client.key")}, {filepath.Join(folder, "both.pem"), filepath.Join(folder, "both.pem")}}
	if !slices.Equal(second.Pairs, pairs) || second.SkipVerify == nil || !*second.SkipVerify {
		t.Errorf("%+v", second)
	}
	if cas := endpoint("certs.d", "registry.corp.example:5000/a", 0).CAs; len(cas) != 2 || cas[0] != "/etc/ssl/corp.pem" {
		t.Errorf("%q", cas)
	}
	if login := endpoint("k3s", "docker.io/rancher/x", 0).Login; login != (Login{Username: "robot", Password: "p4ssw0rd-of-robot"}) {
		t.Errorf("%+v", login)
	}
	harbor := endpoint("k3s", "docker.io/rancher/x", 1)
	if harbor.Login != (Login{Username: "robot", Password: "harbor-secret"}) || harbor.Pairs[0].Key != filepath.Join("testdata", "k3s", "client.key") {
		t.Errorf("%+v", harbor)
	}
}

// TestWhatWasRead shows the names and the digest of what was read.
func TestWhatWasRead(t *testing.T) {
	one, err := Read("testdata/k3s")
	if err != nil || len(one.Files) != 1 || one.Format != "registries.yaml of k3s or rke2" {
		t.Errorf("%+v, %v", one, err)
	}
	several, err := Read("testdata/etc-containers")
	if err != nil || len(several.Files) != 4 || len(several.SHA256) != 64 || several.SHA256 == one.SHA256 {
		t.Errorf("%+v, %v", several, err)
	}
	// The digest of one file is that of its bytes, as sha256sum prints it.
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "registries.conf"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if empty, err := Read(folder); err != nil || empty.SHA256 != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" {
		t.Errorf("%+v, %v", empty, err)
	}
}

// TestDockerFolder shows that a folder of certs.d without hosts.toml is read as
// Docker's.
func TestDockerFolder(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"r.example_5000_/ca.crt", "r.example_5000_/client.cert", "r.example_5000_/client.key", "not a host/hosts.toml"} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	s := c.Route("r.example:5000/a", false).Endpoints[0].Settings
	if s == nil || len(s.CAs) != 1 || len(s.Pairs) != 1 || !strings.HasSuffix(s.Pairs[0].Key, "client.key") {
		t.Errorf("%+v", s)
	}
	if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "is no registry") {
		t.Errorf("%q", c.Warnings)
	}
}

// TestWrong shows the errors and warnings, with file and line. None shows a secret.
func TestWrong(t *testing.T) {
	for _, test := range []struct{ name, content, want string }{
		{"registries.conf", "[[registry]]\nprefix = \"docker.io\"\n\n[[registry]]\nblocked = true\n", "registries.conf:4: [[registry]] has neither a prefix nor a location"},
		{"registries.conf", "[[registry]]\nprefix = \"docker.io\n", "registries.conf:2: the file is no TOML"},
		{"registries.conf", "[[registry]]\nlocation = \"https://r.example\"\n", "registries.conf:1: location = \"https://r.example\": leave out the scheme"},
		{"registries.conf", "[[registry]]\nlocation = \"r.example/UP\"\n", "its path is no name"},
		{"registries.conf", "[[registry]]\nlocation = \"r.example\"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = \"m\"\npull-from-mirror = \"tag-only\"\n", "exclude each other"},
		{"registries.conf", "[[registry]]\nlocation = \"r.example\"\n[[registry.mirror]]\nlocation = \"m\"\npull-from-mirror = \"never\"\n", `pull-from-mirror = "never": want all, digest-only or tag-only`},
		{"registries.conf", "[[registry]]\nprefix = \"*.example.com/a\"\n", "want *.HOST"},
		{"registries.conf", "[registries.search]\nregistries = [\"docker.io\"]\n", "version 1 of registries.conf"},
		{"registries.conf", "[[registry]]\nlocation = \"r.example\"\ninsecur = true\n", "warning: registries.conf: the key registry.insecur is not known"},
		{"registries.conf", "mirrors = 1\n", "no key of this file is one of registries.conf"},
		{"registries.conf", strings.Repeat("#", maxFile+1), "more than 1048576 bytes"},
		{"d/hosts.toml", "x = 1\n", "warning: d/hosts.toml: the key x is not known"},
		{"d/hosts.toml", "[host.\"https://m.example\"]\ncapabilities = [\"fly\"]\n", `d/hosts.toml:1: host "https://m.example": capabilities: "fly" is none of`},
		{"d/hosts.toml", "\n\n[host.\"ftp://m.example\"]\n", "d/hosts.toml:3: host \"ftp://m.example\": want https://"},
		{"d/hosts.toml", "[host.\"https://m.example\".header]\nAuthorization = \"Bearer s3cret\n", "d/hosts.toml:2: the file is no TOML"},
		{"d/hosts.toml", "[host.\"https://m.example\".header]\nAuthorization = s3cret\n", "d/hosts.toml:2: the file is no TOML"},
		{"d/hosts.toml", "[host.\"https://m.example\".header]\nAuthorization = [1, \"s3cret\"]\n", `header "Authorization": want a text`},
		{"d/hosts.toml", "[host.\"https://m.example\".header]\nAuthorization = \"s3cret\\nX: y\"\n", `header "Authorization": want a text`},
		{"d/hosts.toml", "[host.\"https://m.example\".rewrite]\n\"(\" = \"x\"\n", "d/hosts.toml:1: host \"https://m.example\": rewrite \"(\""},
		{"d/hosts.toml", "server = \"https://robot:s3cret@m.example\"\n", "d/hosts.toml:1: want https://"},
		{"registries.yaml", "mirrors:\n  docker.io:\n    endpoint: https://m.example\n", "registries.yaml:3: endpoint: want a list of URLs"},
		{"registries.yaml", "mirrors:\n  docker.io:\n    endpoint: [\"nowhere:\"]\n", "registries.yaml:3: endpoint: want https://"},
		{"registries.yaml", "mirrors:\n  docker.io:\n    rewrite: {\"(\": x}\n", "registries.yaml:3: rewrite \"(\""},
		{"registries.yaml", "configs:\n  r.example:\n    auth: s3cret\n", "registries.yaml:3: auth: want keys with values"},
		{"registries.yaml", "configs:\n  r.example:\n    auth: {password: [s3cret]}\n", "registries.yaml:3: password: want a text"},
		{"registries.yaml", "configs:\n  r.example:\n    auth: {auth: s3cret}\n", "registries.yaml:3: auth: want the base64"},
		{"registries.yaml", "configs:\n  r.example:\n    tls: {insecure_skip_verify: perhaps}\n", "registries.yaml:3: insecure_skip_verify: want true or false"},
		{"registries.yaml", "configs:\n  r.example:\n    auth: {passwort: s3cret}\n", "warning: registries.yaml:3: the key passwort is not known"},
		{"registries.yaml", "configs:\n  r.example:\n  auth: {passwort: *s3cret}\n", "registries.yaml: the file is no YAML"},
		{"registries.yaml", "items: []\n", "neither mirrors nor configs"},
		{"registries.yaml", "", "is empty"},
		{"other.txt", "[host.\"https://m.example\"]\n", "reads as a hosts.toml of containerd"},
		{"nothing/here.txt", "", "has no registries.conf, no registries.conf.d, no HOST/hosts.toml and no registries.yaml"},
	} {
		t.Chdir(t.TempDir())
		if folder := filepath.Dir(test.name); folder != "." {
			if err := os.MkdirAll(folder, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(test.name, []byte(test.content), 0o666); err != nil {
			t.Fatal(err)
		}
		path := test.name
		if strings.HasPrefix(test.name, "nothing") {
			path = "nothing"
		}
		c, err := Read(path)
		got := fmt.Sprint(err)
		if err == nil {
			got = "warning: " + strings.Join(c.Warnings, "; ")
		}
		folder, _ := os.Getwd()
		got = strings.ReplaceAll(got, folder+string(filepath.Separator), "")
		if !strings.Contains(got, test.want) || strings.Contains(got, "s3cret") {
			t.Errorf("%s: %s\n%s\nwant %s", test.name, test.content[:min(len(test.content), 100)], got, test.want)
		}
	}
}

// FuzzTOML shows that no registries.conf and no hosts.toml breaks the reader, and that
// what it makes of a name is the name of a repository, or is called broken.
func FuzzTOML(f *testing.F) {
	for _, path := range []string{"etc-containers/registries.conf", "etc-containers/registries.conf.d/200-quay.conf", "certs.d/docker.io/hosts.toml", "certs.d/_default/hosts.toml"} {
		content, err := os.ReadFile(filepath.Join("testdata", path))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		containers := containersRules{}
		if err := containers.add(&Config{}, "registries.conf", content); err == nil {
			checkRoutes(t, containers)
		}
		if hosts, err := parseHosts(&Config{}, "hosts.toml", content); err == nil {
			checkRoutes(t, hostRules{anyHost: hosts})
		}
	})
}

// TestTruth reads the words for true and false that k3s reads.
func TestTruth(t *testing.T) {
	for word, want := range map[string]bool{"true": true, "True": true, "yes": true, "on": true, "false": false, "off": false, "~": false} {
		p := &rancherParser{file: "registries.yaml", config: &Config{}, settings: map[string]*Settings{}, rules: hostRules{}}
		err := p.parse([]byte("configs:\n  r.example:\n    tls: {insecure_skip_verify: " + word + "}\n"))
		s := p.settings["r.example"]
		if err != nil || s == nil || s.SkipVerify == nil || *s.SkipVerify != want {
			t.Errorf("%s: got %+v, %v; want %t", word, s, err, want)
		}
	}
}

// FuzzYAML does the same for registries.yaml.
func FuzzYAML(f *testing.F) {
	content, err := os.ReadFile("testdata/k3s/registries.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Add([]byte("mirrors: &a\n  docker.io: *a\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		p := &rancherParser{file: "registries.yaml", config: &Config{}, settings: map[string]*Settings{}, rules: hostRules{}}
		if p.parse(content) == nil {
			checkRoutes(t, p.rules)
		}
	})
}

func checkRoutes(t *testing.T, r rules) {
	c := &Config{Format: "a file", rules: r}
	for _, repository := range []string{"docker.io/library/nginx", "quay.io/a/b", "r.example:5000/a"} {
		for _, byDigest := range []bool{true, false} {
			for _, e := range c.Route(repository, byDigest).Endpoints {
				if e.Host == "" || e.Broken == "" && !isRepository(e.Repository) || e.Base != "" && e.Base[0] != '/' {
					t.Errorf("%s: %s", repository, described(e))
				}
			}
		}
	}
}
