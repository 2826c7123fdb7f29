package main

import (
	"cmp"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/starlib"
)

// A run that is part of a test: like any other, but for where it looks, where
// it writes, and what time it is.

// rehearsal is what a test gives the runs that it makes.
type rehearsal struct {
	world   *testWorld
	clock   *starlib.Clock
	execute func(context.Context, starlib.Script, starlib.Options) (*int, error) // starlib.Run, or a test

	latest map[imagelist.Image]*engine.Result
}

// prepare makes a run part of the test.
func (h *rehearsal) prepare(r *runCommand) {
	r.network, r.rehearsal = &h.world.network, h
	if r.File != "-" {
		r.File = h.found(r.File)
	}
	r.Failed, r.Results = h.made(r.Failed), h.made(r.Results)
	for i := range r.AllowPath {
		r.AllowPath[i] = h.found(r.AllowPath[i])
	}
}

// adapt gives a script the test's files and time.
func (h *rehearsal) adapt(o *starlib.Options) {
	open, write := o.Open, o.WriteFailed
	o.Open = func(path string) (*imagelist.List, error) { return open(h.found(path)) }
	o.WriteFailed = func(path string, lines []string) error { return write(h.made(path), lines) }
	o.Clock = h.clock
}

// found is where a file is that is to be read: in the test's folder, beside
// its file, else where a run would look.
func (h *rehearsal) found(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	for _, folder := range []string{h.world.folder, filepath.Dir(h.world.file)} {
		if _, err := os.Stat(filepath.Join(folder, path)); err == nil {
			return filepath.Join(folder, path)
		}
	}
	return path
}

// made is where a file goes that is to be written: into the test's folder,
// whose subfolders are there when they are needed.
func (h *rehearsal) made(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	path = filepath.Join(h.world.folder, filepath.Join(string(filepath.Separator), path)) // and not above it
	os.MkdirAll(filepath.Dir(path), 0o777)                                                // whoever writes the file says why it cannot
	return path
}

// Write implements engine.Sink: it keeps the last result of each image.
func (h *rehearsal) Write(r *engine.Result) error {
	if h.latest == nil {
		h.latest = map[imagelist.Image]*engine.Result{}
	}
	key := r.Image
	if key.List == "" { // made by hand, perhaps again for every attempt
		key.Number = 0
	}
	h.latest[key] = r
	return nil
}

// results are those of the images, in the order of their lists; those of no
// list come last.
func (h *rehearsal) results() []*engine.Result {
	return slices.SortedFunc(maps.Values(h.latest), func(a, b *engine.Result) int {
		if byHand := a.Image.List == ""; byHand != (b.Image.List == "") {
			if byHand {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(a.Image.List, b.Image.List), cmp.Compare(a.Image.Number, b.Image.Number),
			cmp.Compare(a.Image.Destination, b.Image.Destination), cmp.Compare(a.Image.Source, b.Image.Source))
	})
}
