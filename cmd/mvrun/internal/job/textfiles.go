package job

import (
	"fmt"
	"io"
	"os"

	"mvrun/engine/disk"
)

// maxFile is how many bytes of a file a script can read.
const maxFile = 64 << 20

// readFile returns a file for a script.
func readFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return "", err
	}
	if len(content) > maxFile {
		return "", fmt.Errorf("%s has more than %d bytes", path, maxFile)
	}
	return string(content), nil
}

// writeFile replaces a file for a script, in one step.
func writeFile(path, content string) error {
	if err := disk.Replace(path, []byte(content)); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
