package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine/registry/memory"
	"mvrun/engine/results"
	"mvrun/validate"
)

// TestKilled kills a run after some requests, and resumes it. It does so again and
// again. In the end every line has one verdict, so no run validated an image again
// that had passed.
func TestKilled(t *testing.T) {
	records := killAgain(t, func(int) os.Signal { return os.Kill })
	passed := map[string]int{}
	for _, record := range records {
		if record.Status != validate.Pass {
			t.Errorf("%s: %s %s", record.Line, record.Status, record.Message)
		}
		passed[record.Line]++
	}
	for line, n := range passed {
		if n != 1 {
			t.Errorf("%s has %d verdicts", line, n)
		}
	}
}

// TestKilledAndInterrupted also interrupts runs, which then end in good order:
// they withdraw the results that they did not take up, and a later run goes on
// from these all the same.
func TestKilledAndInterrupted(t *testing.T) {
	killAgain(t, func(life int) os.Signal {
		if life%3 == 0 {
			return os.Kill
		}
		return os.Interrupt
	})
}

// killAgain runs a script fifty times over the same images, and ends each run
// after some requests by a signal. The last run comes to its end. killAgain
// returns the records of the results file, after it has compared the file with
// the end of each run: all images passed in the last one.
func killAgain(t *testing.T, signal func(life int) os.Signal) []results.Record {
	skipShort(t, "fifty kills take seconds")
	const images, kills, requestsToLive = 600, 50, 30 // 30 requests are too few for a fiftieth of the images
	registry := memory.New()
	var list strings.Builder
	for i := range images {
		name := fmt.Sprintf("team/app%d", i)
		pushList(registry, name, "1", name, amd64)
		fmt.Fprintf(&list, "%s %s 1\n", name, name)
	}
	var killer atomic.Pointer[func()]
	var left atomic.Int64
	var doomed atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := left.Add(-1)
		if now == 0 {
			(*killer.Load())()
		}
		if now <= 0 && doomed.Load() { // the run does no more, however late the signal comes
			<-r.Context().Done()
			return
		}
		registry.ServeHTTP(w, r)
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "list.txt"), list.String())
	// Every second run begins with the last line. So an interruption finds results that
	// the run has not taken up yet.
	write(t, filepath.Join(dir, "turns.star"), "def main(step = 1):\n    write_failed(parallel(validate, list(load_list())[::step]))\n")
	path, schema := filepath.Join(dir, "r.jsonl"), resultsSchema(t)
	killed := 0
	for ; ; killed++ {
		command := exec.Command("mvrun", "turns.star", fmt.Sprintf("--step=%d", 1-killed%2*2), "-f", "list.txt", "-s", host, "-d", host, "-j", "5", "--results", "r.jsonl", "--resume") // this test's binary, see TestMain
		command.Dir = dir
		command.Env = append(os.Environ(), "HOME="+dir)
		var out bytes.Buffer
		command.Stderr = &out
		doomed.Store(false) // kill no run before this one has started
		left.Store(-1)
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		kill := func() { command.Process.Signal(signal(killed)) }
		killer.Store(&kill)
		if killed < kills {
			left.Store(requestsToLive)
			doomed.Store(true)
		}
		err := command.Wait()
		checkResults(t, schema, path)
		if err == nil {
			break
		}
		if code := command.ProcessState.ExitCode(); code != -1 && code != job.ExitInterrupted {
			t.Fatalf("%v\n%s", err, out.String())
		}
	}
	if killed < kills {
		t.Errorf("only %d kills", killed)
	}
	all := recordsOf(t, path)
	latest := map[string]validate.Status{}
	for _, record := range all {
		latest[record.Line] = record.Status
	}
	for line, status := range latest {
		if status != validate.Pass {
			t.Errorf("%s is %s in the end", line, status)
		}
	}
	if len(latest) != images {
		t.Errorf("%d of %d lines have a verdict", len(latest), images)
	}
	return all
}

// recordsOf returns the records of a results file.
func recordsOf(t *testing.T, path string) []results.Record {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := results.NewReader(file)
	if _, _, err := lines.Header(); err != nil {
		t.Fatal(err)
	}
	var records []results.Record
	for {
		line, err := lines.Next()
		if err == io.EOF {
			return records
		}
		if err != nil {
			t.Fatalf("%s:%d: %v", path, lines.Number(), err)
		}
		if record, ok := line.(*results.Record); ok {
			records = append(records, *record)
		}
	}
}
