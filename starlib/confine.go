package starlib

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Where a script may read and write.

// checkPath returns the path that a script may use in place of one that it
// names, or says why it may not. It may below the working directory, below its
// own folder and those that the user allows, and what the user named in a flag.
//
// What is checked is the clean path, so only that may be used: behind a
// symbolic link ".." leads elsewhere.
func (r *run) checkPath(path string) (string, error) {
	if slices.Contains(r.Named, path) {
		return path, nil
	}
	path = filepath.Clean(path)
	roots := append([]string{".", filepath.Dir(r.script.Name)}, r.AllowPaths...)
	for _, root := range roots {
		if within(root, path) {
			return path, nil
		}
	}
	shown := path
	if target, linked := followed(path); linked {
		// A link may lead into another of the folders.
		for _, root := range roots {
			if root, _ = followed(root); within(root, target) {
				return target, nil
			}
		}
		path, shown = target, fmt.Sprintf("%s, which leads to %s", path, target)
	}
	return "", fmt.Errorf("a script may not use %s: it lies outside the working directory and the script's own folder (--allow-path %s would allow it)",
		shown, filepath.Dir(path))
}

// followed returns the absolute path of what need not exist without symbolic
// links, and whether there were any.
func followed(path string) (target string, linked bool) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return path, false
	}
	target, err = filepath.EvalSymlinks(absolute)
	if errors.Is(err, os.ErrNotExist) {
		target, err = filepath.EvalSymlinks(filepath.Dir(absolute))
		target = filepath.Join(target, filepath.Base(absolute))
	}
	if err != nil {
		return absolute, false
	}
	return target, target != absolute
}

// within says whether a path, which need not exist, lies in a folder, and no
// symbolic link on the way leads out of it.
func within(folder, path string) bool {
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return false
	}
	target, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	relative, err := filepath.Rel(absolute, target)
	if err != nil || !filepath.IsLocal(relative) {
		return false
	}
	root, err := os.OpenRoot(absolute)
	if err != nil {
		return false
	}
	defer root.Close()
	if _, err = root.Stat(relative); errors.Is(err, os.ErrNotExist) {
		// What is not there yet may be made in a folder that is.
		_, err = root.Stat(filepath.Dir(relative))
		return err == nil || errors.Is(err, os.ErrNotExist)
	}
	return err == nil
}
