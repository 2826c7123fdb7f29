package job

import (
	"fmt"
	"io"
	"sync"

	"mvrun/engine/sink"
)

// failedList writes the failed list, and remembers for the summary where it is.
type failedList struct {
	files   *openFiles
	earlier *earlierList
	// keep reports whether an earlier list stays although no line failed: at a
	// prompt, before the first image.
	keep func() bool

	stdout io.Writer // for the list of "-o -"

	mu      sync.Mutex
	last    string   // path of the last list that has lines, "" if there is none
	lines   int      // lines of that list
	pending []string // lines for standard output, which get there at the end of the run
}

// write writes the lines to path, or to the run's own failed list if path is "".
func (f *failedList) write(path string, lines []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.earlier.replaced()
	own := path == ""
	if own {
		path = f.files.failed
	}
	if len(lines) == 0 && f.keep() {
		return nil
	}
	if own && path == standardOutput {
		f.pending = lines
	} else if err := f.writeFile(path, lines); err != nil {
		return err
	}
	if path == standardOutput && !own {
		path = "./" + path // a file, which the summary names so that nobody takes it for standard output
	}
	switch {
	case len(lines) > 0:
		f.last, f.lines = path, len(lines)
	case path == f.last: // an empty list says nothing of another one
		f.last, f.lines = "", 0
	}
	return nil
}

// writeFile replaces a file, unless the run needs it.
func (f *failedList) writeFile(path string, lines []string) error {
	if err := f.files.checkFree(path); err != nil {
		return fmt.Errorf("the failed list %w", err)
	}
	return sink.WriteFailedList(path, lines)
}

// finish writes the list that goes to standard output.
func (f *failedList) finish() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, line := range f.pending {
		if _, err := fmt.Fprintln(f.stdout, line); err != nil {
			return fmt.Errorf("writing the failed list to standard output (-o): %w", err)
		}
	}
	return nil
}
