package rehearsal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mvrun/starlib/source"
)

// findFiles returns the test files at some paths, without repetitions. A path may be
// that of a file, or that of a folder. All test files below a folder are returned,
// but not those in hidden folders.
func findFiles(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		found, err := filesAt(path)
		if err != nil {
			return nil, err
		}
		for _, file := range found {
			if file = filepath.Clean(file); !slices.Contains(files, file) {
				files = append(files, file)
			}
		}
	}
	return files, nil
}

// filesAt returns the test files at one path.
func filesAt(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("there is no file or folder %s to test", path)
	case err != nil:
		return nil, fmt.Errorf("looking for tests: %w", err)
	case !info.IsDir() && !strings.HasSuffix(path, source.TestSuffix):
		return nil, fmt.Errorf("%s is no test file: the name of one ends in %s", path, source.TestSuffix)
	case !info.IsDir():
		return []string{path}, nil
	}
	files, err := source.FilesBelow(path, source.TestSuffix)
	if err != nil {
		return nil, fmt.Errorf("looking for tests: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there are no test files, *%s, below %s", source.TestSuffix, path)
	}
	return files, nil
}
