package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/peterh/liner"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine/disk"
)

// errAborted means that the user pressed Ctrl-C while typing a line.
var errAborted = errors.New("aborted")

// lineReader reads lines from standard input. On a terminal the user can edit
// the line, complete names, and search earlier lines.
type lineReader struct {
	editing    bool             // whether standard input and output are both terminals
	interrupts <-chan os.Signal // gets Ctrl-C if liner does not support the terminal
	terminal   *liner.State     // nil if editing is false
	plain      *bufio.Reader    // nil if editing is true
	history    *history
	reading    chan typedLine // gets the line that a goroutine is reading; nil if none is
}

// typedLine is the outcome of reading a line.
type typedLine struct {
	line string
	err  error
}

// newLineReader returns a lineReader. It changes the settings of the terminal; Close
// restores them. complete gets the text before the cursor. It returns the byte where
// the unfinished name begins, and the texts that may replace it.
func newLineReader(c job.Console, interrupts <-chan os.Signal, complete func(string) (int, []string)) *lineReader {
	l := &lineReader{interrupts: interrupts, editing: c.StdinTerminal && c.StdoutTerminal}
	if !l.editing {
		l.plain = bufio.NewReader(c.Stdin)
		return l
	}
	l.terminal = liner.NewLiner()
	l.terminal.SetCtrlCAborts(true)
	l.terminal.SetMultiLineMode(true)
	l.terminal.SetTabCompletionStyle(liner.TabPrints)
	l.terminal.SetWordCompleter(func(line string, cursor int) (head string, candidates []string, tail string) {
		runes := []rune(line)
		before := string(runes[:cursor])
		start, candidates := complete(before)
		return before[:start], candidates, string(runes[cursor:])
	})
	l.history = openHistory(historyPath(c.Getenv))
	l.terminal.ReadHistory(strings.NewReader(l.history.text())) // an error does no harm: earlier lines are then missing
	return l
}

// Close restores the settings of the terminal.
func (l *lineReader) Close() {
	if l != nil && l.terminal != nil {
		l.terminal.Close()
	}
}

// Read reads a line, and returns it without the newline. more is true if the line
// continues the input of the lines before.
func (l *lineReader) Read(ctx context.Context, more bool) (string, error) {
	if l.reading != nil {
		fmt.Print("\n" + promptFor(more)) // after Ctrl-C, the goroutine of the earlier call still reads
	} else {
		l.reading = make(chan typedLine, 1)
		// Nothing can interrupt a read of standard input. The goroutine ends when
		// the user ends the line, or when the process ends.
		go func(to chan<- typedLine) { line, err := l.line(more); to <- typedLine{line, err} }(l.reading)
	}
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case <-l.interrupts:
		return "", errAborted
	case t := <-l.reading:
		l.reading = nil
		if t.err == nil && l.editing && strings.TrimSpace(t.line) != "" {
			l.terminal.AppendHistory(t.line)
			l.history.add(t.line)
		}
		return t.line, t.err
	}
}

func (l *lineReader) line(more bool) (string, error) {
	if l.terminal != nil {
		line, err := l.terminal.Prompt(promptFor(more))
		if errors.Is(err, liner.ErrPromptAborted) {
			err = errAborted
		}
		return line, err
	}
	line, err := l.plain.ReadString('\n')
	if line != "" {
		err = nil // the last line of a file may have no newline
	}
	return strings.TrimRight(line, "\r\n"), err
}

func promptFor(more bool) string {
	if more {
		return "... "
	}
	return ">>> "
}

// history is the file with the lines of earlier sessions. A session works without a
// history if the file cannot be read or written.
type history struct {
	path  string
	lines []string
}

// maxHistory is the number of lines that are kept.
const maxHistory = 1000

// looksSecret matches lines that may hold a secret. Such lines are not written to the
// file.
var looksSecret = regexp.MustCompile(`(?i)password|token|secret`)

// historyPath returns the path of the history. The file is in the state folder of the
// XDG Base Directory Specification; on macOS and Windows it is in the user's
// configuration folder. historyPath returns "" if there is no such folder.
func historyPath(getenv func(string) string) string {
	dir := getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) {
		var err error
		switch runtime.GOOS {
		case "darwin", "windows":
			dir, err = os.UserConfigDir()
		default:
			dir, err = os.UserHomeDir()
			dir = filepath.Join(dir, ".local", "state")
		}
		if err != nil {
			return ""
		}
	}
	return filepath.Join(dir, "mvrun", "repl_history")
}

// openHistory reads the history, and shortens the file if it has grown long.
func openHistory(path string) *history {
	h := &history{path: path}
	content, err := os.ReadFile(path)
	if err != nil {
		return h
	}
	for line := range strings.Lines(strings.ToValidUTF8(string(content), "")) {
		if line = strings.TrimRight(line, "\r\n"); len(line) < 4096 { // liner cannot read longer lines
			h.lines = append(h.lines, line)
		}
	}
	if n := len(h.lines); n > maxHistory {
		h.lines = h.lines[n-maxHistory:]
		if n > 2*maxHistory {
			_ = disk.Replace(path, []byte(h.text())) // the file keeps its permissions
		}
	}
	return h
}

func (h *history) text() string { return strings.Join(append(h.lines, ""), "\n") }

// add appends a line to the file. It does not rewrite the file, because another
// session may add lines at the same time.
func (h *history) add(line string) {
	if h.path == "" || looksSecret.MatchString(line) {
		return
	}
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return
	}
	f, err := os.OpenFile(h.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	_, _ = f.WriteString(line + "\n")
	_ = f.Close()
}
