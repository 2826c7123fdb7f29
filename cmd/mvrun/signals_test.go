//go:build unix

// These tests send signals.

package main

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mvrun/cmd/mvrun/internal/job"
)

// TestOpenPipe ends a run whose list comes from a pipe that stays open. The last
// line of the pipe has no line feed yet. It is in the failed list, too.
func TestOpenPipe(t *testing.T) {
	// Under nohup this process ignores SIGHUP. Its child processes would ignore the
	// signal, too, if this process did not listen for it.
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(heard) }) // after the parallel tests below
	for _, end := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(end.String(), func(t *testing.T) {
			t.Parallel() // because each test waits for a second
			testOpenPipe(t, end)
		})
	}
}

func testOpenPipe(t *testing.T, end os.Signal) {
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
	// timeout(1) and make say it to the group, too. The program takes signals for
	// one that come within 100 ms, so no signal may be late on a busy machine.
	for began := time.Now(); time.Since(began) < 20*time.Millisecond; time.Sleep(time.Millisecond) {
		if err := command.Process.Signal(end); err != nil {
			t.Fatal(err)
		}
	}
	if err := command.Wait(); err == nil || command.ProcessState.ExitCode() != job.ExitInterrupted {
		t.Errorf("%v, want exit status %d", err, job.ExitInterrupted)
	}
	failed, err := os.ReadFile(filepath.Join(dir, "mirror-validate-failed.txt"))
	if err != nil || string(failed) != lines+"\n" {
		t.Errorf("the failed list is %q, %v", failed, err)
	}
}

// TestInterruptedTests interrupts the tests of scripts, one of which hangs.
func TestInterruptedTests(t *testing.T) {
	dir := t.TempDir()
	for name, source := range map[string]string{
		"a_test.star": "def test_passes():\n    pass\n",
		"b_test.star": "def test_hangs():\n    run(\"hang.star\", list = \"a b 1\")\ndef test_waits():\n    pass\n",
		"hang.star":   "def main():\n    for i in range(1 << 40):\n        pass\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(source), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command("mvrun", "test", "-j", "1") // this test's binary, see TestMain
	command.Dir = dir
	command.Env = append(os.Environ(), "HOME="+dir, "TMPDIR="+t.TempDir())
	var stderr strings.Builder
	command.Stderr = &stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	first, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || !strings.HasPrefix(first, "ok  \ta_test.star") {
		t.Errorf("got %q, %v", first, err)
	}
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err == nil || command.ProcessState.ExitCode() != job.ExitInterrupted {
		t.Errorf("%v, want exit status %d", err, job.ExitInterrupted)
	}
	if want := "Interrupted: 2 of 3 tests were not finished.\n"; stderr.String() != want {
		t.Errorf("got %q, want %q", stderr.String(), want)
	}
}
