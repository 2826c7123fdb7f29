package rehearsal

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"mvrun/engine"
	"mvrun/engine/imagelist"
)

// sandbox implements job.Sandbox: it keeps what a test writes in the test's
// folder.
type sandbox struct {
	folder string // of the test
	beside string // the folder of the test's file
}

// Found returns where a file lies that is to be read: in the test's folder, else
// beside its file, else where a run would look.
func (s sandbox) Found(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	for _, folder := range []string{s.folder, s.beside} {
		if _, err := os.Stat(filepath.Join(folder, path)); err == nil {
			return filepath.Join(folder, path)
		}
	}
	return path
}

// Made returns where a file goes that is to be written: into the test's folder,
// whose subfolders are made when they are needed.
func (s sandbox) Made(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	path = filepath.Join(s.folder, filepath.Join(string(filepath.Separator), path)) // ".." stays inside
	os.MkdirAll(filepath.Dir(path), 0o777)                                          // writing the file fails if this does
	return path
}

// collected is the sink that keeps the last result of each image for the test.
type collected struct {
	latest map[imagelist.Image]*engine.Result
}

func newCollected() *collected { return &collected{map[imagelist.Image]*engine.Result{}} }

// Write implements engine.Sink.
func (c *collected) Write(r *engine.Result) error {
	key := r.Image
	if key.List == "" { // image() made it, perhaps again for every attempt
		key.Number = 0
	}
	c.latest[key] = r
	return nil
}

// results returns the results in the order of their lists; those of images that
// the script made come last.
func (c *collected) results() []*engine.Result {
	madeByHand := func(r *engine.Result) int {
		if r.Image.List == "" {
			return 1
		}
		return 0
	}
	return slices.SortedFunc(maps.Values(c.latest), func(a, b *engine.Result) int {
		return cmp.Or(cmp.Compare(madeByHand(a), madeByHand(b)),
			cmp.Compare(a.Image.List, b.Image.List), cmp.Compare(a.Image.Number, b.Image.Number),
			cmp.Compare(a.Image.Destination, b.Image.Destination), cmp.Compare(a.Image.Source, b.Image.Source))
	})
}
