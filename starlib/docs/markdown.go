package docs

import (
	"fmt"
	"go/doc/comment"
	"slices"
	"strings"
)

// Markdown returns the whole reference as one document.
func (r Reference) Markdown() string {
	var b strings.Builder
	b.WriteString("# Reference of mvrun scripts\n\n" + markdown(introduction))
	for _, section := range sections {
		fmt.Fprintf(&b, "\n## %s\n", section.title)
		entries := r.ofKind(section.kind)
		if section.kind == Language {
			b.WriteString("\n")
			for _, e := range entries {
				fmt.Fprintf(&b, "- `%s`: %s\n", e.signature(), cell(e.Summary))
			}
			continue
		}
		for _, e := range entries {
			b.WriteString("\n" + e.markdown(3))
			for _, m := range e.visible() {
				if m.Kind == Function {
					b.WriteString("\n" + m.markdown(4))
				}
			}
		}
	}
	return b.String()
}

// Markdown returns the pages of entries.
func Markdown(entries []*Entry) string {
	pages := make([]string, len(entries))
	for i, e := range entries {
		pages[i] = e.markdown(1)
	}
	return strings.Join(pages, "\n")
}

// markdown returns the page of an entry. Its heading has the given level.
func (e *Entry) markdown(level int) string {
	var b strings.Builder
	name := e.Name
	if e.Kind == Builtin || e.Kind == Testing || e.Kind == Function || e.Kind == Language {
		name += "()"
	}
	fmt.Fprintf(&b, "%s `%s`\n\n", strings.Repeat("#", level), name)
	if e.Kind == Topic {
		return b.String() + markdownBelow(e.Text, level)
	}
	if e.From != "" {
		fmt.Fprintf(&b, "From `load(%q, %q)`.\n\n", e.From, e.Name)
	}
	if name != e.Name || e.Kind == Bundled {
		fmt.Fprintf(&b, "```python\n%s\n```\n\n", e.title())
	}
	b.WriteString(markdown(e.Text))
	if e.Kind == Attribute {
		fmt.Fprintf(&b, "\nType: %s\n", inWords(e.Type))
	}
	b.WriteString(e.argumentTable() + e.attributeTable())
	if e.Return != "" {
		words := ""
		if e.Type != "" {
			words = " (" + inWords(e.Type) + ")"
		}
		fmt.Fprintf(&b, "\n**Returns**%s: %s", words, markdown(e.Return))
	}
	if e.Errors != "" {
		fmt.Fprintf(&b, "\n**Errors**: %s", markdown(e.Errors))
	}
	if e.Example != "" {
		fmt.Fprintf(&b, "\n```python\n%s\n```\n", e.Example)
	}
	return b.String()
}

// argumentTable returns a table of a function's arguments, or "" if it has none.
func (e *Entry) argumentTable() string {
	var rows []string
	for _, p := range e.Params {
		if p.Text != "" {
			rows = append(rows, row("`"+p.Name+"`", inWords(p.Type), p.defaultCell(), cell(p.Text)))
		}
	}
	return table([]string{"argument", "type", "default", ""}, rows)
}

// attributeTable returns a table of the attributes of a value or module, or "" if
// it has none.
func (e *Entry) attributeTable() string {
	var rows []string
	for _, m := range e.visible() {
		if m.Kind == Attribute {
			rows = append(rows, row("`"+m.Name+"`", inWords(m.Type), cell(m.Text)))
		}
	}
	return table([]string{"attribute", "type", ""}, rows)
}

// table returns a table with an empty line before it, or "" if it has no rows.
func table(head, rows []string) string {
	if len(rows) == 0 {
		return ""
	}
	ruler := slices.Repeat([]string{"---"}, len(head))
	return "\n" + row(head...) + row(ruler...) + strings.Join(rows, "")
}

// defaultCell returns the cell of a table that shows a parameter's default.
func (p Param) defaultCell() string {
	switch {
	case p.Default == "":
		return "required"
	case p.unset():
		return "optional"
	}
	return "`" + p.shownDefault() + "`"
}

// cell returns a text of one paragraph as the cell of a table, which must not have
// a newline.
func cell(text string) string { return strings.TrimSpace(markdown(text)) }

// row returns a row of a table. A bar in a cell is escaped, because it would end
// the cell.
func row(cells ...string) string {
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

func markdown(text string) string { return markdownBelow(text, 1) }

// markdownBelow returns a Go doc comment as Markdown. Its headings are one level
// below the given level.
func markdownBelow(text string, level int) string {
	printer := &comment.Printer{HeadingLevel: level + 1, HeadingID: func(*comment.Heading) string { return "" }}
	return string(printer.Markdown(parseComment(text)))
}
