package disk

import (
	"errors"
	"os"
	"path/filepath"
)

// replace replaces the file at path in one step: it writes a temporary file beside
// path, and renames that to path. The library that does this on Unix does not work
// on Windows.
func replace(path string, content []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".mvrun-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	if err = errors.Join(err, temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return nil
}
