package sink

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The failed list: the lines to mirror, or to validate, again. And how a file is
// replaced.

// CheckReplaceable returns an error if ReplaceFile could not write to path, so
// that the user learns of it before the run and not after it. The error does
// not name the path.
func CheckReplaceable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return ErrDirectory
	case err == nil && !info.Mode().IsRegular():
		return nil // a device or a pipe is written to as it is
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return err
	}
	// The file will be replaced in one step: its folder has to be writable.
	trial, err := os.CreateTemp(filepath.Dir(target(path)), ".mvrun-*")
	if err != nil {
		return nameless(err)
	}
	return errors.Join(trial.Close(), os.Remove(trial.Name()))
}

// ErrDirectory is the error of a directory in place of a file.
var ErrDirectory = errors.New("it is a directory: give the name of a file")

// SameFile reports whether two paths lead to one file, which need not exist yet.
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

// resolved returns the absolute path of a file that need not exist, without
// symbolic links in the folders above it.
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

// target returns the file that a symbolic link leads to, so that the link stays
// a link. The file need not exist.
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

// nameless returns the error of a file without the file's name: the caller names
// the file, and a temporary one has a name that the user did not choose.
func nameless(err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// WriteFailedList writes the lines in one step. If there are no lines, it
// removes the file.
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

// ReplaceFile gives a file new content in one step: a reader sees the old
// content or the new one, never a part. Permissions of an existing file and
// symbolic links stay. A device or a pipe is written to as it is. The error does
// not name the file.
func ReplaceFile(path string, content []byte) error {
	if isIrregular(path) {
		return nameless(os.WriteFile(path, content, 0o666))
	}
	return nameless(replace(target(path), content))
}

// isIrregular reports whether a path leads to a device, a pipe or a directory.
func isIrregular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular()
}
