package job

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"mvrun/engine/disk"
)

// openFiles knows the files of a run that is under way, for its script.
type openFiles struct {
	sandbox Sandbox
	failed  string   // the failed list of -o
	named   []string // paths that the script may use wherever they are

	reports []Report // which the run writes when it is over
	folders []string // below them, the script may replace any file

	mu    sync.Mutex
	owned []string // files that only the run itself may replace
	made  []string // files that the script has written
}

// openFiles returns the files of the table once they are settled.
func (c *Config) openFiles() *openFiles {
	files := &openFiles{sandbox: c.Sandbox, failed: c.Failed, named: slices.Clone(c.Named), reports: c.Reports, folders: c.AllowDirs}
	for _, f := range c.files() {
		if f.use == findsIn {
			continue
		}
		if path := c.onDisk(f); path != "" && f.path != &c.Failed {
			files.owned = append(files.owned, path)
		}
		if *f.path != "" && !f.loaded {
			files.named = append(files.named, *f.path)
		}
	}
	return files
}

// Readable implements starlib.Files: it returns where a file lies that a script
// reads, and keeps the script from replacing that file.
func (f *openFiles) Readable(path string) (string, error) {
	path = f.sandbox.Found(path)
	for _, report := range f.reports {
		if report.Path != "" && disk.SameFile(path, report.Path) {
			return "", fmt.Errorf("the script reads %s, which %s would replace: give %s another name", path, report.Flag, report.Flag)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.owned = append(f.owned, path)
	return path, nil
}

// Writable implements starlib.Files: it returns where a file goes that a script
// writes.
func (f *openFiles) Writable(path string, list bool) (string, error) {
	path = f.sandbox.Made(path)
	if err := f.checkFree(path); err != nil {
		return "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.checkReplaceable(path, list); err != nil {
		return "", err
	}
	f.made = append(f.made, path)
	return path, nil
}

// checkFree returns an error, "would replace FILE, …", if the run reads the file at
// path, or if one of its sinks writes it.
func (f *openFiles) checkFree(path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, owned := range f.owned {
		if disk.SameFile(path, owned) {
			return fmt.Errorf("would replace %s, which this run itself reads or writes: give another name", filepath.Clean(owned))
		}
	}
	return nil
}
