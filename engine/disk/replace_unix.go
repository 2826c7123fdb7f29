//go:build unix

package disk

import (
	"path/filepath"

	"github.com/google/renameio/v2"
)

// replace replaces the file at path in one step: it writes a temporary file beside
// path, and renames that to path.
func replace(path string, content []byte) error {
	return renameio.WriteFile(path, content, 0o666, renameio.WithExistingPermissions(), renameio.WithTempDir(filepath.Dir(path)))
}
