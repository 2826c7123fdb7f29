package sink

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// This file writes the failed list, which has the lines to mirror or to validate
// again. It also replaces files for other sinks.

// CheckReplaceable returns an error if ReplaceFile could not write to path. A run
// calls it at the beginning, so that the user learns this before the run. The
// error does not name the path.
func CheckReplaceable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return ErrDirectory
	case err == nil && !info.Mode().IsRegular():
		return nil // ReplaceFile writes to a device or a pipe directly
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return err
	}
	// ReplaceFile makes a temporary file in the same folder, so the folder must be
	// writable.
	trial, err := os.CreateTemp(filepath.Dir(target(path)), ".mvrun-*")
	if err != nil {
		return withoutPath(err)
	}
	return errors.Join(trial.Close(), os.Remove(trial.Name()))
}

// ErrDirectory is the error for a path that leads to a directory instead of a file.
var ErrDirectory = errors.New("it is a directory: give the name of a file")

// SameFile reports whether two paths lead to the same file. The file need not exist
// yet.
func SameFile(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	if resolved(a) == resolved(b) {
		return true
	}
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// resolved returns the absolute path of a file. It resolves symbolic links in the
// folders above the file. The file itself need not exist.
func resolved(path string) string {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(absolute))
	if err != nil {
		return absolute
	}
	return filepath.Join(folder, filepath.Base(absolute))
}

// target returns the path of the file to which a symbolic link leads, or the path
// itself if it is no link. Writing to the target leaves the link as it is. The file
// need not exist.
func target(path string) string {
	const maxLinks = 40 // the limit of Linux
	for range maxLinks {
		to, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return path
}

// withoutPath returns an error without the path of its file. The path may be that of a
// temporary file, which the user does not know. The caller adds the right path.
func withoutPath(err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// WriteFailedList replaces the failed list at path with the lines, in one step. If
// there are no lines, it removes the file.
func WriteFailedList(path string, lines []string) error {
	if len(lines) > 0 {
		if err := ReplaceFile(path, []byte(strings.Join(lines, "\n")+"\n")); err != nil {
			return fmt.Errorf("writing the failed list %s, which would have %s: %w", path, count(len(lines), "line"), err)
		}
		return nil
	}
	if isIrregular(path) {
		return nil
	}
	if err := os.Remove(target(path)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the failed list of an earlier run: %w", err)
	}
	return nil
}

// ReplaceFile gives a file new content in one step: a reader sees the old content
// or the new content, but never a part of it. The file keeps its permissions, and a
// symbolic link stays a link. To a device or a pipe, ReplaceFile writes directly.
// The error does not name the file.
func ReplaceFile(path string, content []byte) error {
	if isIrregular(path) {
		return withoutPath(os.WriteFile(path, content, 0o666))
	}
	return withoutPath(replace(target(path), content))
}

// isIrregular reports whether a path leads to a device, a pipe or a directory.
func isIrregular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular()
}
