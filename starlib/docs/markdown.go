package docs

import (
	"fmt"
	"go/doc/comment"
	"strings"
)

// The reference as Markdown.

// Markdown writes the whole reference in one document.
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

// Markdown writes pages.
func Markdown(entries []*Entry) string {
	pages := make([]string, len(entries))
	for i, e := range entries {
		pages[i] = e.markdown(1)
	}
	return strings.Join(pages, "\n")
}

// markdown writes an entry below a heading of some level.
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
	var rows []string
	for _, p := range e.Params {
		if p.Text != "" {
			rows = append(rows, row("`"+p.Name+"`", inWords(p.Type), p.defaultCell(), cell(p.Text)))
		}
	}
	if len(rows) > 0 {
		b.WriteString("\n" + row("argument", "type", "default", "") + row("---", "---", "---", "---") + strings.Join(rows, ""))
	}
	rows = nil
	for _, m := range e.visible() {
		if m.Kind == Attribute {
			rows = append(rows, row("`"+m.Name+"`", inWords(m.Type), cell(m.Text)))
		}
	}
	if len(rows) > 0 {
		b.WriteString("\n" + row("attribute", "type", "") + row("---", "---", "---") + strings.Join(rows, ""))
	}
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

func (p Param) defaultCell() string {
	switch {
	case p.Default == "":
		return "required"
	case p.unset():
		return "optional"
	}
	return "`" + p.shownDefault() + "`"
}

// cell is a text of one paragraph, without the line's end.
func cell(text string) string { return strings.TrimSpace(markdown(text)) }

// row writes the cells of a table, in which a bar would end a cell.
func row(cells ...string) string {
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

func markdown(text string) string { return markdownBelow(text, 1) }

// markdownBelow turns a Go doc comment into Markdown whose headings are below
// a level.
func markdownBelow(text string, level int) string {
	printer := &comment.Printer{HeadingLevel: level + 1, HeadingID: func(*comment.Heading) string { return "" }}
	return string(printer.Markdown(parseComment(text)))
}
