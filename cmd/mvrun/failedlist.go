package main

import (
	"fmt"
	"path/filepath"
	"sync"

	"mvrun/engine/sink"
)

// The failed list that a run writes.

// failedList writes the failed list, and remembers for the summary what of it
// there is.
type failedList struct {
	path    string      // of -o
	inputs  []string    // what it must never replace
	nothing func() bool // whether nothing was asked: an earlier list then stays

	mu    sync.Mutex
	last  string // path, "" if there is none
	lines int
}

// protect adds a file that the list must never replace.
func (f *failedList) protect(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inputs = append(f.inputs, path)
}

func (f *failedList) write(path string, lines []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if path == "" {
		path = f.path
	}
	if len(lines) == 0 && f.nothing() {
		return nil
	}
	for _, input := range f.inputs {
		if sink.SameFile(path, input) {
			return fmt.Errorf("the failed list would replace %s", filepath.Clean(input))
		}
	}
	if err := sink.WriteFailedList(path, lines); err != nil {
		return err
	}
	switch {
	case len(lines) > 0:
		f.last, f.lines = path, len(lines)
	case path == f.last: // an empty one says nothing of another
		f.last, f.lines = "", 0
	}
	return nil
}
