//go:build unix

// These tests need pseudo-terminals.

package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/term"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine/registry/memory"
)

// session starts "mvrun repl" on a terminal, and kills it after a minute.
func session(t *testing.T, dir string, args ...string) (*exec.Cmd, *os.File, *screen) {
	t.Helper()
	t.Setenv("TERM", "xterm")
	t.Setenv("XDG_STATE_HOME", dir)
	command, terminal, screen := program(t, dir, append([]string{"repl"}, args...)...)
	timer := time.AfterFunc(time.Minute, func() { command.Process.Kill() })
	t.Cleanup(func() { timer.Stop() })
	screen.until(">>> ")
	return command, terminal, screen
}

const ctrlC, ctrlD, up = "\x03", "\x04", "\x1b[A"

// TestRepl shows a person's session on a terminal.
func TestRepl(t *testing.T) {
	registry := memory.New()
	asked := make(chan struct{}, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/hangs/") {
			asked <- struct{}{}
			<-r.Context().Done()
			return
		}
		registry.ServeHTTP(w, r)
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	pushList(registry, "team/good", "1", "good", amd64, arm64)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "policy.star"), "WANTED = [\"1\"]\n\ndef main():\n    fail(\"not run\")\n")
	command, terminal, screen := session(t, dir, "policy.star", "-s", host, "-d", host, "-j", "4")

	// The session shows the log, and below it the value of the input. Tab completes the
	// name of an attribute.
	typeIn(t, terminal, "r = validate(image(\"team/good\", \"team/good\", WANTED[0]))\r")
	screen.until("PASS [" + host + "/team/good:1] == [" + host + "/team/good:1]\r\n>>> ")
	typeIn(t, terminal, "r.pl\t\r")
	screen.until("[platform(")
	screen.until("\r\n>>> ")
	typeIn(t, terminal, "vali\tr.image)\r")
	screen.until("PASS [")
	screen.until("\r\nresult(" + host + "/team/good:1: pass)\r\n>>> ")

	// validate sees that the mirror was mended in between.
	typeIn(t, terminal, "late = image(\"team/late\", \"team/late\", \"1\")\r")
	screen.until("\r\n>>> ")
	typeIn(t, terminal, "validate(late).ok\r")
	screen.until("\r\nFalse\r\n>>> ")
	pushList(registry, "team/late", "1", "late", amd64, arm64)
	typeIn(t, terminal, "validate(late).ok\r")
	screen.until("\r\nTrue\r\n>>> ")

	// A block takes several lines. Ctrl-C gives it up.
	typeIn(t, terminal, "def twice(x):\r")
	screen.until("... ")
	typeIn(t, terminal, "\treturn 2 * x\r\r")
	screen.until("... \r\n>>> ")
	typeIn(t, terminal, "parallel(twice, [1, 2])\r")
	screen.until("[2, 4]\r\n>>> ")
	typeIn(t, terminal, "def never():\r")
	screen.until("... ")
	typeIn(t, terminal, "  retu")
	screen.until("retu")
	typeIn(t, terminal, ctrlC)
	screen.until("^C\r\n>>> ")

	// An error points at the place in the input, and the session goes on.
	typeIn(t, terminal, "twice(nothing)\r")
	screen.until("undefined: nothing\r\n    twice(nothing)\r\n          ^\r\n>>> ")

	// Ctrl-C stops a loop, a builtin that waits, and the calls of parallel.
	typeIn(t, terminal, "[x for x in range(1 << 60) if print(x) or False]\r")
	screen.until("\r\n100\r\n")
	typeIn(t, terminal, ctrlC)
	screen.until("Interrupted\r\n>>> ")
	typeIn(t, terminal, "print(\"to sleep\"); sleep(\"1h\")\r")
	screen.until("\r\nto sleep\r\n")
	typeIn(t, terminal, ctrlC)
	screen.until("Interrupted\r\n>>> ")
	typeIn(t, terminal, "parallel(validate, [image(\"hangs/a\", \"hangs/a\", str(n)) for n in range(20)])\r")
	<-asked
	typeIn(t, terminal, ctrlC)
	screen.until("Interrupted\r\n>>> ")

	// The up key brings back an earlier input.
	typeIn(t, terminal, "print(\"remember\")\r")
	screen.until("\r\nremember\r\n>>> ")
	typeIn(t, terminal, up+"\r")
	screen.until("\r\nremember\r\n>>> ")
	typeIn(t, terminal, "password = \"hunter2\"\r")
	screen.until("\r\n>>> ")
	typeIn(t, terminal, ctrlD)
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
	kept, err := os.ReadFile(filepath.Join(dir, "mvrun", "repl_history"))
	if err != nil || !strings.Contains(string(kept), "print(\"remember\")\n") || strings.Contains(string(kept), "hunter2") {
		t.Errorf("the history is %q, %v", kept, err)
	}
}

