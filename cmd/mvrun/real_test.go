package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine/registry/memory"
	"mvrun/engine/results"
	"mvrun/validate"
)

// These tests run the command with real programs, as Debian packages them:
// docker-registry 2.8, which still accepts schema 1, and skopeo.

// needPrograms skips the test if a program is missing. In CI the test fails instead.
func needPrograms(t *testing.T, names ...string) {
	t.Helper()
	skipShort(t, "real registries take seconds")
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("CI has to install %s", name)
			}
			t.Skipf("%v: install Debian's package %s", err, name)
		}
	}
}

const (
	realUser     = "mirror"
	realPassword = "s3cret-Word"
	// written by htpasswd -Bbn mirror s3cret-Word
	realHtpasswd = "mirror:$2y$05$gfv2wi7rC8g9ogcuftZ93eDGmrUnOUptNRYa89GepdVFShblkVknu\n"
)

// realRegistry is a docker-registry process.
type realRegistry struct {
	address string // host:port
	scheme  string
	login   bool
	dir     string // the folder of its blobs
}

// startReal starts a docker-registry. If secure is true, it uses TLS and wants a login.
func startReal(t *testing.T, secure bool) realRegistry {
	t.Helper()
	dir := t.TempDir()
	config := fmt.Sprintf("version: 0.1\nlog: {level: info}\nstorage:\n  filesystem: {rootdirectory: %s}\n  delete: {enabled: true}\ncompatibility: {schema1: {enabled: true}}\n", dir)
	r := realRegistry{scheme: "http", login: secure, dir: dir}
	if secure {
		r.scheme = "https"
		certificate, key := selfSigned(t, dir)
		htpasswd := filepath.Join(dir, "htpasswd")
		write(t, htpasswd, realHtpasswd)
		config += fmt.Sprintf("http: {addr: \"127.0.0.1:0\", tls: {certificate: %s, key: %s}}\nauth: {htpasswd: {realm: mirror, path: %s}}\n", certificate, key, htpasswd)
	} else {
		config += "http: {addr: \"127.0.0.1:0\"}\n"
	}
	file := filepath.Join(dir, "config.yml")
	write(t, file, config)
	command := exec.Command("docker-registry", "serve", file)
	log, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
	})
	lines := bufio.NewScanner(log)
	var said strings.Builder
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if found := regexp.MustCompile(`listening on ([0-9.:]+)`).FindStringSubmatch(lines.Text()); found != nil {
			r.address = found[1]
			go io.Copy(io.Discard, log) // ends with the process
			return r
		}
	}
	t.Fatalf("docker-registry does not listen:\n%s", said.String())
	return r
}

