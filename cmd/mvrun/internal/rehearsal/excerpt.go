package rehearsal

import (
	"fmt"
	"strings"
)

// A failing test shows at most so many lines of its transcript, from its beginning and its
// end, and so many bytes of each line.
const (
	firstLines = 50
	lastLines  = 150
	lineLength = 2000
)

// excerpt returns the transcript of a failing test without what is too long to read.
func excerpt(transcript string) string {
	lines := strings.Split(strings.TrimSuffix(transcript, "\n"), "\n")
	if left := len(lines) - firstLines - lastLines; left > 0 {
		note := fmt.Sprintf("... %d lines are left out here; mvrun test -v shows them ...", left)
		lines = append(append(lines[:firstLines:firstLines], note), lines[len(lines)-lastLines:]...)
	}
	for i, line := range lines {
		if len(line) > lineLength {
			lines[i] = strings.ToValidUTF8(line[:lineLength], "") + fmt.Sprintf("... and %d bytes more", len(line)-lineLength)
		}
	}
	return strings.Join(lines, "\n")
}
