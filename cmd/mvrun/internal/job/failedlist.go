package job

import (
	"fmt"
	"sync"

	"mvrun/engine/sink"
)

// failedList writes the failed list, and remembers for the summary where it is.
type failedList struct {
	files *openFiles
	// keep reports whether an earlier list stays although no line failed: at a
	// prompt, before the first image.
	keep func() bool

	mu    sync.Mutex
	last  string // path of the last list that has lines, "" if there is none
	lines int    // lines of that list
}

// write writes the lines to path, or to the run's own failed list if path is "".
func (f *failedList) write(path string, lines []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if path == "" {
		path = f.files.failed
	}
	if len(lines) == 0 && f.keep() {
		return nil
	}
	if err := f.files.checkFree(path); err != nil {
		return fmt.Errorf("the failed list %w", err)
	}
	if err := sink.WriteFailedList(path, lines); err != nil {
		return err
	}
	switch {
	case len(lines) > 0:
		f.last, f.lines = path, len(lines)
	case path == f.last: // an empty list says nothing of another one
		f.last, f.lines = "", 0
	}
	return nil
}
