package sink

import (
	"fmt"
	"strings"

	"mvrun/engine/disk"
)

// WriteFailedList replaces the failed list at path with the lines, in one step. If
// there are no lines, it removes the file.
func WriteFailedList(path string, lines []string) error {
	if len(lines) > 0 {
		if err := disk.Replace(path, []byte(strings.Join(lines, "\n")+"\n")); err != nil {
			return fmt.Errorf("writing the failed list %s, which would have %s: %w", path, count(len(lines), "line"), err)
		}
		return nil
	}
	if disk.IsIrregular(path) {
		return nil
	}
	if err := disk.Remove(path); err != nil {
		return fmt.Errorf("removing the failed list %s of an earlier run: %w", path, err)
	}
	return nil
}