func selfSigned(t *testing.T, dir string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mirror"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, certificate, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})))
	return certificate, key
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// skopeo copies an image with the real skopeo.
func skopeo(t *testing.T, flags []string, from string, to realRegistry, name string) {
	t.Helper()
	args := append([]string{"copy", "--src-tls-verify=false", "--dest-tls-verify=false"}, flags...)
	if to.login {
		args = append(args, "--dest-creds", realUser+":"+realPassword)
	}
	args = append(args, "docker://"+from, "docker://"+to.address+"/"+name)
	if out, err := exec.Command("skopeo", args...).CombinedOutput(); err != nil {
		t.Fatalf("skopeo %v: %v\n%s", args, err, out)
	}
}

// call sends a request, to do things that no tool does. It returns the media type and
// the body of the answer.
func (r realRegistry) call(t *testing.T, method, path, contentType string, body []byte) (mediaType string, content []byte) {
	t.Helper()
	request, err := http.NewRequest(method, r.scheme+"://"+r.address+"/v2/"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if r.login {
		request.SetBasicAuth(realUser, realPassword)
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Accept", strings.Join(validate.ManifestTypes, ","))
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err = io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s %v", method, path, response.Status, content, err)
	}
	return response.Header.Get("Content-Type"), content
}

// listOfOne pushes a Docker list with one image under a tag. Hangar does this when it
// mirrors a single image.
func (r realRegistry) listOfOne(t *testing.T, repository, child, tag string, platform validate.Platform) {
	t.Helper()
	mediaType, body := r.call(t, http.MethodGet, repository+"/manifests/"+child, "", nil)
	list, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": validate.TypeDockerList, "manifests": []memory.Descriptor{{
			MediaType: mediaType, Size: len(body), Digest: validate.Digest("sha256", body), Platform: &platform,
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.call(t, http.MethodPut, repository+"/manifests/"+tag, validate.TypeDockerList, list)
}

// mvrun runs the command in this process. It returns the exit status, the output, and
// the records of the results file.
func mvrun(t *testing.T, environment map[string]string, list string, args ...string) (int, string, map[string]results.Record) {
	t.Helper()
	dir := t.TempDir()
	file, recorded := filepath.Join(dir, "list.txt"), filepath.Join(dir, "results.jsonl")
	write(t, file, list)
	var out bytes.Buffer
	args = append([]string{"validate.star", "-f", file, "-j", "4", "-o", filepath.Join(dir, "failed.txt"), "--results", recorded}, args...)
	status := run(args, job.Console{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, LookupEnv: func(name string) (string, bool) { value, ok := environment[name]; return value, ok }})
	content, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	records := map[string]results.Record{}
	for _, record := range recordsOf(t, recorded) {
		records[strings.TrimPrefix(record.Source[strings.Index(record.Source, "/"):], "/")+" "+record.Tag] = record
	}
	if strings.Contains(out.String()+string(content), realPassword) {
		t.Errorf("the password is shown:\n%s%s", out.String(), content)
	}
	return status, out.String(), records
}

func TestRealRegistries(t *testing.T) {
	needPrograms(t, "docker-registry", "skopeo")
	t.Setenv("HOME", t.TempDir()) // keeps the test from using credentials of this machine
	source, destination := startReal(t, false), startReal(t, true)

	origin := memory.New()
	server := httptest.NewServer(origin)
	defer server.Close()
	from := strings.TrimPrefix(server.URL, "http://") + "/"
	pushList(origin, "list", "1", "list", amd64, arm64, s390x)
	pushList(origin, "list", "2", "rebuilt", amd64, arm64)
	origin.PushImage("single", "1", memory.Image{Platform: amd64, Content: "single"})
	origin.PushImage("single", "2", memory.Image{Platform: amd64, Content: "single, rebuilt"})
	origin.PushImage("ocisingle", "1", memory.Image{Platform: amd64, Content: "ocisingle", OCI: true})
	var children []memory.Descriptor
	for _, platform := range []validate.Platform{amd64, arm64} {
		children = append(children, origin.PushImage("index", "", memory.Image{Platform: platform, Content: platform.String(), OCI: true}))
	}
	origin.PushList("index", "1", validate.TypeOCIIndex, children...)
	other := origin.PushImage("index", "", memory.Image{Platform: arm64, Content: "other", OCI: true})
	origin.PushList("index", "2", validate.TypeOCIIndex, children[0], other)

	all := []string{"--all"}
	toDocker, toSchema1 := []string{"--all", "--format", "v2s2"}, []string{"--format", "v2s1"}
	want := map[string]struct {
		status validate.Status
		detail string // the reason, or the match of a pass
	}{}
	expect := func(name string, status validate.Status, detail string) {
		want[name] = struct {
			status validate.Status
			detail string
		}{status, detail}
	}

	skopeo(t, all, from+"list:1", source, "copied:1")
	skopeo(t, all, from+"list:1", destination, "copied:1")
	expect("copied 1", validate.Pass, "identical")

	skopeo(t, all, from+"list:2", source, "stale:1")
	skopeo(t, all, from+"list:1", destination, "stale:1")
	expect("stale 1", validate.Fail, "digest-differs")

	skopeo(t, all, from+"list:1", source, "missing:1")
	expect("missing 1", validate.Fail, "destination-missing")

	skopeo(t, all, from+"list:1", source, "tooci:1")
	skopeo(t, []string{"--all", "--format", "oci"}, from+"list:1", destination, "tooci:1")
	expect("tooci 1", validate.Fail, "destination-type")

	skopeo(t, nil, from+"single:1", source, "plain:1")
	skopeo(t, nil, from+"single:1", destination, "plain:1")
	expect("plain 1", validate.Fail, "destination-type")

	skopeo(t, nil, from+"single:1", source, "single:1")
	skopeo(t, nil, from+"single:1", destination, "single:child")
	destination.listOfOne(t, "single", "child", "1", amd64)
	expect("single 1", validate.Pass, "same-platforms")

	skopeo(t, nil, from+"single:2", source, "singlestale:1")
	skopeo(t, nil, from+"single:1", destination, "singlestale:child")
	destination.listOfOne(t, "singlestale", "child", "1", amd64)
	expect("singlestale 1", validate.Fail, "digest-differs")

	skopeo(t, nil, from+"single:1", source, "mislabelled:1")
	skopeo(t, nil, from+"single:1", destination, "mislabelled:child")
	destination.listOfOne(t, "mislabelled", "child", "1", arm64)
	expect("mislabelled 1", validate.Fail, "platform-differs")

	skopeo(t, all, from+"index:1", source, "converted:1")
	skopeo(t, toDocker, from+"index:1", destination, "converted:1")
	expect("converted 1", validate.Pass, "converted")

	skopeo(t, all, from+"index:2", source, "convertedstale:1")
	skopeo(t, toDocker, from+"index:1", destination, "convertedstale:1")
	expect("convertedstale 1", validate.Fail, "digest-differs")

	skopeo(t, nil, from+"ocisingle:1", source, "ocisingle:1")
	skopeo(t, []string{"--format", "v2s2"}, from+"ocisingle:1", destination, "ocisingle:child")
	destination.listOfOne(t, "ocisingle", "child", "1", amd64)
	expect("ocisingle 1", validate.Pass, "converted")

	skopeo(t, toSchema1, from+"single:1", source, "old:1")
	skopeo(t, []string{"--format", "v2s2"}, source.address+"/old:1", destination, "old:child")
	destination.listOfOne(t, "old", "child", "1", amd64)
	expect("old 1", validate.Pass, "converted")

	skopeo(t, toSchema1, from+"single:2", source, "oldstale:1")
	skopeo(t, []string{"--format", "v2s2"}, from+"single:1", destination, "oldstale:child")
	destination.listOfOne(t, "oldstale", "child", "1", amd64)
	expect("oldstale 1", validate.Fail, "digest-differs")

	skopeo(t, all, from+"list:1", source, "lost:1")
	skopeo(t, all, from+"list:1", destination, "lost:1")
	_, body := destination.call(t, http.MethodGet, "lost/manifests/1", "", nil)
	manifest, err := validate.ParseManifest("", "sha256", body)
	if err != nil {
		t.Fatal(err)
	}
	destination.call(t, http.MethodDelete, "lost/manifests/"+manifest.Children[1].Digest, "", nil)
	expect("lost 1", validate.Fail, "child-missing")
	expect("lost "+manifest.Children[0].Digest, validate.Fail, "destination-type") // a line may have a digest as its tag

	expect("nowhere 1", validate.Error, "source-missing")

	var list strings.Builder
	for name := range want {
		repository, tag, _ := strings.Cut(name, " ")
		fmt.Fprintf(&list, "%s/%s %s/%s %s\n", source.address, repository, destination.address, repository, tag)
	}
	login := map[string]string{"DEST_USERNAME": realUser, "DEST_PASSWORD": realPassword}
	status, out, records := mvrun(t, login, list.String(), "--tls-verify=false", "--debug", "-d", destination.address, "--default-project", "")
	if status != job.ExitFailed {
		t.Errorf("exit status %d, want %d", status, job.ExitFailed)
	}
	for name, want := range want {
		got := records[name]
		if got.Status != want.status || string(got.Reason)+string(got.Match) != want.detail {
			t.Errorf("%s: %s %s%s (%s), want %s %s", name, got.Status, got.Reason, got.Match, got.Message, want.status, want.detail)
		}
	}
	if t.Failed() {
		t.Log(out)
	}

	one := source.address + "/copied " + destination.address + "/copied 1\n"
	for _, test := range []struct {
		name        string
		environment map[string]string
		args        []string
		status      int
		reason      validate.Reason
		message     string
	}{
		{"self-signed", login, []string{"-d", destination.address}, job.ExitUnchecked, validate.Unreachable, "--tls-verify=false"},
		{"no login", nil, []string{"--tls-verify=false"}, job.ExitUnchecked, validate.Unauthorized, "docker login " + destination.address},
		{"wrong password", map[string]string{"DEST_USERNAME": realUser, "DEST_PASSWORD": "guess"}, []string{"--tls-verify=false", "-d", destination.address}, job.ExitUnchecked, validate.Unauthorized, "DEST_USERNAME"},
		{"a login for the other side", map[string]string{"SOURCE_USERNAME": realUser, "SOURCE_PASSWORD": realPassword}, []string{"--tls-verify=false"}, job.ExitUnchecked, validate.Unauthorized, "no credentials"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, out, records := mvrun(t, test.environment, one, append(test.args, "--default-project", "")...)
			got := records["copied 1"]
			if status != test.status || got.Reason != test.reason || !strings.Contains(got.Message, test.message) {
				t.Errorf("exit status %d, %s: %s; want %d, %s: …%s…\n%s", status, got.Reason, got.Message, test.status, test.reason, test.message, out)
			}
		})
	}

	t.Run("a folder with the registry's certificate", func(t *testing.T) {
		folder := filepath.Join(os.Getenv("HOME"), ".config/containers/certs.d", destination.address)
		certificate, err := os.ReadFile(filepath.Join(destination.dir, "cert.pem"))
		if err := errors.Join(err, os.MkdirAll(folder, 0o700)); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, "ca.crt"), string(certificate))
		if status, out, _ := mvrun(t, login, one, "-d", destination.address, "--default-project", ""); status != job.ExitOK {
			t.Errorf("exit status %d\n%s", status, out)
		}
	})
}

