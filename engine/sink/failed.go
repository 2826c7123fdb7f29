package sink

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
)

// The failed list: what to mirror, or to validate, again.

// CheckFailedList says why the failed list could not be written to path, so
// that this is known before the run and not after it. list and script are the
// files that the run reads, or "".
func CheckFailedList(path, list, script string) error {
	if SameFile(path, list) {
		return fmt.Errorf("the failed list would replace the list itself: give -o another file than -f %s", list)
	}
	if SameFile(path, script) {
		return fmt.Errorf("the failed list would replace the script %s: give -o another file", script)
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("the failed list %s (-o) is a directory: give the name of a file", path)
	case err == nil && !info.Mode().IsRegular():
		return nil // a device or a pipe is written to as it is
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("the failed list cannot be written (-o): %w", err)
	}
	// It will be replaced in one step: what counts is its folder.
	trial, err := os.CreateTemp(filepath.Dir(target(path)), ".mvrun-*")
	if err != nil {
		return fmt.Errorf("the failed list cannot be written to %s (-o): %w", path, nameless(err))
	}
	return errors.Join(trial.Close(), os.Remove(trial.Name()))
}

// SameFile says whether two paths lead to one file, which need not exist yet.
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

// resolved is the path of a file that need not exist, without symbolic links
// in the folders above it.
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

// target follows a symbolic link, which is to stay one even if it leads to
// nothing yet.
func target(path string) string {
	const most = 40 // as Linux has it
	for range most {
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

// nameless is an error without the name of the file, which is one that nobody
// knows.
func nameless(err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// WriteFailedList writes the lines in one step: readers see the old file or
// the new one. Without lines there is nothing to keep, and the file goes.
func WriteFailedList(path string, lines []string) error {
	info, err := os.Stat(path)
	irregular := err == nil && !info.Mode().IsRegular()
	if len(lines) == 0 {
		if irregular {
			return nil
		}
		if err := os.Remove(target(path)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing the failed list of an earlier run: %w", err)
		}
		return nil
	}
	content := []byte(strings.Join(lines, "\n") + "\n")
	if irregular {
		err = os.WriteFile(path, content, 0o666)
	} else {
		to := target(path)
		err = renameio.WriteFile(to, content, 0o666, renameio.WithExistingPermissions(), renameio.WithTempDir(filepath.Dir(to)))
	}
	if err != nil {
		return fmt.Errorf("writing the failed list %s, which would have %s: %w", path, count(len(lines), "line"), nameless(err))
	}
	return nil
}
