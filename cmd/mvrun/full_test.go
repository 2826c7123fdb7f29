//go:build unix

// These tests need named pipes and /dev/full.

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine/registry/memory"
)

// These tests show what a run says, and which files it leaves, if a disk is full or
// nobody reads a pipe any more.

// listOf starts a registry, and writes a list of its images into a folder. Every
// third image is missing at the destination.
func listOf(t *testing.T, images int) (dir, host string) {
	registry := memory.New()
	server := httptest.NewServer(registry)
	t.Cleanup(server.Close)
	var list strings.Builder
	for i := range images {
		name := fmt.Sprintf("team/app%d", i)
		pushList(registry, name, "1", name, amd64)
		to := name
		if i%3 == 2 {
			to = "team/missing"
		}
		fmt.Fprintf(&list, "%s %s 1\n", name, to)
	}
	dir = t.TempDir()
	write(t, filepath.Join(dir, "list.txt"), list.String())
	return dir, strings.TrimPrefix(server.URL, "http://")
}

// command prepares a run over the list of listOf. The buffer gets its standard error.
func (r runIn) command(arguments ...string) (*exec.Cmd, *bytes.Buffer) {
	command := exec.Command("mvrun", append([]string{"validate.star", "-f", "list.txt", "-s", r.host, "-d", r.host, "-j", "5"}, arguments...)...) // this test's binary, see TestMain
	command.Dir = r.dir
	command.Env = append(os.Environ(), "HOME="+r.dir)
	stderr := &bytes.Buffer{}
	command.Stderr = stderr
	return command, stderr
}

type runIn struct{ dir, host string }

func wantExit(t *testing.T, command *exec.Cmd, err error, status int, stderr *bytes.Buffer, words ...string) {
	t.Helper()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := command.ProcessState.ExitCode(); got != status {
		t.Errorf("exit status %d, want %d", got, status)
	}
	for _, word := range words {
		if !strings.Contains(stderr.String(), word) {
			t.Errorf("no %q in\n%s", word, stderr)
		}
	}
}

// TestResultsPipeClosed closes the pipe that gets the results, which ends the run.
// The failed list holds the images that did not pass, and those that the run did not
// reach.
func TestResultsPipeClosed(t *testing.T) {
	dir, host := listOf(t, 300)
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	command, stderr := runIn{dir, host}.command("--results", "pipe")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(pipe) // waits for the run to open it
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewReaderSize(reader, 16); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, `"number":`) {
			break
		}
	}
	reader.Close()
	wantExit(t, command, command.Wait(), job.ExitUsage, stderr, "mvrun: writing the results to pipe (--results): broken pipe; ", " had been written to pipe", "not reached")
	failed, err := os.ReadFile(filepath.Join(dir, "mirror-validate-failed.txt"))
	if err != nil || !strings.Contains(string(failed), "team/app299 team/missing 1\n") {
		t.Errorf("%v: the failed list ends in %q", err, failed[max(0, len(failed)-100):])
	}
}

// TestErrorIntoClosedPipe shows that a command which nobody listens to any more
// ends with its own exit status, and is not ended by a signal: "2>&1 | head -1"
// leaves early.
func TestErrorIntoClosedPipe(t *testing.T) {
	dir, host := listOf(t, 3)
	write(t, filepath.Join(dir, "fails.star"), "def main():\n    fail(\"on purpose\")\n")
	temporary := t.TempDir()
	for _, test := range []struct {
		args   []string
		status int
	}{
		{[]string{"fails.star", "-f", "list.txt", "-s", host, "-d", host}, job.ExitUsage},
		{[]string{"validate.star", "-f", "list.txt", "-s", host, "-d", host}, job.ExitFailed},
		{[]string{"demo"}, job.ExitOK},
	} {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		reader.Close()
		command := exec.Command("mvrun", test.args...) // this test's binary, see TestMain
		command.Dir, command.Stdout, command.Stderr = dir, writer, writer
		command.Env = append(os.Environ(), "TMPDIR="+temporary)
		err = command.Run()
		writer.Close()
		if got := command.ProcessState.ExitCode(); got != test.status {
			t.Errorf("%q: exit status %d (%v), want %d", test.args, got, err, test.status)
		}
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
}

// TestFullDevice writes where there is no space.
func TestFullDevice(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Fatal(err)
	}
	dir, host := listOf(t, 9)
	for _, test := range []struct {
		name      string
		arguments []string
		words     []string
	}{
		{"results", []string{"--results", "/dev/full"}, []string{"mvrun: writing the results to /dev/full (--results): no space left on device; 0 results had been written to /dev/full"}},
		{"failed list", []string{"-o", "/dev/full"}, []string{"mvrun: writing the failed list /dev/full, which would have 3 lines: no space left on device\n", "PASS", "destination-missing 3"}},
		{"failed list beside results", []string{"-o", "/dev/full", "--results", "r.jsonl"}, []string{"no space left on device; r.jsonl holds 9 results, and --resume goes on from there"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			command, stderr := runIn{dir, host}.command(test.arguments...)
			wantExit(t, command, command.Run(), job.ExitUsage, stderr, test.words...)
		})
	}
}

// TestOutputFull shows that the run fails if the output of a script cannot be written.
func TestOutputFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	dir, host := listOf(t, 3)
	write(t, filepath.Join(dir, "prints.star"), "def main():\n    print(len(parallel(validate, load_list())))\n")
	command, stderr := runIn{dir, host}.command()
	command.Args[1] = "prints.star"
	command.Stdout = full
	wantExit(t, command, command.Run(), job.ExitUsage, stderr, "passed", "mvrun: writing what the script prints to standard output: write /dev/stdout: no space left on device")
}

// TestOutputClosed closes the pipe that gets the log or the script's output, as
// "| head" does. The run goes on, and writes the failed list.
func TestOutputClosed(t *testing.T) {
	dir, host := listOf(t, 9)
	write(t, filepath.Join(dir, "prints.star"), `
def check(image):
    print(image.source)
    return validate(image)

def main():
    write_failed(parallel(check, load_list()))
`)
	for _, closed := range []string{"stdout", "stderr"} {
		t.Run(closed, func(t *testing.T) {
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			reader.Close()
			defer writer.Close()
			command, _ := runIn{dir, host}.command("-o", closed+".txt")
			command.Args[1] = "prints.star"
			if closed == "stdout" {
				command.Stdout = writer
			} else {
				command.Stderr = writer
			}
			err = command.Run()
			wantExit(t, command, err, job.ExitFailed, &bytes.Buffer{})
			if failed, err := os.ReadFile(filepath.Join(dir, closed+".txt")); err != nil || strings.Count(string(failed), "\n") != 3 {
				t.Errorf("the failed list is %q, %v", failed, err)
			}
		})
	}
}

// TestFullOutput shows that a command whose output is lost does not succeed.
func TestFullOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, arguments := range [][]string{{"demo"}, {"test", "../../examples/labels_test.star"}, {"version"}, {"help"}, {"docs", "rules"}, {"show", "validate.star"}, {"completion", "bash"}} {
		command := exec.Command("mvrun", arguments...)
		stderr := &bytes.Buffer{}
		command.Stdout, command.Stderr = full, stderr
		wantExit(t, command, command.Run(), job.ExitUsage, stderr, "no space left on device")
	}
}
