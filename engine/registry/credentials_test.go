package registry_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry"
	"mvrun/validate"
)

// locked returns a registry that wants a name and a password.
func locked(next http.Handler) *recorder {
	return record(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, given, _ := r.BasicAuth(); name != user || given != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
			return
		}
		next.ServeHTTP(w, r)
	}))
}

func TestLogin(t *testing.T) {
	r, pushed, config := filled()
	mine, other := locked(r), record(r)
	host, otherHost := serve(t, mine), serve(t, other)
	c := newClient(t, registry.Options{Logins: []registry.Login{
		{Side: validate.Source, Registry: host, Username: user, Password: password, From: "SOURCE_USERNAME"},
		{Side: validate.Destination, Registry: "elsewhere.example.com", Username: "nobody", Password: password, From: "DEST_USERNAME"},
	}})
	image := imagelist.Image{Source: host + "/library/app", Destination: otherHost + "/library/app", Tag: "1"}
	for _, need := range []validate.Need{head, manifest, blob(config)} {
		fact, requests, err := c.Read(t.Context(), image, need)
		if err != nil || fact.Digest != pushed.Digest && fact.Digest != config {
			t.Errorf("%+v: got %+v, %v", need, fact, err)
		}
		wantRequests(t, requests, 1)
	}
	read(t, c, image, validate.Need{Side: validate.Destination, Action: validate.ReadManifest})
	if got := other.authorizations(); len(got) > 0 {
		t.Errorf("another registry got %q", got)
	}

	// The login is for the source. The same registry as the destination does not get it.
	before := len(mine.authorizations())
	_, _, err := c.Read(t.Context(), app(host), validate.Need{Side: validate.Destination, Action: validate.ReadManifest})
	wantError(t, err, validate.Unauthorized, "401 Unauthorized: UNAUTHORIZED authentication required (no credentials for "+host+"; run \"docker login "+host+"\"; or there is no such repository)")
	if got := mine.authorizations()[before:]; len(got) > 0 {
		t.Errorf("the destination got %q", got)
	}
}

func TestLoginWrong(t *testing.T) {
	r, _, _ := filled()
	mine := locked(r)
	host := serve(t, mine)
	c := newClient(t, registry.Options{Logins: []registry.Login{
		{Side: validate.Source, Registry: host, Username: user, Password: secret + "-wrong", From: "SOURCE_USERNAME"},
	}})
	for _, need := range []validate.Need{head, manifest, blob(validate.Digest("sha256", nil))} {
		_, requests, err := c.Read(t.Context(), app(host), need)
		wantError(t, err, validate.Unauthorized, "401 Unauthorized", "with the credentials for "+host+" of SOURCE_USERNAME")
		wantRequests(t, requests, 1) // a second attempt with the same password could lock the account
	}
}

// A login wins over the Docker configuration. The user may give it because the
// configuration is wrong.
func TestLoginBeforeConfiguration(t *testing.T) {
	r, _, _ := filled()
	host := serve(t, locked(r))
	dockerConfig(t, fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, encoded(user, "old")))
	c := newClient(t, registry.Options{Logins: []registry.Login{{Registry: host, Username: user, Password: password}}})
	read(t, c, app(host), head)
}

func encoded(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
}

// write writes a file below a new folder, and returns its folder.
func write(t *testing.T, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(path)
}

func dockerConfig(t *testing.T, content string) {
	t.Helper()
	t.Setenv("DOCKER_CONFIG", write(t, "config.json", content, 0o600))
}

// auths returns a configuration with the right password for a registry.
func auths(host string) string {
	return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, encoded(user, password))
}

// nobody is a configuration that has no entry for the registries of these tests.
const nobody = `{"auths":{"elsewhere.example.com":{"auth":"bm9ib2R5OngK"}}}`

