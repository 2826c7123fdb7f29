package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/syntax"
)

// Sources has the texts of a script and its modules. The keys are the names of the
// files.
type Sources map[string]string

// line returns the line that has a place, without the newline. It returns "" if the
// text is not known.
func (s Sources) line(pos syntax.Position) string {
	lines := strings.Split(s[pos.Filename()], "\n")
	if pos.Line < 1 || int(pos.Line) > len(lines) {
		return ""
	}
	return strings.TrimRight(lines[pos.Line-1], "\r")
}

// maxWidth is how many characters of a line Show writes. If the line is longer, Show
// writes only the part around the place.
const maxWidth = 160

// Show returns a message with its place, followed by the line and a caret:
//
//	prod.star:7:12: undefined: valdate (did you mean validate?)
//	    result = valdate(image)
//	             ^
func (s Sources) Show(pos syntax.Position, message string) string {
	head := fmt.Sprintf("%s: %s\n", pos, message)
	line := []rune(withoutPasswords(s.line(pos))) // columns count characters
	if len(line) == 0 {
		return head
	}
	column := int(pos.Col)
	if column < 1 || column > len(line)+1 {
		column = 0
	}
	if len(line) > maxWidth {
		from := min(max(0, column-maxWidth/2), len(line)-maxWidth)
		line = slices.Concat([]rune("…"), line[from:from+maxWidth], []rune("…"))
		if column > 0 {
			column += 1 - from
		}
	}
	head += fmt.Sprintf("    %s\n", string(line))
	if column == 0 {
		return head
	}
	// Tabs stay tabs, so that the caret stands below the right character.
	indent := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, string(line[:column-1]))
	return head + "    " + indent + "^\n"
}
