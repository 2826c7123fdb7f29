package sink

import (
	"fmt"
	"strings"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// maxRecap is how many images the recap names: they must fit on a screen.
const maxRecap = 20

// recap returns the last words about the images that did not pass: which, why, and what
// a reader can do. They stand together at the end, because the log has them far apart.
func (s Summary) recap(groups []engine.Group, failedList string) string {
	if len(groups) == 0 {
		return ""
	}
	var text strings.Builder
	text.WriteString("\nNot passed:\n")
	shares, named, all := shareOut(groups), 0, 0
	for i, group := range groups {
		named, all = named+shares[i], all+group.Count
		fmt.Fprintf(&text, "  %s (%d)", OneLine(string(group.Reason)), group.Count)
		if advice := s.Advice[group.Reason]; advice != "" {
			text.WriteString(": " + advice)
		}
		text.WriteByte('\n')
		for _, image := range group.First[:shares[i]] {
			fmt.Fprintf(&text, "    %s\n", OneLine(described(image)))
		}
	}
	if more := all - named; more > 0 {
		where := ""
		if failedList != "" {
			where = ", in " + OneLine(failedList)
		}
		fmt.Fprintf(&text, "  and %d more%s\n", more, where)
	}
	return text.String()
}

// shareOut returns how many images of each group are named. Each group has at least one
// as long as there is room; a group with many images must not push the others out.
func shareOut(groups []engine.Group) []int {
	shares, left := make([]int, len(groups)), maxRecap
	for given := true; given && left > 0; {
		given = false
		for i, group := range groups {
			if left > 0 && shares[i] < len(group.First) {
				shares[i], left, given = shares[i]+1, left-1, true
			}
		}
	}
	return shares
}

// maxLine is how many bytes of a line are shown that is no image.
const maxLine = 80

// described returns an image for the recap, with its number in the list.
func described(image *imagelist.Image) string {
	number := ""
	if image.Number > 0 {
		number = fmt.Sprintf("[M_ID:%d] ", image.Number)
	}
	switch {
	case image.Destination == "":
		line := imagelist.HideLogin(strings.TrimSpace(image.Line))
		if len(line) > maxLine {
			line = strings.ToValidUTF8(line[:maxLine], "") + "…"
		}
		return fmt.Sprintf("%s%s:%d: %s", number, image.List, image.LineNumber, line)
	case image.Source == "":
		return number + image.DestinationReference()
	}
	return fmt.Sprintf("%s%s -> %s", number, image.SourceReference(), image.DestinationReference())
}

// Advice says for a reason what a reader can do, in a few words.
type Advice map[validate.Reason]string
