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
	"mvrun/engine/sink"
)

// errAborted is the error of a line during which the person pressed Ctrl-C.
var errAborted = errors.New("aborted")

// lineReader reads lines from standard input. On a terminal the person can edit
// the line, complete names, and search earlier lines.
type lineReader struct {
	editing    bool             // standard input and output are terminals
	interrupts <-chan os.Signal // of a terminal on which liner cannot edit
	terminal   *liner.State     // nil without editing
	plain      *bufio.Reader    // nil with editing
	history    *history
	reading    chan typed // gets the line that a goroutine is reading; nil if none is
}

// typed is the outcome of reading a line.
type typed struct {
	line string
	err  error
}

// newLineReader returns a lineReader, which changes the terminal until Close.
// complete gets the text before the cursor. It returns the byte at which the
// unfinished name begins, and the texts that may replace the rest from there.
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
	l.terminal.ReadHistory(strings.NewReader(l.history.text())) // what it cannot read was not typed
	return l
}

// Close puts the terminal back as it was.
func (l *lineReader) Close() {
	if l != nil && l.terminal != nil {
		l.terminal.Close()
	}
}

// Read returns a line without its end. more is true if the line continues an
// input.
func (l *lineReader) Read(ctx context.Context, more bool) (string, error) {
	if l.reading != nil {
		fmt.Print("\n" + promptFor(more)) // liner cannot edit on this terminal
	} else {
		l.reading = make(chan typed, 1)
		// Nothing can interrupt a read of standard input: the goroutine ends
		// with the line, or with the process.
		go func(to chan<- typed) { line, err := l.line(more); to <- typed{line, err} }(l.reading)
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
		err = nil // the last line has no end
	}
	return strings.TrimRight(line, "\r\n"), err
}

func promptFor(more bool) string {
	if more {
		return "... "
	}
	return ">>> "
}

// history is the file with the lines of earlier sessions. A session goes on
// without it if it cannot be read or written.
type history struct {
	path  string
	lines []string
}

// maxHistory is the number of lines that are kept.
const maxHistory = 1000

// secretive matches lines that may hold a secret: no file keeps them.
var secretive = regexp.MustCompile(`(?i)password|token|secret`)

// historyPath returns the path of the history: in the state folder of the XDG Base
// Directory Specification, or where the system keeps such files. It returns ""
// if there is no such folder.
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
		if line = strings.TrimRight(line, "\r\n"); len(line) < 4096 { // liner takes no longer line
			h.lines = append(h.lines, line)
		}
	}
	if n := len(h.lines); n > maxHistory {
		h.lines = h.lines[n-maxHistory:]
		if n > 2*maxHistory {
			_ = sink.ReplaceFile(path, []byte(h.text())) // which keeps its permissions
		}
	}
	return h
}

func (h *history) text() string { return strings.Join(append(h.lines, ""), "\n") }

// add appends a line to the file, so that two sessions at a time lose no lines.
func (h *history) add(line string) {
	if h.path == "" || secretive.MatchString(line) {
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
