package job

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mvrun/engine/disk"
	"mvrun/engine/imagelist"
)

// checkReplaceable returns an error if a script may not replace or remove the file at
// path. Its words continue a sentence that begins with what is written. A script may
// replace a file that this run wrote, one that a flag names, one below a folder that
// the user allows, and, with a list, one that reads as a list: probably the failed list
// of an earlier run. Any other file is somebody's work.
func (f *openFiles) checkReplaceable(path string, list bool) error {
	if inGit(path) {
		return fmt.Errorf("would be %s: a script writes nothing below .git", filepath.Clean(path))
	}
	if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	same := func(known string) bool { return disk.SameFile(path, known) }
	if slices.ContainsFunc(f.made, same) || slices.ContainsFunc(f.named, same) || slices.ContainsFunc(f.folders, func(folder string) bool { return isBelow(folder, path) }) {
		return nil
	}
	if disk.IsIrregular(path) || list && readsAsList(path) {
		return nil
	}
	what := ""
	if list {
		what = " and which is no list of images"
	}
	return fmt.Errorf("would replace %s, which this run did not write%s: remove that file, or name it in a flag, of mvrun or of the script", filepath.Clean(path), what)
}

// inGit reports whether a path leads below a folder .git.
func inGit(path string) bool {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(folder, filepath.Base(path))
	}
	return slices.ContainsFunc(strings.Split(filepath.ToSlash(path), "/"), func(part string) bool { return strings.EqualFold(part, ".git") })
}

// isBelow reports whether a file lies below a folder.
func isBelow(folder, path string) bool {
	folder, errFolder := filepath.EvalSymlinks(folder)
	below, errPath := filepath.EvalSymlinks(filepath.Dir(path))
	if errFolder != nil || errPath != nil {
		return false
	}
	relative, err := filepath.Rel(folder, below)
	return err == nil && filepath.IsLocal(relative)
}

// maxLooked is how many bytes of a file are looked at to find out whether it is a list.
const maxLooked = 1 << 20

// readsAsList reports whether the file at path looks like a list of images.
func readsAsList(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	return ReadsAsList(io.LimitReader(file, maxLooked))
}

// ReadsAsList reports whether a text looks like a list of images: of its lines at least
// one, and at least nine of ten, are images.
func ReadsAsList(r io.Reader) bool {
	lines, images := 0, 0
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		line := strings.TrimSpace(scanner.Text())
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") {
			continue
		}
		lines++
		if _, err := new(imagelist.List).Image(imagelist.Line{Text: line}, imagelist.Options{Destination: "registry.example"}); err == nil || errors.Is(err, imagelist.ErrNoTag) { // two repositories stand for an entry of another tool's list
			images++
		}
	}
	return scanner.Err() == nil && images > 0 && images*10 >= lines*9
}