func TestConfiguration(t *testing.T) {
	podman := func(t *testing.T, variable, host string) {
		t.Setenv(variable, filepath.Dir(write(t, "containers/auth.json", auths(host), 0o600)))
	}
	authFile := func(t *testing.T, content string) {
		t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(write(t, "auth.json", content, 0o600), "auth.json"))
	}
	helper := func(t *testing.T, script string) {
		t.Setenv("PATH", write(t, "docker-credential-x", "#!/bin/sh\n"+script, 0o700)+":"+os.Getenv("PATH"))
	}
	for _, test := range []struct {
		name string
		set  func(t *testing.T, host string)
	}{
		{"Docker's auths", func(t *testing.T, host string) { dockerConfig(t, auths(host)) }},
		{"Docker's auths with a scheme", func(t *testing.T, host string) { dockerConfig(t, auths("https://"+host+"/v2/")) }},
		{"Docker's username and password", func(t *testing.T, host string) {
			dockerConfig(t, fmt.Sprintf(`{"auths":{%q:{"username":%q,"password":%q}}}`, host, user, password))
		}},
		{"Docker in the home", func(t *testing.T, host string) {
			home := filepath.Dir(write(t, ".docker/config.json", auths(host), 0o600))
			t.Setenv("HOME", home)
			t.Setenv("DOCKER_CONFIG", filepath.Join(home, ".docker")) // needed because docker/cli finds the home folder only once per process
		}},
		{"helper of the registry", func(t *testing.T, host string) {
			helper(t, fmt.Sprintf(`read -r host; [ "$1 $host" = "get %s" ] && echo '{"ServerURL":"","Username":%q,"Secret":%q}'`, host, user, password))
			dockerConfig(t, fmt.Sprintf(`{"credHelpers":{%q:"x"}}`, host))
		}},
		{"helper of all registries", func(t *testing.T, host string) {
			helper(t, fmt.Sprintf(`echo '{"ServerURL":"","Username":%q,"Secret":%q}'`, user, password))
			dockerConfig(t, `{"credsStore":"x"}`)
		}},
		{"Podman beside a helper that has none", func(t *testing.T, host string) {
			helper(t, `echo "credentials not found in native keychain"; exit 1`)
			dockerConfig(t, `{"credsStore":"x"}`)
			authFile(t, auths(host))
		}},
		{"REGISTRY_AUTH_FILE", func(t *testing.T, host string) { authFile(t, auths(host)) }},
		{"REGISTRY_AUTH_FILE beside Docker", func(t *testing.T, host string) {
			dockerConfig(t, nobody)
			authFile(t, auths(host))
		}},
		{"XDG_RUNTIME_DIR", func(t *testing.T, host string) { podman(t, "XDG_RUNTIME_DIR", host) }},
		{"XDG_RUNTIME_DIR beside Docker", func(t *testing.T, host string) {
			dockerConfig(t, nobody)
			podman(t, "XDG_RUNTIME_DIR", host)
		}},
		{"XDG_CONFIG_HOME beside Docker", func(t *testing.T, host string) {
			dockerConfig(t, nobody)
			podman(t, "XDG_CONFIG_HOME", host)
		}},
		{"Podman in the home", func(t *testing.T, host string) {
			dockerConfig(t, nobody)
			t.Setenv("XDG_CONFIG_HOME", "")
			t.Setenv("HOME", filepath.Dir(filepath.Dir(write(t, ".config/containers/auth.json", auths(host), 0o600))))
		}},
		{"Docker before Podman", func(t *testing.T, host string) {
			dockerConfig(t, auths(host))
			authFile(t, fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, encoded(user, "old")))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, _, _ := filled()
			mine, other := locked(r), record(r)
			host, otherHost := serve(t, mine), serve(t, other)
			test.set(t, host)
			c := newClient(t, registry.Options{})
			// The configuration counts for both sides.
			for _, side := range []validate.Side{validate.Source, validate.Destination} {
				read(t, c, app(host), validate.Need{Side: side, Action: validate.HeadManifest})
			}
			if test.name == "helper of all registries" {
				return
			}
			read(t, c, app(otherHost), head)
			if got := other.authorizations(); len(got) > 0 {
				t.Errorf("another registry got %q", got)
			}
		})
	}
}

