package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine/registry/memory"
	"mvrun/starlib/source"
	"mvrun/validate"
)

// The tests of the command are the scripts in testdata/script. Each script starts its
// own registries in memory, pushes images to them, and compares what users see. The
// functions below are the commands of these scripts.

func TestMain(m *testing.M) {
	testscript.Main(m, programs)
}

// skipShort skips a test in short mode. why says why the test takes long.
func skipShort(t *testing.T, why string) {
	t.Helper()
	if testing.Short() {
		t.Skip("left out by -short: " + why)
	}
}

// programs are the programs that tests run as separate processes.
var programs = map[string]func(){"mvrun": main, "mvrun-registries": serveBenchRegistries, "mvrun-blobs": serveBenchBlobs}

// TestStarlark runs the tests of the examples and of the bundled modules, in the same
// way as users run their own tests.
func TestStarlark(t *testing.T) {
	var stdout, stderr strings.Builder
	status := run([]string{"test", "../../examples", "../../starlib/source/modules"}, job.Console{
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, LookupEnv: func(string) (string, bool) { return "", false },
	})
	if status != job.ExitOK {
		t.Errorf("exit status %d\n%s%s", status, stdout.String(), stderr.String())
	}
}

// TestExamplesHaveTests shows that every example and every bundled module has a test.
func TestExamplesHaveTests(t *testing.T) {
	for folder, use := range map[string]string{"examples": `run("%s"`, "starlib/source/modules": `load("@mvrun//%s"`} {
		files, err := filepath.Glob("../../" + folder + "/*.star")
		if err != nil {
			t.Fatal(err)
		}
		var scripts []string
		tests := ""
		for _, file := range files {
			if !strings.HasSuffix(file, source.TestSuffix) {
				scripts = append(scripts, filepath.Base(file))
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tests += string(source)
		}
		if len(scripts) == 0 {
			t.Errorf("there are no scripts in %s", folder)
		}
		for _, script := range scripts {
			if !strings.Contains(tests, fmt.Sprintf(use, script)) {
				t.Errorf("%s/%s is run by no test", folder, script)
			}
		}
	}
}

func TestScripts(t *testing.T) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	schema := resultsSchema(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir) // keeps the test from using credentials of this machine
			env.Setenv("EXAMPLES", examples)
			env.Setenv("README", filepath.Join(examples, "../README.md"))
			env.Values[registriesKey{}] = map[string]*fakeRegistry{}
			env.Values[interruptedKey{}] = new(*exec.Cmd)
			env.Values[networkKey{}] = new(*network)
			// Every results file that a script left behind keeps its promise.
			test := env.T().(testing.TB)
			env.Defer(func() {
				files, _ := filepath.Glob(filepath.Join(env.WorkDir, "*.jsonl"))
				for _, file := range files {
					if content, err := os.ReadFile(file); err == nil && bytes.HasPrefix(content, []byte(`{"type":"run"`)) {
						checkResults(test, schema, file)
					}
				}
			})
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"registry":  startRegistry,
			"host":      serveHost,
			"patient":   servePatient,
			"image":     pushImage,
			"list":      pushAList,
			"manifest":  pushManifest,
			"attach":    attach,
			"delete":    deleteManifest,
			"corrupt":   corrupt,
			"await":     awaitRequest,
			"interrupt": interrupt,
			"exited":    wantExited,
			"status":    wantStatus,
			"normal":    normalise,
			"wants":     wantErrors,
		},
	})
}

type registriesKey struct{}

// fakeRegistry is a registry that a script started.
type fakeRegistry struct {
	*memory.Registry
	address string
	fault   string
	faults  atomic.Int64 // how many more requests for manifests fail
	first   sync.Once
	asked   chan struct{} // closed at the first request for a manifest
}

