//go:build linux && !race

// It reads /proc, and the race detector takes memory of its own.

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/engine/results"
	"mvrun/engine/sink"
	"mvrun/starlib"
	"mvrun/starlib/source"
	"mvrun/validate"
)

// How much memory a run takes.

// TestMemory shows that 100,000 lines take less than 200 MiB, and less than
// twice what a tenth of them takes, with all their results in the hands of the
// script.
func TestMemory(t *testing.T) {
	skipShort(t, "a run over 100,000 lines takes seconds")
	few, many := peakMemory(t, 10_000), peakMemory(t, 100_000)
	t.Logf("10,000 lines take %.0f MiB, 100,000 take %.0f", few, many)
	if many >= min(200, 2*few) {
		t.Errorf("100,000 lines take %.0f MiB, want less than 200, and than twice the %.0f of 10,000", many, few)
	}
}

// BenchmarkMemory reports what TestMemory limits.
func BenchmarkMemory(b *testing.B) {
	for _, lines := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("%d-lines", lines), func(b *testing.B) {
			peak := 0.0
			for b.Loop() {
				peak = max(peak, peakMemory(b, lines))
			}
			b.ReportMetric(peak, "peak-MiB")
		})
	}
}

// peakMemory runs the bundled script over a list in a process of its own, and
// returns the most memory that it held, in MiB.
func peakMemory(t testing.TB, lines int) float64 {
	t.Helper()
	dir := t.TempDir()
	var list strings.Builder
	for i := range lines {
		fmt.Fprintf(&list, "docker.io/organisation/project-%d registry.corp.example/organisation/project-%d v1.%d.0\n", i, i, i)
	}
	write(t, filepath.Join(dir, "list.txt"), list.String())
	command := exec.Command("mvrun-memory") // this test's binary, see TestMain
	command.Dir = dir
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmHWM:" {
			kib, err := strconv.Atoi(fields[1])
			if err != nil {
				t.Fatal(err)
			}
			return float64(kib) / 1024
		}
	}
	t.Fatalf("no VmHWM in %s", out)
	return 0
}

func init() { programs["mvrun-memory"] = runForMemory }

// runForMemory is the program "mvrun-memory": a whole run over list.txt, but
// for the registries, which answer without a network. It prints what the kernel
// says of its memory.
func runForMemory() {
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	script, err := source.Find("validate.star")
	check(err)
	list, err := imagelist.Open("list.txt")
	check(err)
	collectByAmount()
	results, err := results.Create("results.jsonl", results.Header{Version: "test"}, results.Hints{})
	check(err)
	log := sink.NewLogger(io.Discard, false, false, false)
	run := engine.New(engine.Options{Registry: mirroredPairs{}, Jobs: 20, Timeout: time.Minute,
		Sinks: []engine.Sink{results, sink.Log{Logger: log}}, Stop: func(err error) { panic(err) }})
	writeFailed := func(_ string, lines []string) error { return sink.WriteFailedList("failed.txt", lines) }
	status, err := starlib.Run(context.Background(), script, starlib.Options{
		Engine: run, Open: func(string) (*imagelist.List, error) { return list, nil }, WriteFailed: writeFailed, Print: io.Discard, Log: log,
		Question: validate.Question{Arch: []string{"amd64", "arm64"}, OS: []string{"linux"}, Rules: validate.Hangar, Depth: validate.Manifests},
	})
	check(err)
	outcome, err := run.Close()
	check(err)
	lines, _ := list.Known()
	if status != nil || outcome.Status[validate.Pass] != len(lines) {
		panic(fmt.Sprint(status, outcome))
	}
	kernel, err := os.Open("/proc/self/status")
	check(err)
	for lines := bufio.NewScanner(kernel); lines.Scan(); {
		fmt.Println(lines.Text())
	}
}

// mirroredPairs are registries that hold equal lists of two platforms, each
// image's its own.
type mirroredPairs struct{}

// Read implements engine.Registry.
func (mirroredPairs) Read(_ context.Context, image imagelist.Image, need validate.Need) (validate.Fact, int, error) {
	if need.Digest != "" {
		return validate.Fact{Digest: need.Digest}, 1, nil
	}
	top := &validate.Manifest{MediaType: validate.TypeDockerList, Digest: validate.Digest("sha256", []byte(image.Tag))}
	for _, platform := range []validate.Platform{amd64, arm64} {
		top.Children = append(top.Children, validate.Descriptor{MediaType: validate.TypeDockerManifest, Size: 1234,
			Digest: validate.Digest("sha256", []byte(image.Tag+platform.Architecture)), Platform: &platform})
	}
	if need.Action == validate.HeadManifest {
		return validate.Fact{Digest: top.Digest}, 1, nil
	}
	return validate.Fact{Digest: top.Digest, Manifest: top}, 1, nil
}
