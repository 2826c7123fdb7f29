package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOpenPipe interrupts a run whose list comes from a pipe that stays open:
// also the line that is not complete yet is in the failed list.
func TestOpenPipe(t *testing.T) {
	asked := make(chan struct{}, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/manifests/") {
			asked <- struct{}{}
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	dir := t.TempDir()
	command := exec.Command("mvrun", "validate.star", "-s", host, "-d", host) // this test's binary, see TestMain
	command.Dir = dir
	command.Env = append(os.Environ(), "HOME="+dir)
	pipe, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	const lines = "team/app team/app 1\nteam/app team/app 2\nteam/app team/app 3"
	if _, err := pipe.Write([]byte(lines)); err != nil {
		t.Fatal(err)
	}
	<-asked
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err == nil || command.ProcessState.ExitCode() != exitInterrupted {
		t.Errorf("%v, want exit status %d", err, exitInterrupted)
	}
	failed, err := os.ReadFile(filepath.Join(dir, "mirror-validate-failed.txt"))
	if err != nil || string(failed) != lines+"\n" {
		t.Errorf("the failed list is %q, %v", failed, err)
	}
}
