package job

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"mvrun/engine"
	"mvrun/engine/disk"
	"mvrun/engine/imagelist"
)

// earlierList is the failed list that an earlier run left. It is a sink: the first
// result removes the list, so that what stands there is never another run's, also if
// this run is killed.
type earlierList struct {
	mu   sync.Mutex
	path string // "" if there is none, if it was removed, or if this run has written a list
	// checkFree returns an error if the run has read the file, as a list perhaps.
	checkFree func(path string) error
}

// replaced notes that this run writes a list itself: that one must stay.
func (l *earlierList) replaced() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.path = ""
}

// Write implements engine.Sink.
func (l *earlierList) Write(*engine.Result) error { return l.remove() }

// remove removes the list, unless that was done already.
func (l *earlierList) remove() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	path := l.path
	l.path = ""
	if path == "" || disk.IsIrregular(path) || l.checkFree(path) != nil {
		return nil
	}
	if err := disk.Remove(path); err != nil {
		return fmt.Errorf("removing the failed list %s of an earlier run: %w", path, err)
	}
	return nil
}

// openEarlierList returns the failed list of an earlier run. It returns an error if
// the file in its place is somebody's work: neither a list of images, nor lines of this
// run's list, nor a file of the usual name.
func (c *Config) openEarlierList(own *imagelist.List) (*earlierList, error) {
	if c.Session || own != nil && own.Interactive() || c.Failed == standardOutput || disk.IsIrregular(c.Failed) {
		return &earlierList{}, nil
	}
	content, err := os.ReadFile(c.Failed)
	if err != nil { // there is none, or the check of the table of files says more
		return &earlierList{}, nil
	}
	if len(bytes.TrimSpace(content)) > 0 && !readsAsList(c.Failed) && !isPart(content, own) && !isOwnName(c.Failed) {
		return nil, foreignListError(c.Failed)
	}
	return &earlierList{path: c.Failed}, nil
}

// foreignListError is the error of a failed list that would replace somebody's work.
func foreignListError(path string) error {
	return fmt.Errorf("the failed list would replace %s (-o), which is no list of images: remove that file, or give -o another name", path)
}

// usualName matches the name of the failed list if the user gives none.
var usualName = regexp.MustCompile(`^mirror-validate-failed(\.\d+-of-\d+)?\.txt$`)

// isOwnName reports whether a file has the name that only failed lists have. Many of
// their lines may be no images, if the list of the earlier run was so bad.
func isOwnName(path string) bool { return usualName.MatchString(filepath.Base(path)) }

// isPart reports whether every line is one of a list. A failed list may hold nothing but
// lines that are no images.
func isPart(content []byte, list *imagelist.List) bool {
	if list == nil {
		return false
	}
	lines, _ := list.Known()
	known := make(map[string]bool, len(lines))
	for _, line := range lines {
		known[line.Text] = true
	}
	return hasOnly(content, known)
}

// hasOnly reports whether every line of a file is one of those that are known.
func hasOnly(content []byte, known map[string]bool) bool {
	for line := range bytes.Lines(content) {
		if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 && !known[string(line)] {
			return false
		}
	}
	return true
}
