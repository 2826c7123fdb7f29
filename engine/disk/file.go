package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// CheckReplaceable returns an error if Replace could not write to path. A run
// calls it at the beginning, so that the user learns this before the run. The
// error does not name the path.
func CheckReplaceable(path string) error {
	path, err := target(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return ErrDirectory
	case err == nil && !info.Mode().IsRegular():
		return nil // Replace writes to a device or a pipe directly
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return err
	}
	// Replace makes a temporary file in the same folder, so the folder must be
	// writable.
	trial, err := os.CreateTemp(filepath.Dir(path), ".mvrun-*")
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

// Replace gives a file new content in one step: a reader sees the old content or the
// new content, but never a part of it. The file keeps its permissions, and a symbolic
// link stays a link. To a device or a pipe, Replace writes directly. The error does not
// name the file.
func Replace(path string, content []byte) error {
	path, err := target(path)
	switch {
	case err != nil:
		return err
	case IsIrregular(path):
		return withoutPath(writeThrough(path, content))
	}
	return withoutPath(replace(path, content))
}

// Remove removes a file, and leaves a symbolic link that leads to the file. It does
// nothing if there is no such file. The error does not name the file.
func Remove(path string) error {
	path, err := target(path)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return withoutPath(err)
	}
	return nil
}

// IsIrregular reports whether a path leads to a device, a pipe or a directory.
func IsIrregular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular()
}

// CheckOwner returns an error if another user may have put the file at path there, for
// this run to write to: a link to a file of ours, or a file of theirs in a folder where
// everybody writes, such as /tmp. The error does not name the file.
func CheckOwner(path string) error {
	_, err := target(path)
	return err
}

// maxLinks is how many symbolic links are followed, one after the other. It is the
// limit of Linux.
const maxLinks = 40

// target returns the path of the file to which a symbolic link leads, or the path
// itself if it is no link. Writing to the target leaves the link as it is. The file
// need not exist. A link or a file of another user is an error, as CheckOwner says.
//
// The link is read before its owner is looked at. So a link that somebody puts there
// between the two steps is found.
func target(path string) (string, error) {
	for range maxLinks {
		if err := checkFolders(path, maxLinks); err != nil {
			return path, err
		}
		to, notLink := os.Readlink(path)
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return path, nil
		case err != nil:
			return path, withoutPath(err)
		case info.Mode().Type() != fs.ModeSymlink && notLink != nil:
			return path, checkOwner(path, info)
		case notLink != nil || info.Mode().Type() != fs.ModeSymlink:
			return path, fmt.Errorf("it changed while it was looked at")
		case !isOurs(info):
			return path, fmt.Errorf("it is a symbolic link of another user, which could lead to any file: remove the link, or give the name of another file")
		}
		path = leadsTo(path, to)
	}
	return path, errTooManyLinks
}

var errTooManyLinks = fmt.Errorf("more than %d symbolic links lead from one to the other", maxLinks)

// leadsTo returns the path to which a link leads.
func leadsTo(link, to string) string {
	if filepath.IsAbs(to) {
		return to
	}
	folder, _ := filepath.Split(link)
	return folder + to // filepath.Join would take "a/.." away, although a may be a link
}

// checkFolders returns an error if one of the folders above a path is a symbolic link of
// another user. Such a link could lead to any folder that has a file of this name.
func checkFolders(path string, links int) error {
	if links == 0 {
		return errTooManyLinks
	}
	for at := len(filepath.VolumeName(path)) + 1; at < len(path); at++ {
		if !os.IsPathSeparator(path[at]) {
			continue
		}
		folder := path[:at]
		info, err := os.Lstat(folder)
		if err != nil || info.Mode().Type() != fs.ModeSymlink {
			continue // what is not there is reported when the file is opened
		}
		if !isOurs(info) {
			return fmt.Errorf("its folder %s is a symbolic link of another user, which could lead to any folder: give the name of another file", folder)
		}
		to, err := os.Readlink(folder)
		if err != nil {
			return withoutPath(err)
		}
		if err := checkFolders(leadsTo(folder, to)+string(filepath.Separator), links-1); err != nil {
			return err
		}
	}
	return nil
}

// checkOwner returns an error for the file of another user in a folder where everybody
// may write and nobody may remove the files of others.
func checkOwner(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() || isOurs(info) {
		return nil
	}
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil || folder.Mode()&fs.ModeSticky == 0 || folder.Mode().Perm()&0o002 == 0 {
		return nil // for example a folder of a team, or a network's file system that maps users
	}
	return fmt.Errorf("it belongs to another user, in a folder where everybody may write: give the name of another file")
}

// withoutPath returns an error without the path of its file. The path may be that of a
// temporary file, which the user does not know. The caller adds the right path.
func withoutPath(err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}
