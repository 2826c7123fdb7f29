//go:build linux && !race

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/validate"
)

// BenchmarkLines validates long lists, a quarter of the lines first and then all of them,
// each in a process of its own. The registries answer without a network, and want a token
// for each repository, of the length that Docker Hub's tokens have. Each line has a
// repository of its own. The results file and the log are written, too.
//
// A line of a million should take at most 1 KB of memory. All lines should take four times
// as much CPU time as a quarter of them. By the clock the ratio depends on what else the
// machine does.
func BenchmarkLines(b *testing.B) {
	for _, lines := range []int{20_000, 1_000_000} {
		b.Run(fmt.Sprint(lines), func(b *testing.B) {
			var memory, ratios, speeds, perLine []float64
			for b.Loop() {
				fewTook, few := measureLines(b, lines/4)
				allTook, all := measureLines(b, lines)
				ratios = append(ratios, allTook.Seconds()/fewTook.Seconds())
				speeds = append(speeds, allTook.Seconds()*1e6/float64(lines))
				memory = append(memory, float64(all)/float64(lines))
				perLine = append(perLine, float64(all-few)/float64(lines-lines/4))
			}
			b.ReportMetric(median(ratios), "×CPU-of-a-quarter")
			b.ReportMetric(median(speeds), "CPU-µs/line")
			b.ReportMetric(median(memory), "bytes/line")
			b.ReportMetric(median(perLine), "bytes/further-line")
		})
	}
}

// measureLines returns how much CPU time a run over so many lines takes, and how many
// bytes of memory its process held at most.
func measureLines(b *testing.B, lines int) (cpu time.Duration, memory int64) {
	b.Helper()
	dir := b.TempDir()
	list, err := os.Create(filepath.Join(dir, "list.txt"))
	if err != nil {
		b.Fatal(err)
	}
	buffered := bufio.NewWriter(list)
	for i := range lines {
		fmt.Fprintf(buffered, "docker.io/organisation/project-%d registry.corp.example/organisation/project-%d v1.%d.0\n", i, i, i)
	}
	if err := buffered.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := list.Close(); err != nil {
		b.Fatal(err)
	}
	command := exec.Command("mvrun-lines") // this test's binary, see TestMain
	command.Dir = dir
	command.Env = append(os.Environ(), "TMPDIR="+dir)
	out, err := command.Output()
	if err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	kib, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return command.ProcessState.UserTime() + command.ProcessState.SystemTime(), kib << 10
}

func init() { programs["mvrun-lines"] = runLines }

// runLines is the program "mvrun-lines". It validates list.txt, and prints how many KiB of
// memory the process held at most.
func runLines() {
	limitGarbage() // as main does
	config, err := configure([]string{"run", "validate.star", "-f", "list.txt", "-j", "20", "--results", "results.jsonl"},
		job.Console{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, LookupEnv: noEnv})
	if err != nil {
		panic(err)
	}
	config.Network = mirroredAnswers{}
	status, err := job.Run(context.Background(), config)
	if err != nil || status != job.ExitOK {
		panic(fmt.Sprint(status, err))
	}
	kernel, err := os.ReadFile("/proc/self/status")
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(kernel)) {
		if peak, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Println(strings.Fields(peak)[0])
		}
	}
}

// mirroredAnswers answers for all registries. Every repository wants a token, and has a
// list of two platforms under each tag.
type mirroredAnswers struct{}

var restOfToken = strings.Repeat("x", 2500)

// RoundTrip implements http.RoundTripper.
func (mirroredAnswers) RoundTrip(request *http.Request) (*http.Response, error) {
	path := request.URL.Path
	if path == "/token" {
		token := request.URL.Query().Get("scope") + restOfToken
		return answerTo(request, http.StatusOK, "application/json", "", []byte(`{"token":"`+token+`","expires_in":300}`)), nil
	}
	if request.Header.Get("Authorization") == "" {
		refusal := answerTo(request, http.StatusUnauthorized, "application/json", "", nil)
		refusal.Header.Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="https://%s/token",service="bench"`, request.URL.Host))
		return refusal, nil
	}
	repository, reference, _ := strings.Cut(strings.TrimPrefix(path, "/v2/"), "/manifests/")
	if strings.HasPrefix(reference, "sha256:") {
		answer := answerTo(request, http.StatusOK, validate.TypeDockerManifest, reference, nil)
		answer.ContentLength = 1234
		return answer, nil
	}
	var children []map[string]any
	for _, arch := range []string{"amd64", "arm64"} {
		children = append(children, map[string]any{"mediaType": validate.TypeDockerManifest, "size": 1234,
			"digest": validate.Digest("sha256", []byte(repository+arch)), "platform": map[string]string{"os": "linux", "architecture": arch}})
	}
	body, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": validate.TypeDockerList, "manifests": children})
	if err != nil {
		return nil, err
	}
	return answerTo(request, http.StatusOK, validate.TypeDockerList, validate.Digest("sha256", body), body), nil
}

// answerTo makes an answer.
func answerTo(request *http.Request, status int, contentType, digest string, body []byte) *http.Response {
	header := http.Header{"Content-Type": {contentType}, "Content-Length": {strconv.Itoa(len(body))}}
	if digest != "" {
		header.Set("Docker-Content-Digest", digest)
	}
	response := &http.Response{StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header,
		ContentLength: int64(len(body)), Body: http.NoBody, Request: request}
	if request.Method == http.MethodGet {
		response.Body = io.NopCloser(bytes.NewReader(body))
	}
	return response
}
