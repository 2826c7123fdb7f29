//go:build linux && !race

// The test needs /proc, which is Linux's. It does not run with the race detector,
// because the detector takes memory of its own.

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

// TestMemory limits the memory of a run whose script keeps all results:
//
//   - 100,000 lines take less than 200 MiB, and less than 2.5 times the memory of
//     10,000 lines.
//   - A run with --resume that finds the results of all 100,000 lines takes less
//     than 200 MiB, too.
//   - 300,000 lines take less than 300 MB.
func TestMemory(t *testing.T) {
	skipShort(t, "it validates 510,000 images")
	dir := t.TempDir()
	few, many := peakMemory(t, t.TempDir(), 10_000), peakMemory(t, dir, 100_000)
	again := peakMemory(t, dir, 100_000, "resume")
	most := peakMemory(t, t.TempDir(), 300_000)
	t.Logf("10,000 lines take %.0f MiB, 100,000 take %.0f, to resume them takes %.0f, and 300,000 take %.0f", few, many, again, most)
	if many >= min(200, 2.5*few) {
		t.Errorf("100,000 lines take %.0f MiB, want less than 200, and less than 2.5 times the %.0f of 10,000", many, few)
	}
	if again >= 200 {
		t.Errorf("to resume 100,000 lines takes %.0f MiB, want less than 200", again)
	}
	if limit := 300e6 / (1 << 20); most >= limit {
		t.Errorf("300,000 lines take %.0f MiB, want less than %.0f", most, limit)
	}
}

// BenchmarkMemory reports the memory that TestMemory limits.
func BenchmarkMemory(b *testing.B) {
	for _, lines := range []int{10_000, 100_000, 300_000} {
		b.Run(fmt.Sprintf("%d-lines", lines), func(b *testing.B) {
			peak := 0.0
			for b.Loop() {
				peak = max(peak, peakMemory(b, b.TempDir(), lines))
			}
			b.ReportMetric(peak, "peak-MiB")
		})
	}
}

// peakMemory runs the bundled script in a process of its own, over a list of the
// given number of lines. It returns the most memory that the process held, in MiB.
// With the argument "resume", the run goes on from the results of the run before
// it in dir.
func peakMemory(t testing.TB, dir string, lines int, arguments ...string) float64 {
	t.Helper()
	var list strings.Builder
	for i := range lines {
		fmt.Fprintf(&list, "docker.io/organisation/project-%d registry.corp.example/organisation/project-%d v1.%d.0\n", i, i, i)
	}
	write(t, filepath.Join(dir, "list.txt"), list.String())
	command := exec.Command("mvrun-memory", arguments...) // this test's binary, see TestMain
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

// runForMemory is the program "mvrun-memory [resume]". It does a whole run over
// list.txt, except that its registries answer without a network. At the end it
// prints /proc/self/status, where the kernel says how much memory the process took.
func runForMemory() {
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	limitGarbage() // as main does
	script, err := source.Find("validate.star")
	check(err)
	list, err := imagelist.Open("list.txt")
	check(err)
	resumed := len(os.Args) > 1
	open := func(path string, header results.Header, hints results.Hints) (*results.File, results.Earlier, error) {
		file, err := results.Create(path, header, hints)
		return file, results.Earlier{}, err
	}
	if resumed {
		open = results.Resume
	}
	file, earlier, err := open("results.jsonl", results.Header{Version: "test", List: list.Name, ListSHA256: &list.SHA256}, results.Hints{})
	check(err)
	log := sink.NewLogger(io.Discard, false, false, false)
	options := engine.Options{Registry: mirroredPairs{}, Jobs: 20, Timeout: time.Minute,
		Sinks: []engine.Sink{file, sink.Log{Logger: log}}, Stop: func(err error) { panic(err) }}
	if resumed { // as the command does: otherwise nobody has to remember what was asked
		options.Earlier = earlier.Result
	}
	run := engine.New(options)
	writeFailed := func(_ string, lines []string) error { return sink.WriteFailedList("failed.txt", lines) }
	status, err := starlib.Run(context.Background(), script, starlib.Options{
		Engine: run, Open: func(_, _ string) (*imagelist.List, error) { return list, nil }, WriteFailed: writeFailed, Print: io.Discard, Log: log,
		Question: validate.Question{Arch: []string{"amd64", "arm64"}, OS: []string{"linux"}, Rules: validate.Hangar, Depth: validate.Manifests},
	})
	check(err)
	outcome, err := run.Close(nil)
	check(err)
	lines, _ := list.Known()
	if status != nil || outcome.Status[validate.Pass] != len(lines) || (outcome.Earlier > 0) != resumed {
		panic(fmt.Sprint(status, outcome))
	}
	kernel, err := os.Open("/proc/self/status")
	check(err)
	for lines := bufio.NewScanner(kernel); lines.Scan(); {
		fmt.Println(lines.Text())
	}
}

// mirroredPairs stands for all registries. Each image is a list of two platforms,
// the same list at source and destination, and different from those of all other
// images.
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
