package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"mvrun/engine/registry/memory"
	"mvrun/validate"
)

// These tests search every output of mvrun for secrets that they have planted.

// wantNoSecret fails a script if what the last command wrote to standard error, or a results
// file or failed list, has the value of a variable whose name says that it is a secret.
// Standard output is the script's own.
func wantNoSecret(ts *testscript.TestScript) {
	outputs := map[string]string{"standard error": ts.ReadFile("stderr")}
	for _, pattern := range []string{"*.jsonl", "*-failed*.txt"} {
		files, _ := filepath.Glob(filepath.Join(ts.Getenv("WORK"), pattern))
		for _, file := range files {
			outputs[file] = ts.ReadFile(file)
		}
	}
	for _, name := range []string{"SECRET", "TOKEN", "CORP_PASSWORD", "SOURCE_PASSWORD", "DEST_PASSWORD"} {
		value := strings.TrimSpace(ts.Getenv(name))
		for place, text := range outputs {
			if len(value) >= 6 && strings.Contains(text, value) {
				ts.Fatalf("%s shows %s", place, name)
			}
		}
	}
}

const (
	plantedUser     = "robot"
	plantedPassword = `p&ss w0rd/"planted"+secret`
	plantedToken    = "eyJwbGFudGVk.t0ken-of-the-server_0123456789"
)

// planted returns the secrets in the forms in which they may stand in a text, and the
// beginnings of these forms, since a text may be cut.
func planted() []string {
	var forms []string
	for _, secret := range []string{plantedPassword, plantedToken, base64.StdEncoding.EncodeToString([]byte(plantedUser + ":" + plantedPassword))} {
		inJSON, _ := json.Marshal(secret)
		quoted := strconv.Quote(secret)
		forms = append(forms, secret, url.QueryEscape(secret), url.PathEscape(secret), string(inJSON[1:len(inJSON)-1]), quoted[1:len(quoted)-1])
	}
	for i, form := range forms {
		forms[i] = form[:10]
	}
	return forms
}

// parrot is a registry that repeats the login and the token in its answers.
type parrot struct {
	*memory.Registry
	kind   string // where it repeats them
	bearer bool
}

func (p *parrot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, password, _ := r.BasicAuth()
	authorization := r.Header.Get("Authorization")
	said := strings.TrimSpace(password + " " + authorization)
	switch {
	case r.URL.Path == "/token" && p.kind == "token":
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, "no token for %s", said)
	case r.URL.Path == "/token" && p.kind == "token redirect":
		http.Redirect(w, r, "http://"+url.PathEscape(password)+"@"+r.Host+"/other/"+url.PathEscape(said)+"?p="+url.QueryEscape(said), http.StatusFound)
	case r.URL.Path == "/token":
		fmt.Fprintf(w, `{"token":%q}`, plantedToken)
	case authorization == "" && p.bearer:
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="parrot"`, r.Host))
		w.WriteHeader(http.StatusUnauthorized)
	case authorization == "":
		w.Header().Set("WWW-Authenticate", `Basic realm="parrot"`)
		w.WriteHeader(http.StatusUnauthorized)
	case !strings.HasPrefix(r.URL.Path, "/v2/team/app/"), !p.repeat(w, r, said):
		p.Registry.ServeHTTP(w, r)
	}
}

// repeat answers with what the client has said. It returns false if this request is to
// be answered as usual.
func (p *parrot) repeat(w http.ResponseWriter, r *http.Request, said string) bool {
	inJSON, _ := json.Marshal(said)
	quoted := string(inJSON)
	isManifest, isTag := strings.Contains(r.URL.Path, "/manifests/"), !strings.Contains(r.URL.Path, "sha256:")
	text := func(status int, contentType, body string) bool {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		fmt.Fprint(w, body)
		return true
	}
	index := func(body string, args ...any) bool {
		return text(http.StatusOK, "application/vnd.oci.image.index.v1+json", fmt.Sprintf(body, args...))
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/tags/list"):
		w.Header().Set("Link", "</v2/"+url.PathEscape(said)+"?last="+url.QueryEscape(said)+`>; rel="next"`)
		return text(http.StatusOK, "application/json", `{"name":"a","tags":["1",`+quoted+`]}`)
	case !isManifest:
		return false
	case p.kind == "messages":
		return text(http.StatusForbidden, "application/json", `{"errors":[{"code":`+quoted+`,"message":`+quoted+`,"detail":`+quoted+`}]}`)
	case p.kind == "cut":
		return text(http.StatusForbidden, "application/json", `{"errors":[{"code":"DENIED","message":"`+strings.Repeat("x", 478)+" "+quoted[1:]+`}]}`)
	case p.kind == "page":
		return text(http.StatusForbidden, "text/html", "<title>"+said+"</title>")
	case p.kind == "text":
		return text(http.StatusNotFound, "text/plain", url.QueryEscape(said)+" "+quoted)
	case p.kind == "body":
		return text(http.StatusOK, "application/json", said)
	case p.kind == "content type":
		return text(http.StatusOK, said, "{}")
	case p.kind == "media type":
		return text(http.StatusOK, "application/json", `{"schemaVersion":2,"mediaType":`+quoted+`,"artifactType":`+quoted+`,"config":{"mediaType":`+quoted+`,"digest":`+quoted+`}}`)
	case p.kind == "digest" && isTag:
		w.Header().Set("Docker-Content-Digest", "sha256:"+said)
		return text(http.StatusOK, "application/vnd.oci.image.index.v1+json", `{"schemaVersion":2,"manifests":[]}`)
	case p.kind == "platform" && isTag:
		return index(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":2,"digest":"sha256:%064d",`+
			`"platform":{"architecture":"amd64","os":"linux","variant":%s,"os.version":%s,"os.features":[%s]},"annotations":{%s:%s}}]}`, 1, quoted, quoted, quoted, quoted, quoted)
	case p.kind == "child digest" && isTag:
		return index(`{"schemaVersion":2,"manifests":[{"mediaType":%s,"size":2,"digest":%s,"platform":{"architecture":"amd64","os":"linux"}}]}`, quoted, quoted)
	case p.kind == "redirect":
		http.Redirect(w, r, "http://"+url.PathEscape(said)+"@"+r.Host+"/"+url.PathEscape(said)+"?p="+url.QueryEscape(said), http.StatusFound)
		return true
	case p.kind == "redirect to a host":
		http.Redirect(w, r, "http://"+strings.NewReplacer("/", "-", "&", "-", `"`, "-", "+", "-", " ", "-").Replace(said)+".invalid/", http.StatusFound)
		return true
	case p.kind == "broken redirect":
		w.Header().Set("Location", "http://["+said+"/%zz"+said)
		w.WriteHeader(http.StatusFound)
		return true
	}
	return false
}

const parrotScript = `
def check(image):
    validate(image)
    validate(image, rules = "content", depth = "data")
    for ask in [inspect, referrers]:
        found = attempt(ask, image.source_reference)
        log.info(found.error or found.value)
        if found.value and ask == inspect:
            log.warn(found.value.labels)
    log.info(attempt(tags, image.source))
    return validate(image, rules = "content")

def main():
    results = parallel(check, load_list())
    log.info(results)
    write_failed(results)
    fail(attempt(inspect, results[0].image.source_reference))
`

// TestParrot shows that no output has a secret, wherever a registry repeats it.
func TestParrot(t *testing.T) {
	skipShort(t, "it starts many processes")
	for _, kind := range []string{"token", "token redirect", "messages", "cut", "page", "text", "body", "content type", "media type", "digest", "platform",
		"child digest", "redirect", "redirect to a host", "broken redirect", "nothing"} {
		for _, bearer := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, bearer %v", kind, bearer), func(t *testing.T) {
				t.Parallel()
				registry := &parrot{Registry: memory.New(), kind: kind, bearer: bearer}
				registry.PushImage("team/other", "1", newImage("linux/amd64", "a", nil))
				said := plantedPassword
				if bearer {
					said += " " + plantedToken
				}
				image := memory.Image{Platform: validate.Platform{OS: "linux", Architecture: "amd64", Variant: said, OSVersion: said}, Labels: map[string]string{said: said}, Env: []string{"A=" + said}}
				registry.PushList("team/app", "1", validate.TypeDockerList, registry.PushImage("team/app", "", image)) // for the kind "nothing"
				server := httptest.NewServer(registry)
				defer server.Close()
				host := strings.TrimPrefix(server.URL, "http://")
				for _, format := range []string{"text", "json"} {
					searchOutputs(t, host, "--log-format", format)
				}
			})
		}
	}
}