// ServeHTTP makes requests fail as the fault of the registry says. With "hangs" the
// registry never answers. With a number, such as "503", every request for a manifest
// gets this status. With two numbers, such as "503:2", only the first two requests get
// it. With "HEAD=403", only HEAD requests for tags get it. With "spent" the registry
// answers as Docker Hub does when all pulls are used. With "page" a web page answers in
// its place. With "shutblobs" it refuses requests for blobs. With "store" it redirects
// them to a store that has none.
func (f *fakeRegistry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, "/manifests/") {
		f.first.Do(func() { close(f.asked) })
		if status, err := strconv.Atoi(f.fault); err == nil && f.faults.Add(-1) >= 0 {
			http.Error(w, `{"errors":[{"code":"DENIED","message":"as the test wants it"}]}`, status)
			return
		}
		if status, ok := strings.CutPrefix(f.fault, "HEAD="); ok && r.Method == http.MethodHead && !strings.Contains(r.URL.Path, "sha256:") {
			code, _ := strconv.Atoi(status)
			w.WriteHeader(code)
			return
		}
		if f.fault == "spent" {
			w.Header().Set("ratelimit-remaining", "0;w=21600")
			http.Error(w, `{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}`, http.StatusTooManyRequests)
			return
		}
		if f.fault == "page" {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, "<html><head><title>Our intranet</title></head><body>Nothing here.</body></html>")
			return
		}
		if f.fault == "hangs" {
			<-r.Context().Done()
			return
		}
	}
	if f.answerBlob(w, r) {
		return
	}
	f.Registry.ServeHTTP(w, r)
}

// answerBlob answers a request for a blob, or for the store, as the fault of the registry
// says. It returns false if the registry itself answers.
func (f *fakeRegistry) answerBlob(w http.ResponseWriter, r *http.Request) bool {
	isBlob := strings.Contains(r.URL.Path, "/blobs/")
	switch {
	case f.fault == "shutblobs" && isBlob:
		http.Error(w, `{"errors":[{"code":"DENIED","message":"as the test wants it"}]}`, http.StatusForbidden)
	case f.fault == "store" && isBlob && strings.HasPrefix(r.URL.Path, "/v2/"):
		http.Redirect(w, r, "/bucket"+r.URL.Path+"?X-Amz-Signature=s3cret", http.StatusTemporaryRedirect)
	case f.fault == "store" && strings.HasPrefix(r.URL.Path, "/bucket/"):
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>")
	default:
		return false
	}
	return true
}

func registries(ts *testscript.TestScript) map[string]*fakeRegistry {
	return ts.Value(registriesKey{}).(map[string]*fakeRegistry)
}

// startRegistry implements "registry NAME [FAULT]". The address of the registry is
// $NAME.
func startRegistry(ts *testscript.TestScript, _ bool, args []string) {
	f := &fakeRegistry{Registry: memory.New(), asked: make(chan struct{})}
	if len(args) > 1 {
		fault, times, limited := strings.Cut(args[1], ":")
		f.fault = fault
		f.faults.Store(math.MaxInt64)
		if limited {
			n, err := strconv.ParseInt(times, 10, 64)
			ts.Check(err)
			f.faults.Store(n)
		}
	}
	server := httptest.NewServer(f)
	ts.Defer(server.Close)
	f.address = strings.TrimPrefix(server.URL, "http://")
	registries(ts)[args[0]] = f
	ts.Setenv(args[0], f.address)
}

func registryOf(ts *testscript.TestScript, name string) *fakeRegistry {
	f, ok := registries(ts)[name]
	if !ok {
		ts.Fatalf("no registry %s", name)
	}
	return f
}

func parsePlatform(s string) validate.Platform {
	s, version, _ := strings.Cut(s, "=")
	parts := append(strings.Split(s, "/"), "")
	return validate.Platform{OS: parts[0], Architecture: parts[1], Variant: parts[2], OSVersion: version}
}

