//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestCompletionInBash presses Tab in bash: for a command, a value, a flag of a script,
// and a file.
func TestCompletionInBash(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("CI has to have bash")
		}
		t.Skip("left out: there is no bash")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "own.star"), "def main(most = 3):\n    return 0\n")
	write(t, filepath.Join(dir, "list.txt"), "a b 1\n")
	write(t, filepath.Join(dir, "rc"), "PS1='$ '\nsource <(mvrun completion bash)\n")
	t.Setenv("TERM", "dumb")
	_, terminal, screen := onTerminal(t, dir, exec.Command("bash", "--rcfile", "rc", "-i"))
	screen.until("$ ")
	for _, test := range []struct{ typed, becomes string }{
		{"mvrun comp", "mvrun completion "},
		{"mvrun validate.star --rules ex", "--rules exact "},
		{"mvrun validate.star --rules=ex", "--rules=exact "},
		{"mvrun own.star --mo", "--most "},
		{"mvrun own.star -f li", "-f list.txt "},
	} {
		typeIn(t, terminal, test.typed+"\t")
		screen.until(test.becomes)
		// Ctrl-U empties the line. Ctrl-C would be lost in a shell that still completes.
		typeIn(t, terminal, "\x15\n")
		screen.until("\r\n$ ")
	}
}
