package rehearsal

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mvrun/engine"
	"mvrun/engine/imagelist"
)

// sandbox implements job.Sandbox: a test writes all its files in its own folder, and reads
// only there and where the user keeps scripts and tests.
type sandbox struct {
	folder string // the test's own folder, which is empty at first
	beside string // the folder that has the file of the test
	// confine returns an error for a path outside the working directory, the folder
	// beside, and the folders that the user has given to "mvrun test".
	confine func(path string) (string, error)
}

// Found returns the path of a file that a script reads. It looks in the test's own
// folder, then beside the test's file, then in the working directory. If the file is in
// none of them, or if the test may not read it there, the path is one in the test's own
// folder, where there is no such file. A test names files by itself, also in the flags of
// a script, so its user has not agreed to any of them.
func (s sandbox) Found(path string) string {
	if path == "" || s.holds(path) {
		return path
	}
	candidates := []string{path}
	if !filepath.IsAbs(path) {
		candidates = []string{filepath.Join(s.beside, path), path}
	}
	own := s.inside(path)
	if exists(own) {
		return own
	}
	for _, candidate := range candidates {
		if allowed, err := s.confine(candidate); err == nil && exists(allowed) {
			return allowed
		}
	}
	return own
}

// Made returns the path of a file that a script writes. The path is always in the
// test's own folder. Made creates the subfolders that the path needs.
func (s sandbox) Made(path string) string {
	if path == "" || s.holds(path) {
		return path
	}
	path = s.inside(path)
	os.MkdirAll(filepath.Dir(path), 0o777) // if this fails, writing the file fails, too
	return path
}

// inside returns the path in the test's own folder for any path. ".." does not
// lead out of the folder, and /tmp/a becomes tmp/a.
func (s sandbox) inside(path string) string {
	path = strings.TrimPrefix(path, filepath.VolumeName(path))
	return filepath.Join(s.folder, filepath.Join(string(filepath.Separator), path))
}

// holds reports whether an absolute path lies in the test's own folder already.
func (s sandbox) holds(path string) bool {
	return strings.HasPrefix(filepath.Clean(path), s.folder+string(filepath.Separator))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// resultSink keeps the last result of each image for the test.
type resultSink struct {
	latest map[imagelist.Image]*engine.Result
}

func newResultSink() *resultSink { return &resultSink{map[imagelist.Image]*engine.Result{}} }

// Write implements engine.Sink.
func (s *resultSink) Write(r *engine.Result) error {
	s.latest[*r.Image] = r
	return nil
}

// Withdraw implements engine.Reviser.
func (s *resultSink) Withdraw(image *imagelist.Image) error {
	delete(s.latest, *image)
	return nil
}

// results returns the results in the order of their lists. The results of images
// that the script made by hand come last.
func (s *resultSink) results() []*engine.Result {
	madeByHand := func(r *engine.Result) int {
		if r.Image.List == "" {
			return 1
		}
		return 0
	}
	return slices.SortedFunc(maps.Values(s.latest), func(a, b *engine.Result) int {
		return cmp.Or(cmp.Compare(madeByHand(a), madeByHand(b)),
			cmp.Compare(a.Image.List, b.Image.List), cmp.Compare(a.Image.Number, b.Image.Number),
			cmp.Compare(a.Image.Destination, b.Image.Destination), cmp.Compare(a.Image.Source, b.Image.Source))
	})
}
