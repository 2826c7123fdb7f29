package docstring

import (
	"regexp"
	"strings"

	"go.starlark.net/syntax"
)

// Of returns the docstring of a file or a function. The docstring is the first
// statement if that is a string. If not, Of returns "".
func Of(body []syntax.Stmt) string {
	if len(body) == 0 {
		return ""
	}
	if statement, ok := body[0].(*syntax.ExprStmt); ok {
		if l, ok := statement.X.(*syntax.Literal); ok && l.Token == syntax.STRING {
			return l.Value.(string)
		}
	}
	return ""
}

// Clean returns a docstring without its indentation.
func Clean(doc string) string {
	var lines []string
	for line := range strings.Lines(doc) {
		lines = append(lines, strings.TrimRight(line, " \t\r\n"))
	}
	return dedent(lines)
}

// Cut takes a section out of a docstring. The section has the lines below "TITLE:"
// that are indented more than the title. body has these lines, and rest is the
// docstring without the section. Both are returned without their common indentation.
func Cut(doc, title string) (rest, body string) {
	var kept, taken []string
	inside, indent := false, 0
	for line := range strings.Lines(doc) {
		line = strings.TrimRight(line, " \t\r\n")
		content := strings.TrimLeft(line, " \t")
		depth := len(line) - len(content)
		switch {
		case content == title+":":
			inside, indent = true, depth
			continue
		case inside && content != "" && depth <= indent:
			inside = false
		}
		if inside {
			taken = append(taken, line)
		} else {
			kept = append(kept, line)
		}
	}
	return dedent(kept), dedent(taken)
}

// dedent joins lines, and removes their common indentation. A first line without
// indentation does not count, because it comes directly after the quotes.
func dedent(lines []string) string {
	common := -1
	for i, line := range lines {
		content := strings.TrimLeft(line, " \t")
		depth := len(line) - len(content)
		if content == "" || i == 0 && depth == 0 {
			continue
		}
		if common < 0 || depth < common {
			common = depth
		}
	}
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = line
		if content := strings.TrimLeft(line, " \t"); common > 0 && len(line)-len(content) >= common {
			out[i] = line[common:]
		}
	}
	return strings.Trim(strings.Join(out, "\n"), "\n")
}

// Item is an entry of a section, written as "NAME: TEXT" or "NAME (TYPE): TEXT".
type Item struct {
	Name string // with the stars of *args and **kwargs
	Type string // "" if there is none
	Text string // one line
}

var item = regexp.MustCompile(`^(\*{0,2}[A-Za-z_][A-Za-z_0-9]*)(?: \((.*?)\))?:\s*(.*)$`)

// Items returns the items of a section. A line that is indented continues the text
// of the item above it.
func Items(body string) []Item {
	var items []Item
	for line := range strings.Lines(body) {
		content := strings.TrimSpace(line)
		indented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		if found := item.FindStringSubmatch(content); found != nil && !indented {
			items = append(items, Item{found[1], found[2], found[3]})
		} else if last := len(items) - 1; content != "" && last >= 0 {
			items[last].Text = strings.TrimSpace(items[last].Text + " " + content)
		}
	}
	return items
}