// Podman also has logins for namespaces of a registry. The login for the smallest
// namespace counts.
func TestConfigurationOfNamespaces(t *testing.T) {
	logins := func(host string, names ...string) string {
		var all []string
		for _, name := range names {
			all = append(all, fmt.Sprintf("%q:{%q:%q}", host+name, "auth", encoded("of "+name, password)))
		}
		return `{"auths":{` + strings.Join(all, ",") + `}}`
	}
	for _, test := range []struct {
		name   string
		podman []string // the namespaces for which Podman has logins
		docker bool     // whether Docker has a login for the registry
		want   map[string]string
	}{
		{"only logins for namespaces", []string{"/team", "/team/sub/app"}, false,
			map[string]string{"team/app": "/team", "team": "/team", "team/sub/app": "/team/sub/app", "team/sub/app/below": "/team/sub/app", "teams/app": "-", "other/team": "-"}},
		{"beside a login for the registry", []string{"", "/team"}, false, map[string]string{"team/app": "/team", "other/app": ""}},
		{"beside a login of Docker", []string{"/team"}, true, map[string]string{"team/app": "/team", "other/app": ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			seen := record(nil)
			seen.Handler = http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				if request.Header.Get("Authorization") == "" {
					w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
				}
				w.WriteHeader(http.StatusUnauthorized)
			})
			host := serve(t, seen)
			t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(write(t, "auth.json", logins(host, test.podman...), 0o600), "auth.json"))
			if test.docker {
				dockerConfig(t, logins(host, ""))
			}
			c := newClient(t, registry.Options{})
			for repository, want := range test.want {
				image := imagelist.Image{Source: host + "/" + repository, Tag: "1"}
				_, _, err := c.Read(t.Context(), image, head)
				words := "with the credentials for " + host + want
				if want == "-" {
					words = "no credentials for " + host
				}
				wantError(t, err, validate.Unauthorized, words)
				for _, request := range seen.requests("HEAD /v2/" + repository + "/manifests/") {
					got, _, _ := request.BasicAuth()
					if want == "-" && got != "" || want != "-" && got != "of "+want {
						t.Errorf("%s: the user was %q", repository, got)
					}
				}
			}
			if n := len(seen.requests("GET /v2/")); n > 3 { // one ping for each login
				t.Errorf("%d pings", n)
			}
		})
	}

	// Credentials of a script or a variable count more than those of the configuration.
	r, _, _ := filled()
	host := serve(t, locked(r))
	t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(write(t, "auth.json", logins(host, "/library"), 0o600), "auth.json"))
	c := newClient(t, registry.Options{Logins: []registry.Login{{Registry: host, Username: user, Password: password}}})
	read(t, c, app(host), head)
	if _, err := readWith(t, registry.Options{}, host, registry.Settings{Username: user, Password: password}); err != nil {
		t.Error(err)
	}
}

// Docker Hub has one name in lists, another in requests, and others in the
// configurations of Docker and Podman.
func TestConfigurationOfDockerHub(t *testing.T) {
	for _, test := range []struct {
		name string
		set  func(t *testing.T)
	}{
		{"login", func(*testing.T) {}},
		{"Docker", func(t *testing.T) { dockerConfig(t, auths("https://index.docker.io/v1/")) }},
		{"Podman", func(t *testing.T) {
			t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(write(t, "auth.json", auths("docker.io"), 0o600), "auth.json"))
		}},
		{"Podman beside Docker", func(t *testing.T) {
			dockerConfig(t, nobody)
			t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(write(t, "auth.json", auths("docker.io"), 0o600), "auth.json"))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.set(t)
			r, pushed, _ := filled()
			network := newPipes()
			network.serve(t, "index.docker.io:443", locked(r))
			o := registry.Options{Insecure: true, Dial: network.dial}
			if test.name == "login" {
				o.Logins = []registry.Login{{Registry: "docker.io", Username: user, Password: password}}
			}
			if fact := read(t, newClient(t, o), app("docker.io"), head); fact.Digest != pushed.Digest {
				t.Errorf("got %+v", fact)
			}
		})
	}
}

