//go:build unix

// These tests need pseudo-terminals.

package main

import (
	"bufio"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine/registry/memory"
)

// screen reads what a program writes on its terminal.
type screen struct {
	t      *testing.T
	reader *bufio.Reader
	seen   strings.Builder
}

// until reads until the program has written text.
func (s *screen) until(text string) {
	s.t.Helper()
	var got strings.Builder
	for !strings.HasSuffix(got.String(), text) {
		b, err := s.reader.ReadByte()
		if err != nil {
			s.t.Fatalf("%v, waiting for %q after:\n%s%s", err, text, s.seen.String(), got.String())
		}
		got.WriteByte(b)
	}
	s.seen.WriteString(got.String())
}

// newTerminal returns both ends of a terminal. A usual terminal throws away output
// that it has not shown yet when Ctrl-C comes. This one keeps the output.
func newTerminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, theirs, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	modes := exec.Command("stty", "noflsh")
	modes.Stdin = theirs
	if out, err := modes.CombinedOutput(); err != nil {
		t.Fatalf("stty: %v: %s", err, out)
	}
	return ours, theirs
}

// program starts mvrun on a terminal of its own.
func program(t *testing.T, dir string, args ...string) (*exec.Cmd, *os.File, *screen) {
	t.Helper()
	return onTerminal(t, dir, exec.Command("mvrun", args...)) // this test's binary, see TestMain
}

// onTerminal starts a command on a terminal of its own.
func onTerminal(t *testing.T, dir string, command *exec.Cmd) (*exec.Cmd, *os.File, *screen) {
	t.Helper()
	command.Dir = dir
	command.Env = append(os.Environ(), "HOME="+dir, "NO_COLOR=1")
	terminal, theirs := newTerminal(t)
	command.Stdin, command.Stdout, command.Stderr = theirs, theirs, theirs
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err := errors.Join(pty.Setsize(terminal, &pty.Winsize{Rows: 24, Cols: 200}), command.Start(), theirs.Close())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		terminal.Close()
		command.Process.Kill()
	})
	return command, terminal, &screen{t: t, reader: bufio.NewReader(terminal)}
}

