//go:build linux && !race

// The test needs /proc, which is Linux's. It does not run with the race detector,
// because the detector takes memory of its own.

package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/validate"
)

// TestHostileMemory limits the memory of a run whose registry serves giants: less than
// 450 MiB with 20 jobs, whatever they are.
func TestHostileMemory(t *testing.T) {
	skipShort(t, "it reads gigabytes")
	hostile := newHostileRegistry()
	server := httptest.NewServer(hostile)
	defer server.Close()
	var lines []string
	for _, attack := range attacks {
		lines = append(lines, attack.lines(hostile, server)...)
	}
	// All attacks have to be under way at once.
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	peak, records := runHostile(t, lines)
	t.Logf("%d images take %d MiB", len(lines), peak)
	if peak >= 450 {
		t.Errorf("%d images take %d MiB, want less than 450", len(lines), peak)
	}
	for _, attack := range attacks {
		n := 0
		for _, record := range records {
			if strings.Contains(record, "/mirror/"+attack.repository+"-") {
				if n++; !strings.Contains(record, attack.want) {
					t.Errorf("%s: want %q, got %.1000s", attack.name, attack.want, record)
				}
			}
		}
		if n != attack.images {
			t.Errorf("%s: %d results, want %d", attack.name, n, attack.images)
		}
	}
}

// BenchmarkHostileMemory reports the memory that each attack takes alone.
func BenchmarkHostileMemory(b *testing.B) {
	for _, attack := range attacks {
		b.Run(strings.ReplaceAll(attack.name, " ", "-"), func(b *testing.B) {
			hostile := newHostileRegistry()
			server := httptest.NewServer(hostile)
			defer server.Close()
			lines := attack.lines(hostile, server)
			most := 0
			for b.Loop() {
				peak, _ := runHostile(b, lines)
				most = max(most, peak)
			}
			b.ReportMetric(float64(most), "peak-MiB")
		})
	}
}

// runHostile runs mvrun over a list. It returns how much memory the process took at most,
// in MiB, and the records of the results.
func runHostile(t testing.TB, lines []string) (peak int, records []string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "list.txt"), strings.Join(lines, "\n")+"\n")
	command := exec.Command("mvrun-hostile", "validate.star", "-f", "list.txt", "-j", "20", "--rules", "content", "--depth", "data",
		"--tls-verify=false", "--results", "results.jsonl")
	command.Dir, command.Env = dir, append(os.Environ(), "HOME="+dir, "DOCKER_CONFIG="+dir)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil && command.ProcessState.ExitCode() > 3 {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	results, err := os.ReadFile(filepath.Join(dir, "results.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(results)) {
		if strings.Contains(line, `"type":"image"`) {
			records = append(records, line)
		}
	}
	_, known, _ := strings.Cut(stdout.String(), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(known + " missing")[0])
	if err != nil {
		t.Fatalf("no VmHWM in %s%s", stdout.String(), stderr.String())
	}
	return kib >> 10, records
}

// The program "mvrun-hostile" is mvrun, except that it prints what the kernel knows of
// its memory before it ends.
func init() {
	programs["mvrun-hostile"] = func() {
		limitGarbage()
		status := run(os.Args[1:], job.Console{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: os.Stderr, LookupEnv: os.LookupEnv})
		known, err := os.ReadFile("/proc/self/status")
		if err != nil {
			panic(err)
		}
		os.Stdout.Write(known)
		os.Exit(status)
	}
}

// hostileRegistry serves the same objects in all its repositories.
type hostileRegistry struct {
	mu       sync.Mutex
	objects  map[string][]byte // by digest
	types    map[string]string // of manifests, by digest
	tags     map[string]string // the digest under the tag of a repository
	refusals map[string]bool   // repositories that refuse all but the tag
}

func newHostileRegistry() *hostileRegistry {
	return &hostileRegistry{objects: map[string][]byte{}, types: map[string]string{}, tags: map[string]string{}, refusals: map[string]bool{}}
}

func (r *hostileRegistry) add(mediaType string, object []byte) (digest string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	digest = validate.Digest("sha256", object)
	r.objects[digest], r.types[digest] = object, mediaType
	return digest
}

// tag makes repositories of a name, with these digests under the tag.
func (r *hostileRegistry) tag(name string, n int, source, mirror string) (names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range n {
		names = append(names, fmt.Sprintf("%s-%d", name, i))
		r.tags["source/"+names[i]], r.tags["mirror/"+names[i]] = source, mirror
	}
	return names
}

func (r *hostileRegistry) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	repository, reference, ok := strings.Cut(strings.TrimPrefix(request.URL.Path, "/v2/"), "/manifests/")
	if !ok {
		repository, reference, ok = strings.Cut(strings.TrimPrefix(request.URL.Path, "/v2/"), "/blobs/")
	}
	if !ok {
		return
	}
	r.mu.Lock()
	digest := reference
	if tagged, ok := r.tags[repository]; ok && reference == "1" {
		digest = tagged
	} else if r.refusals[repository] {
		digest = ""
	}
	object, mediaType := r.objects[digest], r.types[digest]
	r.mu.Unlock()
	if object == nil {
		w.WriteHeader(http.StatusForbidden)
		w.Write([]byte(`{"errors":[` + strings.Repeat(`{},`, 20_000) + `{}]}`))
		return
	}
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Docker-Content-Digest", digest)
	w.Header().Set("Content-Length", fmt.Sprint(len(object)))
	if request.Method == http.MethodGet {
		w.Write(object)
	}
}