// TestConfigurationSpelling shows that a login is found under any spelling of the
// registry's name.
func TestConfigurationSpelling(t *testing.T) {
	podman := func(t *testing.T, key string) {
		t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(write(t, "auth.json", auths(key), 0o600), "auth.json"))
	}
	docker := func(t *testing.T, key string) { dockerConfig(t, auths(key)) }
	for _, test := range []struct {
		name, host string
		set        func(t *testing.T, key string)
		key        string
		settings   registry.Settings
	}{
		{"Docker, in capitals", "r.example", docker, "R.Example", registry.Settings{}},
		{"Docker, a URL in capitals", "r.example", docker, "https://R.Example/v2/", registry.Settings{}},
		{"Podman, in capitals", "r.example", podman, "R.Example", registry.Settings{}},
		{"Podman, a namespace in capitals", "r.example", podman, "R.Example/library", registry.Settings{}},
		{"Podman, another name of Docker Hub", "docker.io", podman, "index.docker.io", registry.Settings{}},
		{"Podman, the third name of Docker Hub", "docker.io", podman, "registry-1.docker.io", registry.Settings{}},
		{"Docker, the endpoint is another name of Docker Hub", "docker.io", docker, "https://index.docker.io/v1/", registry.Settings{Endpoint: "Registry-1.docker.io"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.set(t, test.key)
			r, pushed, _ := filled()
			network := newPipes()
			for _, address := range []string{"r.example:443", "index.docker.io:443", "registry-1.docker.io:443"} {
				network.serve(t, address, locked(r))
			}
			c := newClient(t, registry.Options{Insecure: true, Dial: network.dial})
			if err := c.Configure(test.host, test.settings); err != nil {
				t.Fatal(err)
			}
			if fact := read(t, c, app(test.host), head); fact.Digest != pushed.Digest {
				t.Errorf("got %+v", fact)
			}
		})
	}
}

func TestConfigurationBroken(t *testing.T) {
	r, _, _ := filled()
	seen := locked(r)
	host := serve(t, seen)
	for _, test := range []struct {
		name  string
		set   func(t *testing.T)
		words []string
	}{
		{"Docker", func(t *testing.T) { dockerConfig(t, `{"auths":{`) },
			[]string{"looking for credentials in the Docker configuration", "config.json"}},
		{"Docker's auth", func(t *testing.T) { dockerConfig(t, fmt.Sprintf(`{"auths":{%q:{"auth":"%s="}}}`, host, secret)) },
			[]string{"looking for credentials in the Docker configuration", "config.json"}},
		{"no helper", func(t *testing.T) { dockerConfig(t, `{"credsStore":"of-nobody"}`) },
			[]string{"looking for credentials in the Docker configuration", "docker-credential-of-nobody"}},
		{"broken helper", func(t *testing.T) {
			t.Setenv("PATH", write(t, "docker-credential-x", "#!/bin/sh\necho locked; exit 1", 0o700)+":"+os.Getenv("PATH"))
			dockerConfig(t, `{"credsStore":"x"}`)
		}, []string{"looking for credentials in the Docker configuration", "locked"}},
		{"helper that complains", func(t *testing.T) {
			t.Setenv("PATH", write(t, "docker-credential-x", "#!/bin/sh\nprintf 'no \\033[2Jkeyring\\n%05000d' 1 >&2; exit 1", 0o700)+":"+os.Getenv("PATH"))
			dockerConfig(t, `{"credsStore":"x"}`)
		}, []string{"docker-credential-x: ", "(no  [2Jkeyring 0000"}},
		{"helper that talks without end", func(t *testing.T) {
			t.Setenv("PATH", write(t, "docker-credential-x", "#!/bin/sh\nyes", 0o700)+":"+os.Getenv("PATH"))
			dockerConfig(t, `{"credsStore":"x"}`)
		}, []string{"docker-credential-x: ", "printed more than 1048576 bytes"}},
		{"Podman beside Docker", func(t *testing.T) {
			dockerConfig(t, nobody)
			t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(write(t, "auth.json", `{`, 0o600), "auth.json"))
		}, []string{"looking for credentials in Podman's auth.json", "auth.json: "}},
		{"Podman alone", func(t *testing.T) {
			t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(write(t, "auth.json", `{`, 0o600), "auth.json"))
		}, []string{"looking for credentials in Podman's auth.json", "auth.json: "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.set(t)
			before := len(seen.requests(""))
			_, requests, err := newClient(t, registry.Options{}).Read(t.Context(), app(host), head)
			wantError(t, err, validate.Unauthorized, test.words...)
			wantRequests(t, requests, 0)
			wantRequests(t, len(seen.requests(""))-before, 0) // no request is sent without the credentials
		})
	}
}

