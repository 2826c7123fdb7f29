package source

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// FilesBelow returns the paths of the files below a folder whose names end in
// suffix, in lexical order. It leaves hidden folders out.
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
