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

	"mvrun/engine/registry/memory"
	"mvrun/engine/results"
	"mvrun/validate"
)

// TestKilled kills a run again and again, each time after some requests, and
// goes on: in the end every line has one verdict, and nothing that passed was
// asked again.
func TestKilled(t *testing.T) {
	skipShort(t, "fifty kills take seconds")
	const images, kills, requestsToLive = 600, 50, 30 // a life is too short for a fiftieth of them
	registry := memory.New()
	var list strings.Builder
	for i := range images {
		name := fmt.Sprintf("team/app%d", i)
		pushList(registry, name, "1", name, amd64)
		fmt.Fprintf(&list, "%s %s 1\n", name, name)
	}
	var killer atomic.Pointer[func()]
	var left atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if left.Add(-1) == 0 {
			(*killer.Load())()
		}
		registry.ServeHTTP(w, r)
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "list.txt"), list.String())
	killed := 0
	for ; ; killed++ {
		command := exec.Command("mvrun", "validate.star", "-f", "list.txt", "-s", host, "-d", host, "-j", "5", "--results", "r.jsonl", "--resume") // this test's binary, see TestMain
		command.Dir = dir
		command.Env = append(os.Environ(), "HOME="+dir)
		var out bytes.Buffer
		command.Stderr = &out
		left.Store(-1) // nobody is killed before there is somebody
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		kill := func() { command.Process.Kill() }
		killer.Store(&kill)
		if killed < kills {
			left.Store(requestsToLive)
		}
		err := command.Wait()
		if err == nil {
			break
		}
		if command.ProcessState.ExitCode() != -1 {
			t.Fatalf("%v\n%s", err, out.String())
		}
	}
	if killed < kills {
		t.Errorf("only %d kills", killed)
	}
	passed := map[string]int{}
	for _, record := range recordsOf(t, filepath.Join(dir, "r.jsonl")) {
		if record.Status != validate.Pass {
			t.Errorf("%s: %s %s", record.Line, record.Status, record.Message)
		}
		passed[record.Line]++
	}
	if len(passed) != images {
		t.Errorf("%d of %d lines have a verdict", len(passed), images)
	}
	for line, n := range passed {
		if n != 1 {
			t.Errorf("%s has %d verdicts", line, n)
		}
	}
	checkResults(t, resultsSchema(t), filepath.Join(dir, "r.jsonl"))
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