// descriptor writes a descriptor of an object.
func (r *hostileRegistry) descriptor(mediaType, digest string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d}`, mediaType, digest, len(r.objects[digest]))
}

const (
	dockerConfig = "application/vnd.docker.container.image.v1+json"
	gzipLayer    = "application/vnd.oci.image.layer.v1.tar+gzip"
	zstdLayer    = "application/vnd.oci.image.layer.v1.tar+zstd"
)

// image adds an image with so many bytes of padding in its manifest and in its config.
func (r *hostileRegistry) image(name string, padding, configPadding int, layers, diffIDs string) string {
	config := r.add("", fmt.Appendf(nil, `{"architecture":"amd64","os":"linux","rootfs":{"diff_ids":[%s]},"created":%q,"config":{"Labels":{"padding":%q}}}`,
		diffIDs, name, strings.Repeat("a", configPadding)))
	return r.add(validate.TypeOCIManifest, fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"config":%s,"layers":[%s],"annotations":{"padding":%q}}`,
		validate.TypeOCIManifest, r.descriptor(dockerConfig, config), layers, strings.Repeat("a", padding)))
}

// list adds a list whose entries name no platform, so that each has to be read.
func (r *hostileRegistry) list(images []string) string {
	var entries []string
	for _, image := range images {
		entries = append(entries, r.descriptor(validate.TypeOCIManifest, image))
	}
	return r.add(validate.TypeOCIIndex, fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"manifests":[%s]}`, validate.TypeOCIIndex, strings.Join(entries, ",")))
}

// attack is what a hostile registry serves.
type attack struct {
	name       string
	repository string // the beginning of its repositories' names
	images     int
	want       string                                           // words that each result must have
	serve      func(r *hostileRegistry) (source, mirror string) // returns the digests under the tags
}

// lines makes the lines of an attack's images.
func (a attack) lines(r *hostileRegistry, server *httptest.Server) (lines []string) {
	host := strings.TrimPrefix(server.URL, "http://")
	source, mirror := a.serve(r)
	for _, name := range r.tag(a.repository, a.images, source, mirror) {
		if a.repository == "refused" {
			r.refusals["source/"+name], r.refusals["mirror/"+name] = true, true
		}
		lines = append(lines, fmt.Sprintf("%s/source/%s %s/mirror/%s 1", host, name, host, name))
	}
	return lines
}

var attacks = []attack{
	{"80 manifests of 4 MB", "children", 20, "take more than 32 MiB of memory", func(r *hostileRegistry) (source, mirror string) {
		var images []string
		for i := range 80 {
			images = append(images, r.image(fmt.Sprint("child ", i), 4_000_000, 0, "", ""))
		}
		list := r.list(images)
		return list, list
	}},
	{"80 configs of 8 MB", "configs", 20, "take more than 32 MiB of memory", func(r *hostileRegistry) (source, mirror string) {
		var images []string
		for i := range 80 {
			images = append(images, r.image(fmt.Sprint("config ", i), 0, 8_000_000, "", ""))
		}
		list := r.list(images)
		return list, list
	}},
	{"as much as one image may have", "modest", 10, `"status":"pass"`, func(r *hostileRegistry) (source, mirror string) {
		var images []string
		for i := range 7 {
			images = append(images, r.image(fmt.Sprint("modest ", i), 4_000_000, 0, "", ""))
		}
		list := r.list(images)
		return list, list
	}},
	{"empty entries", "empty", 20, "take more than 32 MiB of memory", func(r *hostileRegistry) (source, mirror string) {
		list := r.add(validate.TypeOCIIndex, []byte(`{"schemaVersion":2,"manifests":[`+strings.Repeat("null,", 800_000)+`{}]}`))
		return list, list
	}},
	{"windows of 128 MiB", "windows", 4, `"status":"pass"`, func(r *hostileRegistry) (source, mirror string) {
		content := make([]byte, 150<<20)
		diffID := `"` + validate.Digest("sha256", content) + `"`
		var packed bytes.Buffer
		encoder, err := zstd.NewWriter(&packed, zstd.WithWindowSize(128<<20), zstd.WithEncoderConcurrency(1))
		if err != nil {
			panic(err)
		}
		encoder.Write(content)
		encoder.Close()
		side := func(name string) string {
			var layers, diffIDs []string
			for i := range 4 { // a skippable frame makes each layer another one
				layer := append([]byte{0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, name[0] + byte(i)}, packed.Bytes()...)
				layers, diffIDs = append(layers, r.descriptor(zstdLayer, r.add("", layer))), append(diffIDs, diffID)
			}
			return r.image("windows", 0, 0, strings.Join(layers, ","), strings.Join(diffIDs, ","))
		}
		return side("source"), side("mirror")
	}},
	{"a window that is too large", "window", 20, "takes more than 128 MiB of memory", func(r *hostileRegistry) (source, mirror string) {
		side := func(name string) string {
			layer := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 18 << 3, 1<<3 | 1, 0, 0, name[0]} // 256 MiB
			return r.image("window", 0, 0, r.descriptor(zstdLayer, r.add("", layer)), `"`+validate.Digest("sha256", nil)+`"`)
		}
		return side("source"), side("mirror")
	}},
	{"45,000 layers", "layers", 20, "layers, and mvrun looks at no more than 1000", func(r *hostileRegistry) (source, mirror string) {
		layer := r.descriptor(gzipLayer, validate.Digest("sha256", nil))
		image := r.image("layers", 0, 0, strings.Repeat(layer+",", 20_000)+layer, "")
		return image, image
	}},
	{"refusals", "refused", 20, "403 Forbidden", func(r *hostileRegistry) (source, mirror string) {
		var images []string
		for i := range 900 {
			images = append(images, r.image(fmt.Sprint("refused ", i), 0, 0, "", ""))
		}
		list := r.list(images)
		return list, list
	}},
}
