package source

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Access says which files a script may use, besides the files below the working
// directory and below the script's own folder.
type Access struct {
	Folders []string // the script may use all files below these folders
	Named   []string // the script may use exactly these paths, which the user gave on the command line

	// FolderHint says how a user adds a folder, such as "--allow-path". The error
	// for a refused path shows it with the folder to add.
	FolderHint string
}

// Confine returns an error if the script may not use a path. Otherwise it returns the
// path to open. The file need not exist.
//
// The caller must open the returned path, not the one that the script named. The
// returned path is clean, and that may be another file: if link is a symbolic link,
// "link/../x" is not the same file as "x".
func (l *Loader) Confine(path string) (string, error) {
	if slices.Contains(l.access.Named, path) {
		return path, nil
	}
	return l.confine(filepath.Clean(path))
}

// confine is Confine without the paths of the command line.
func (l *Loader) confine(path string) (string, error) {
	folders := append([]string{".", filepath.Dir(l.script.Name)}, l.access.Folders...)
	for _, folder := range folders {
		if isWithin(folder, path) {
			return path, nil
		}
	}
	shown := path
	if target, linked := resolveLinks(path); linked {
		// A link in one of the folders may lead to another of the folders.
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

// Locate returns the path of a file that the script named. A relative path counts from
// the script's own folder if that has the file, and otherwise from the working
// directory. The caller must still pass the path to Confine.
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

// resolveLinks returns the absolute path of a file without symbolic links. linked is
// true if there were any. The file itself need not exist.
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

// isWithin reports whether a path is inside a folder. It returns false if a symbolic
// link in the path leads out of the folder. The file itself need not exist.
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
		// The file is new. Its folder may be new, too.
		_, err = root.Stat(filepath.Dir(relative))
		return err == nil || errors.Is(err, os.ErrNotExist)
	}
	return err == nil
}