// searchOutputs runs the script of the test, and searches all outputs.
func searchOutputs(t *testing.T, host string, flags ...string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"list.txt": "team/app team/other 1\nteam/other team/app 1\n", "parrot.star": parrotScript} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command("mvrun", append([]string{"parrot.star", "-f", "list.txt", "-s", host, "-d", host, "--debug", "--results", "r.jsonl"}, flags...)...)
	command.Dir = dir
	command.Env = append(os.Environ(), "HOME="+dir, "SOURCE_USERNAME="+plantedUser, "SOURCE_PASSWORD="+plantedPassword, "DEST_USERNAME="+plantedUser, "DEST_PASSWORD="+plantedPassword)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err == nil {
		t.Errorf("the script did not fail:\n%s", &stderr)
	}
	outputs := map[string]string{"standard output": stdout.String(), "standard error": stderr.String()}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			var content []byte
			content, err = os.ReadFile(path)
			outputs[path] = string(content)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for place, text := range outputs {
		for line := range strings.Lines(text) {
			for _, form := range planted() {
				if strings.Contains(line, form) {
					t.Errorf("%s shows %q: %s", place, form, line)
				}
			}
			if len(line) > 16<<10 {
				t.Errorf("%s has a line of %d bytes", place, len(line))
			}
		}
	}
}

// TestLibrariesAreSilent shows that a JSON log has nothing but objects: package net/http would
// log what a registry sends without being asked, and Docker's library a wrong variable.
func TestLibrariesAreSilent(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 planted\r\n\r\n")
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	for _, config := range []string{"", `{"auths":{"r.example":{}},"credHelpers":{"r.example":"none"}}`} {
		dir := t.TempDir()
		command := exec.Command("mvrun", "validate.star", "-s", host, "-d", host, "--log-format", "json", "--debug")
		command.Dir, command.Stdin = dir, strings.NewReader("team/app team/app 1\nteam/app team/app 2\nteam/app team/app 3\n")
		command.Env = append(os.Environ(), "HOME="+dir, "DOCKER_AUTH_CONFIG="+config)
		var stderr bytes.Buffer
		command.Stderr = &stderr
		if err := command.Run(); err == nil {
			t.Error("the images passed")
		}
		for line := range strings.Lines(stderr.String()) {
			if !json.Valid([]byte(line)) {
				t.Errorf("%q stands in the log", line)
			}
		}
	}
}