// TestRealInspection inspects images of a registry that has no referrers API. The login
// is for the destination, and one image is a schema 1 image.
func TestRealInspection(t *testing.T) {
	needPrograms(t, "docker-registry", "skopeo")
	t.Setenv("HOME", t.TempDir())
	mirror := startReal(t, true)
	origin := memory.New()
	server := httptest.NewServer(origin)
	defer server.Close()
	from := strings.TrimPrefix(server.URL, "http://") + "/"
	pushed := origin.PushImage("app", "1", memory.Image{Platform: amd64, Content: "app", Labels: map[string]string{"team": "shop"}})
	origin.PushImage("signature", "1", memory.Image{Platform: amd64, Content: "signature", OCI: true})
	skopeo(t, nil, from+"app:1", mirror, "app:1")
	skopeo(t, []string{"--format", "v2s1"}, from+"app:1", mirror, "app:schema1")
	tag := strings.Replace(pushed.Digest, ":", "-", 1)
	skopeo(t, nil, from+"signature:1", mirror, "app:"+tag+".sig")
	_, body := mirror.call(t, http.MethodGet, "app/manifests/"+tag+".sig", "", nil)
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": validate.TypeOCIIndex, "manifests": []validate.Descriptor{
		{MediaType: validate.TypeOCIManifest, Digest: validate.Digest("sha256", body), Size: int64(len(body)), ArtifactType: "application/spdx+json"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	mirror.call(t, http.MethodPut, "app/manifests/"+tag, validate.TypeOCIIndex, index)

	script := filepath.Join(t.TempDir(), "look.star")
	write(t, script, `
def main(app):
    for tag in ["1", "schema1"]:
        found = inspect(app + ":" + tag)
        print(tag, [p.platform for p in found.platforms], found.labels, found.size != None)
    print(sorted([t for t in tags(app) if "-" not in t]))
    print([r.artifact_type for r in referrers(app + ":1")], referrers(app + ":schema1"))
    return 0
`)
	environment := map[string]string{"DEST_USERNAME": realUser, "DEST_PASSWORD": realPassword}
	var out, log bytes.Buffer
	status := run([]string{script, "-d", mirror.address, "--tls-verify=false", "--app", mirror.address + "/app"}, job.Console{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &log,
		LookupEnv: func(name string) (string, bool) { value, ok := environment[name]; return value, ok }})
	want := `1 ["linux/amd64"] {"team": "shop"} True
schema1 ["linux/amd64"] {"team": "shop"} False
["1", "schema1"]
["application/spdx+json"] []
`
	if status != 0 || out.String() != want {
		t.Errorf("exit status %d\n%s%s", status, out.String(), log.String())
	}
}