// TestReplRemembers shows that a session knows the inputs of the session before it.
func TestReplRemembers(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "mvrun"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "mvrun", "repl_history"), "print(\"ear\" + \"lier\")\n")
	command, terminal, screen := session(t, dir)
	typeIn(t, terminal, up+"\r")
	screen.until("\r\nearlier\r\n>>> ")
	typeIn(t, terminal, ctrlD)
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
}

// TestReplTerminal shows that every end of a session leaves the terminal as it was
// before.
func TestReplTerminal(t *testing.T) {
	untouched, theirs := newTerminal(t)
	defer untouched.Close()
	defer theirs.Close()
	state := func(terminal *os.File) *term.State {
		s, err := term.GetState(int(terminal.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := state(untouched)
	for _, test := range []struct {
		name, typed, shown string
		signal             os.Signal
		status             int
	}{
		{name: "Ctrl-D", typed: ctrlD, shown: "\r\n", status: job.ExitOK},
		{name: "SIGTERM", signal: syscall.SIGTERM, status: job.ExitInterrupted},
		{name: "SIGTERM in an input", typed: "print(\"to sleep\"); sleep(\"1h\")\r", shown: "\r\nto sleep\r\n", signal: syscall.SIGTERM, status: job.ExitInterrupted},
		{name: "SIGQUIT", typed: "print(\"to sleep\"); sleep(\"1h\")\r", shown: "\r\nto sleep\r\n", signal: syscall.SIGQUIT, status: job.ExitInterrupted},
	} {
		t.Run(test.name, func(t *testing.T) {
			command, terminal, screen := session(t, t.TempDir())
			if reflect.DeepEqual(state(terminal), before) {
				t.Error("the session did not change the terminal: this test proves nothing")
			}
			typeIn(t, terminal, test.typed)
			screen.until(test.shown)
			if test.signal != nil {
				command.Process.Signal(test.signal)
			}
			command.Wait()
			if status := command.ProcessState.ExitCode(); status != test.status {
				t.Errorf("exit status %d, want %d", status, test.status)
			}
			if !reflect.DeepEqual(state(terminal), before) {
				t.Error("the terminal is not as it was")
			}
		})
	}
}

// TestReplInterruptedPipe shows that an interruption ends a session that reads from
// a pipe.
func TestReplInterruptedPipe(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "mvrun", "repl")
	command.Dir = t.TempDir()
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdin.Write([]byte("print(1)\n")); err != nil {
		t.Fatal(err)
	}
	one := make([]byte, 2)
	if _, err := stdout.Read(one); err != nil || string(one) != "1\n" {
		t.Fatalf("%q, %v", one, err)
	}
	command.Process.Signal(os.Interrupt)
	command.Wait()
	if status := command.ProcessState.ExitCode(); status != job.ExitInterrupted {
		t.Errorf("exit status %d, want %d", status, job.ExitInterrupted)
	}
}

// TestReplWords types the words that people try in a session.
func TestReplWords(t *testing.T) {
	for _, quit := range []string{"quit", "exit", "quit()", " exit() "} {
		command, terminal, screen := session(t, t.TempDir())
		if !strings.Contains(screen.seen.String(), "quit or Ctrl-D ends; help says more") {
			t.Errorf("the session begins with %q", screen.seen.String())
		}
		for _, step := range []struct{ typed, answer string }{
			{"help", "Tab completes names and attributes."},
			{"help()", "Tab completes names and attributes."},
			{"help waive", "waive(result, reason)"},
			{"help(result.status)", "result.status"},
			{"help wavie", "did you mean waive?"},
			{"def f():\n  return help\n", "undefined: help"},
			{"1 + 1", "2"},
		} {
			typeIn(t, terminal, step.typed+"\n")
			screen.until(step.answer)
			screen.until(">>> ")
		}
		typeIn(t, terminal, quit+"\n")
		if err := command.Wait(); err != nil {
			t.Errorf("%s: %v", quit, err)
		}
	}
}
