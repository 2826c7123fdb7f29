package source

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// FilesBelow returns the paths of all files below a folder whose names end in
// suffix. The paths are in lexical order. Hidden folders are left out.
func FilesBelow(folder, suffix string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != folder && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case !entry.IsDir() && strings.HasSuffix(path, suffix):
			files = append(files, path)
		}
		return nil
	})
	return files, err
}