// The error for a refused password says where the password was found.
func TestConfigurationWrong(t *testing.T) {
	r, _, _ := filled()
	host := serve(t, locked(r))
	wrong := fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, encoded(user, secret+"-wrong"))
	for _, test := range []struct {
		name string
		set  func(t *testing.T)
		from string
	}{
		{"Docker", func(t *testing.T) { dockerConfig(t, wrong) }, "the Docker configuration"},
		{"Podman beside Docker", func(t *testing.T) {
			dockerConfig(t, nobody)
			t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(write(t, "auth.json", wrong, 0o600), "auth.json"))
		}, "Podman's auth.json"},
		{"Podman alone", func(t *testing.T) {
			t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(write(t, "auth.json", wrong, 0o600), "auth.json"))
		}, "Podman's auth.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.set(t)
			_, _, err := newClient(t, registry.Options{}).Read(t.Context(), app(host), head)
			wantError(t, err, validate.Unauthorized, "with the credentials for "+host+" of "+test.from)
		})
	}
}

// A ping is sent without credentials. If the registry refuses the ping, the hint must
// not say that there are no credentials.
func TestConfigurationAtPing(t *testing.T) {
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	login := registry.Login{Registry: host, Username: user, Password: password, From: "SOURCE_USERNAME"}
	_, _, err := newClient(t, registry.Options{Logins: []registry.Login{login}}).Read(t.Context(), app(host), head)
	wantError(t, err, validate.Unauthorized, "403 Forbidden (with the credentials for "+host+" of SOURCE_USERNAME)")

	dockerConfig(t, auths(host))
	_, _, err = newClient(t, registry.Options{}).Read(t.Context(), app(host), head)
	wantError(t, err, validate.Unauthorized, "403 Forbidden")
	if strings.Contains(err.Error(), "no credentials") {
		t.Error(err)
	}
}

// However many images need the credentials of a registry, the configuration is read
// once, and the helper is executed once.
func TestHelperRunsOnce(t *testing.T) {
	r, _, config := filled()
	host := serve(t, locked(r))
	runs := filepath.Join(t.TempDir(), "runs")
	t.Setenv("PATH", write(t, "docker-credential-x",
		fmt.Sprintf("#!/bin/sh\necho run >>%s\necho '{\"ServerURL\":\"\",\"Username\":%q,\"Secret\":%q}'", runs, user, password), 0o700)+":"+os.Getenv("PATH"))
	dockerConfig(t, `{"credsStore":"x"}`)
	c := newClient(t, registry.Options{})
	for _, need := range []validate.Need{head, manifest, blob(config)} {
		read(t, c, app(host), need)
	}
	got, err := os.ReadFile(runs)
	if err != nil || !reflect.DeepEqual(strings.Fields(string(got)), []string{"run"}) {
		t.Errorf("ran %q, %v", got, err)
	}
}
