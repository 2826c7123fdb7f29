package source

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Access says which files a script may use besides those below the working
// directory and its own folder.
type Access struct {
	Folders []string // the script may use what lies below them
	Named   []string // paths that the user gave on the command line; the script may use them as they are

	// FolderHint is how a user adds a folder, such as "--allow-path". The error
	// of a refused path ends with it and the folder that is missing.
	FolderHint string
}

// Confine returns the path to use in place of one that the script named, or an
// error if the script may not use it. The file need not exist.
//
// Only the returned path may be opened. It is clean, and the difference matters:
// "link/../x" names another file than "x" if link is a symbolic link.
func (l *Loader) Confine(path string) (string, error) {
	if slices.Contains(l.access.Named, path) {
		return path, nil
	}
	path = filepath.Clean(path)
	folders := append([]string{".", filepath.Dir(l.script.Name)}, l.access.Folders...)
	for _, folder := range folders {
		if isWithin(folder, path) {
			return path, nil
		}
	}
	shown := path
	if target, linked := resolveLinks(path); linked {
		// A link may lead from one of the folders into another.
		for _, folder := range folders {
			if folder, _ = resolveLinks(folder); isWithin(folder, target) {
				return target, nil
			}
		}
		path, shown = target, fmt.Sprintf("%s, which leads to %s", path, target)
	}
	hint := ""
	if l.access.FolderHint != "" {
		hint = fmt.Sprintf(" (%s %s would allow it)", l.access.FolderHint, filepath.Dir(path))
	}
	return "", fmt.Errorf("a script may not use %s: it lies outside the working directory and the script's own folder%s", shown, hint)
}

// Locate returns the path of a file that the script named relative to its own
// folder or to the working directory. If both have such a file, it is the one in
// the script's folder. The path is not confined yet.
func (l *Loader) Locate(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	own := filepath.Join(filepath.Dir(l.script.Name), path)
	if _, err := os.Stat(own); err == nil {
		return own
	}
	return path
}

// resolveLinks returns the absolute path of a file without symbolic links, and
// whether there were any. The file itself need not exist.
func resolveLinks(path string) (target string, linked bool) {
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

// isWithin reports whether a path lies in a folder, and no symbolic link on the
// way leads out of it. The file itself need not exist.
func isWithin(folder, path string) bool {
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
		// A new file may be made in a folder that is there or not.
		_, err = root.Stat(filepath.Dir(relative))
		return err == nil || errors.Is(err, os.ErrNotExist)
	}
	return err == nil
}