// newImage returns an image with a platform and a content. more may have "oci",
// "created=TIME" and labels, "LABEL=VALUE".
func newImage(platform, content string, more []string) memory.Image {
	image := memory.Image{Platform: parsePlatform(platform), Content: content, OCI: slices.Contains(more, "oci")}
	for _, word := range more {
		if label, value, ok := strings.Cut(word, "="); label == "created" {
			image.Created = value
		} else if ok {
			if image.Labels == nil {
				image.Labels = map[string]string{}
			}
			image.Labels[label] = value
		}
	}
	return image
}

// pushImage implements "image REGISTRY REPOSITORY TAG PLATFORM CONTENT [oci] [created=TIME] [LABEL=VALUE]...".
func pushImage(ts *testscript.TestScript, _ bool, args []string) {
	registryOf(ts, args[0]).PushImage(args[1], args[2], newImage(args[3], args[4], args[5:]))
}

// pushAList implements "list REGISTRY REPOSITORY TAG docker|oci [PLATFORM:CONTENT[:oci][:LABEL=VALUE]]...".
func pushAList(ts *testscript.TestScript, _ bool, args []string) {
	r := registryOf(ts, args[0])
	var children []memory.Descriptor
	for _, arg := range args[4:] {
		parts := strings.Split(arg, ":")
		children = append(children, r.PushImage(args[1], "", newImage(parts[0], parts[1], parts[2:])))
	}
	r.PushList(args[1], args[2], map[string]string{"docker": validate.TypeDockerList, "oci": validate.TypeOCIIndex}[args[3]], children...)
}

// attach implements "attach REGISTRY REPOSITORY TAG TYPE [SUFFIX]". It attaches an
// artifact to the image under the tag. With a suffix it pushes the artifact under a
// tag, as cosign does.
func attach(ts *testscript.TestScript, _ bool, args []string) {
	r := registryOf(ts, args[0])
	answer := httptest.NewRecorder()
	r.Registry.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/v2/"+args[1]+"/manifests/"+args[2], nil))
	subject := memory.Descriptor{MediaType: answer.Header().Get("Content-Type"), Digest: answer.Header().Get("Docker-Content-Digest"), Size: answer.Body.Len()}
	if len(args) == 4 {
		r.Attach(args[1], subject, args[3], "attached")
		return
	}
	r.PushImage(args[1], strings.Replace(subject.Digest, ":", "-", 1)+args[4], memory.Image{Content: args[3], OCI: true})
}

// pushManifest implements "manifest REGISTRY REPOSITORY TAG TYPE FILE".
func pushManifest(ts *testscript.TestScript, _ bool, args []string) {
	registryOf(ts, args[0]).PushManifest(args[1], args[2], args[3], []byte(ts.ReadFile(args[4])))
}

// deleteManifest implements "delete REGISTRY REPOSITORY PLATFORM CONTENT". It deletes
// the manifest of an image that a list names.
func deleteManifest(ts *testscript.TestScript, _ bool, args []string) {
	image := memory.New().PushImage(args[1], "", memory.Image{Platform: parsePlatform(args[2]), Content: args[3]})
	registryOf(ts, args[0]).Delete(args[1], image.Digest)
}

// corrupt implements "corrupt REGISTRY REPOSITORY TAG manifest|layer [once]". It spoils
// the manifest under the tag, or the layer of the image under the tag. With once, only
// the next answer is wrong.
func corrupt(ts *testscript.TestScript, _ bool, args []string) {
	r := registryOf(ts, args[0])
	digest := r.LayerOf(args[1], args[2]).Digest
	if args[3] == "manifest" {
		answer := httptest.NewRecorder()
		r.Registry.ServeHTTP(answer, httptest.NewRequest(http.MethodHead, "/v2/"+args[1]+"/manifests/"+args[2], nil))
		digest = answer.Header().Get("Docker-Content-Digest")
	}
	if len(args) > 4 {
		r.CorruptOnce(digest)
		return
	}
	r.Corrupt(digest)
}

// awaitRequest implements "await REGISTRY". It waits until the registry gets a request
// for a manifest.
func awaitRequest(ts *testscript.TestScript, _ bool, args []string) {
	<-registryOf(ts, args[0]).asked
}

