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

// Lines that a person types: editing, completion, and what was typed before.

// errAborted says that Ctrl-C was pressed while a line was typed.
var errAborted = errors.New("aborted")

// lineReader reads lines from a terminal, else from whatever is standard input.
type lineReader struct {
	editing    bool
	interrupts <-chan os.Signal // of terminals that cannot be edited on
	terminal   *liner.State
	plain      *bufio.Reader
	history    *history
	under      chan typed // what a goroutine reads, if one does
}

type typed struct {
	line string
	err  error
}

// newLineReader returns a lineReader, which changes the terminal until Close.
// complete is told what stands before the cursor, and returns from which byte
// on what may replace it.
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

// Close gives the terminal back as it was.
func (l *lineReader) Close() {
	if l != nil && l.terminal != nil {
		l.terminal.Close()
	}
}

// Read returns a line without its end; more says that it goes on another.
func (l *lineReader) Read(ctx context.Context, more bool) (string, error) {
	if l.under != nil {
		fmt.Print("\n" + promptFor(more)) // of a terminal that cannot be edited on
	} else {
		l.under = make(chan typed, 1)
		// It ends with the line or, as nothing can interrupt a read of
		// standard input, with the process.
		go func(to chan<- typed) { line, err := l.line(more); to <- typed{line, err} }(l.under)
	}
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case <-l.interrupts:
		return "", errAborted
	case t := <-l.under:
		l.under = nil
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
		err = nil // the last one has no end
	}
	return strings.TrimRight(line, "\r\n"), err
}

func promptFor(more bool) string {
	if more {
		return "... "
	}
	return ">>> "
}

// history is the file with what was typed in earlier sessions. That it cannot
// be read or written is no reason to stop anybody.
type history struct {
	path  string
	lines []string
}

// maxHistory is how many lines are kept.
const maxHistory = 1000

// secretive are lines that no file should keep.
var secretive = regexp.MustCompile(`(?i)password|token|secret`)

// historyPath is where the XDG Base Directory Specification wants what is to
// outlive a session, else where the system has such things; "" if nowhere.
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

// openHistory reads the file, and shortens it if it has grown.
func openHistory(path string) *history {
	h := &history{path: path}
	content, err := os.ReadFile(path)
	if err != nil {
		return h
	}
	for line := range strings.Lines(strings.ToValidUTF8(string(content), "")) {
		if line = strings.TrimRight(line, "\r\n"); len(line) < 4096 { // a line that liner takes
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

// add appends a line, so that sessions at the same time lose none.
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