func typeIn(t *testing.T, terminal *os.File, text string) {
	t.Helper()
	if _, err := terminal.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// goodRegistry starts a registry that has team/good:1, and returns its HOST:PORT.
func goodRegistry(t *testing.T) (host string) {
	t.Helper()
	registry := memory.New()
	server := httptest.NewServer(registry)
	t.Cleanup(server.Close)
	pushList(registry, "team/good", "1", "good", amd64, arm64)
	return strings.TrimPrefix(server.URL, "http://")
}

// TestPrompt shows a person's session: a line, its answer, and the next prompt.
func TestPrompt(t *testing.T) {
	host := goodRegistry(t)
	dir := t.TempDir()
	command, terminal, screen := program(t, dir, "validate.star", "-s", host, "-d", host, "-j", "10")

	screen.until(">>> ")
	typeIn(t, terminal, "team/good team/good 1\n")
	screen.until("PASS [" + host + "/team/good:1] == [" + host + "/team/good:1]\r\n>>> ")
	typeIn(t, terminal, "team/bad team/good 1\n")
	screen.until("ERROR [" + host + "/team/bad:1]")
	screen.until("\r\n>>> ")
	typeIn(t, terminal, "two words\n")
	screen.until("ERROR prompt:3: ")
	screen.until("\r\n>>> ")
	typeIn(t, terminal, "\x04")
	screen.until("3 images in ")
	screen.until("(2 lines, ready for -f)\r\n")
	if err := command.Wait(); err == nil || command.ProcessState.ExitCode() != job.ExitUnchecked {
		t.Errorf("%v, want exit status %d", err, job.ExitUnchecked)
	}
	failed, err := os.ReadFile(filepath.Join(dir, "mirror-validate-failed.txt"))
	if err != nil || string(failed) != "team/bad team/good 1\ntwo words\n" {
		t.Errorf("the failed list is %q, %v", failed, err)
	}
}

// TestPromptCommands types help and quit in place of an image.
func TestPromptCommands(t *testing.T) {
	host := goodRegistry(t)
	command, terminal, screen := program(t, t.TempDir(), "validate.star", "-s", host, "-d", host)
	screen.until("One image a line: SOURCE DESTINATION TAG. \"help\" explains more, \"quit\" or Ctrl-D ends.\r\n>>> ")
	typeIn(t, terminal, "help\n")
	screen.until("SOURCE DESTINATION TAG     nginx registry.corp.example/library/nginx 1.27\r\n")
	screen.until("\r\n>>> ")
	typeIn(t, terminal, "team/good team/good 1\n")
	screen.until("PASS [" + host + "/team/good:1] == [" + host + "/team/good:1]\r\n>>> ")
	typeIn(t, terminal, " quit \n")
	screen.until("1 image in ")
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
	if strings.Contains(screen.seen.String(), "invalid-line") {
		t.Errorf("a command was taken for an image: %s", screen.seen.String())
	}
}

// TestPromptAsksAgain types a line, mends or breaks the mirror, and types the line
// again. The answer is the new state.
func TestPromptAsksAgain(t *testing.T) {
	registry := memory.New()
	server := httptest.NewServer(registry)
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	children := pushList(registry, "team/app", "1", "app", amd64, arm64)
	_, terminal, screen := program(t, t.TempDir(), "validate.star", "-s", host, "-d", host)
	screen.until(">>> ")
	for range 2 {
		typeIn(t, terminal, "team/app team/app 1\n")
		screen.until("PASS [")
		screen.until(">>> ")
	}
	registry.Delete("team/app", children[0].Digest)
	typeIn(t, terminal, "team/app team/app 1\n")
	screen.until("FAILED [")
	screen.until(">>> ")
}

// TestPromptLeft shows that a session without a line leaves an earlier failed list
// as it was.
func TestPromptLeft(t *testing.T) {
	dir := t.TempDir()
	earlier := filepath.Join(dir, "mirror-validate-failed.txt")
	write(t, earlier, "a b c\n")
	command, terminal, screen := program(t, dir, "validate.star")
	screen.until(">>> ")
	typeIn(t, terminal, "\x04")
	screen.until("0 images in ")
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
	if content, err := os.ReadFile(earlier); err != nil || string(content) != "a b c\n" {
		t.Errorf("the earlier failed list is %q, %v", content, err)
	}
}

// TestPromptInterrupted shows that Ctrl-C ends a session that waits for a line.
func TestPromptInterrupted(t *testing.T) {
	command, terminal, screen := program(t, t.TempDir(), "validate.star")
	screen.until(">>> ")
	typeIn(t, terminal, "\x03")
	screen.until("Interrupted: 0 images")
	if err := command.Wait(); err == nil || command.ProcessState.ExitCode() != job.ExitInterrupted {
		t.Errorf("%v, want exit status %d", err, job.ExitInterrupted)
	}
}

// TestProgressBar shows the bar below the log, and that it is gone at the end. The
// registry holds back the last image until the test has seen the bar.
func TestProgressBar(t *testing.T) {
	registry := memory.New()
	seen := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/held/") {
			<-seen
		}
		registry.ServeHTTP(w, r)
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	pushList(registry, "team/good", "1", "good", amd64, arm64)
	pushList(registry, "team/held", "1", "held", amd64, arm64)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "list.txt"), strings.Repeat("team/good team/good 1\n", 20)+"team/held team/held 1\n")
	command, _, screen := program(t, dir, "validate.star", "-f", "list.txt", "-s", host, "-d", host)
	screen.until("PASS [")
	screen.until("20/21 images [")
	close(seen)
	screen.until("21 images in ")
	screen.until("passed  21")
	rest, _ := screen.reader.ReadString(0) // until the terminal is closed
	if strings.Contains(rest, "/21") {
		t.Errorf("the bar is still there: %q", rest)
	}
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
}

// TestDumbTerminal uses a terminal that can only show text. It gets whole lines, and
// no control sequences, which it would show as text.
func TestDumbTerminal(t *testing.T) {
	host := goodRegistry(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "list.txt"), "team/good team/good 1\n")
	t.Setenv("TERM", "dumb")
	command, _, screen := program(t, dir, "validate.star", "-f", "list.txt", "-s", host, "-d", host)
	screen.until("passed  1")
	rest, _ := screen.reader.ReadString(0)
	if all := screen.seen.String() + rest; strings.ContainsAny(all, "\x1b") || strings.Contains(all, "images [") {
		t.Errorf("got %q", all)
	}
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
}