// wantStatus implements "status N COMMAND ARG...". The exit status of the command must
// be N.
func wantStatus(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	status := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("exit status %d, want %s", status, args[0])
	}
	wantNoSecret(ts)
}

type interruptedKey struct{}

// interrupt implements "interrupt". It sends SIGINT to the command in the background.
func interrupt(ts *testscript.TestScript, _ bool, _ []string) {
	background := ts.BackgroundCmds()[0]
	*ts.Value(interruptedKey{}).(**exec.Cmd) = background
	ts.Check(background.Process.Signal(os.Interrupt))
}

// wantExited implements "exited N". The exit status of the interrupted command must be
// N.
func wantExited(ts *testscript.TestScript, _ bool, args []string) {
	status := (*ts.Value(interruptedKey{}).(**exec.Cmd)).ProcessState.ExitCode()
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("exit status %d, want %s", status, args[0])
	}
}

var volatile = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`(?m)^( *)\d\d:\d\d:\d\d `), "${1}11:22:33 "},
	{regexp.MustCompile(`\b(sha256:[0-9a-f]{8})[0-9a-f]{56}\b`), "$1"},
	{regexp.MustCompile(`(images?) in [0-9.µm]+s,`), "$1 in TIME,"},
	{regexp.MustCompile(`"(time|started|finished)":"[^"]*"`), `"$1":"TIME"`},
	{regexp.MustCompile(`(?m)^( *)Began .*, ended .*$`), "${1}Began TIME, ended TIME"},
	{regexp.MustCompile(`"run":"[^"]*"`), `"run":"ID"`},
	{regexp.MustCompile(`"question":"[0-9a-f]{32}"`), `"question":"HASH"`},
	{regexp.MustCompile(`"duration_ms":\d+`), `"duration_ms":0`},
	{regexp.MustCompile(`(until|ended) \d{4}-\d\d-\d\d \((in )?\d+ days?( ago)?\)`), "$1 DAY"},
	{regexp.MustCompile(`(current time) \S+ is after \S+`), "$1 TIME is after TIME"},
	{regexp.MustCompile(`"not_after":"[^"]*"`), `"not_after":"TIME"`},
	{regexp.MustCompile(`/\S*/mvrun-demo-\d+/`), "DIR/"},
	{regexp.MustCompile(`(?m)(\t|\()\d+\.\d\ds(\)?)$`), "${1}0.00s$2"},
}

// normalise implements "normal stdout|stderr|FILE TO". It replaces the parts of a text
// that differ from run to run, such as times, and writes the result to TO.
func normalise(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	for name, r := range registries(ts) {
		text = strings.ReplaceAll(text, r.address, name)
	}
	text = strings.ReplaceAll(text, ts.Getenv("WORK"), "$WORK")
	for _, v := range volatile {
		text = v.pattern.ReplaceAllString(text, v.with)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o666))
}

// wantErrors implements "wants SCRIPT...". Each script must end with status 2. It must
// report the errors in its lines "# want: PLACE: MESSAGE", in this order.
func wantErrors(ts *testscript.TestScript, _ bool, args []string) {
	for _, script := range args {
		var want, got []string
		for line := range strings.Lines(ts.ReadFile(script)) {
			if message, ok := strings.CutPrefix(line, "# want: "); ok {
				want = append(want, message)
			}
		}
		wantStatus(ts, false, []string{"2", "mvrun", script, "-f", "list.txt"})
		for line := range strings.Lines(ts.ReadFile("stderr")) {
			if line = strings.TrimPrefix(line, "mvrun: "); place.MatchString(line) {
				got = append(got, line)
			}
		}
		if len(want) == 0 || !slices.Equal(got, want) {
			ts.Fatalf("%s ends with\n%swant\n%s", script, strings.Join(got, ""), strings.Join(want, ""))
		}
	}
}

var place = regexp.MustCompile(`^\S+:\d+:\d+: `)
