package docs

import (
	"fmt"
	"go/doc/comment"
	"slices"
	"strconv"
	"strings"
)

// width is the number of columns of a terminal.
const width = 80

const introduction = `mvrun runs a script over a list of images. A script is written in Starlark, which looks like Python. This is a whole one:

	"""Leave out release candidates, check only what we run."""

	def check(image):
	    return validate(image, arch = "amd64")

	def main():
	    images = [i for i in load_list() if "-rc" not in i.tag]
	    write_failed(parallel(check, images))

The top level declares values and functions. Then main does the work. If a call leaves out an argument, a flag of "mvrun --help" gives its value. The parameters of main are the script's own flags. "mvrun docs script" explains more. "mvrun docs NAME" explains one of the names below, such as "mvrun docs validate", "mvrun docs result.status" or "mvrun docs @mvrun//retry.star".`

// sections are the sections of the overview, in their order.
var sections = []struct {
	title string
	kind  Kind
}{
	{"Functions", Builtin},
	{"Values", Value},
	{"Modules", Module},
	{"Modules to load", Bundled},
	{"In tests of scripts", Testing},
	{"The language", Language},
	{"Topics", Topic},
}

// Overview returns the names of all entries of the reference, each with its
// summary.
func (r Reference) Overview() string {
	var b strings.Builder
	b.WriteString(wrapped(introduction, ""))
	for _, section := range sections {
		fmt.Fprintf(&b, "\n%s\n", section.title)
		entries := r.ofKind(section.kind)
		if section.kind == Language { // readers know these functions from Python, so their names are enough
			var names []string
			for _, e := range entries {
				names = append(names, e.Name)
			}
			b.WriteString(wrapped(strings.Join(names, ", ")+".", "  "))
			continue
		}
		for _, e := range entries {
			b.WriteString(line(e.Name, e.Summary))
			if names := e.memberNames(); names != "" {
				b.WriteString(line("", names))
			}
		}
	}
	return b.String()
}

// memberNames returns the names of the members of a value or a module.
func (e *Entry) memberNames() string {
	var names []string
	for _, m := range e.visible() {
		name := m.short()
		if m.Kind == Function {
			name += "()"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// line returns a name and a summary in two columns.
func line(name, summary string) string {
	const column = 16
	text := strings.Repeat(" ", column) + strings.TrimLeft(wrapped(summary, strings.Repeat(" ", column)), " ")
	if len(name) > column-4 {
		return "  " + name + "\n" + text
	}
	return "  " + name + text[2+len(name):]
}

// Text returns the pages of entries for a terminal.
func Text(entries []*Entry) string {
	pages := make([]string, len(entries))
	for i, e := range entries {
		pages[i] = e.page()
	}
	return strings.Join(pages, "\n")
}

func (e *Entry) page() string {
	if e.Kind == Topic {
		return wrapped(e.Text, "")
	}
	const indent = "    "
	var b strings.Builder
	if e.From != "" {
		fmt.Fprintf(&b, "load(%q, %q)\n\n", e.From, e.Name)
	}
	b.WriteString(e.title() + "\n\n" + wrapped(e.Text, indent))
	params := slices.DeleteFunc(slices.Clone(e.Params), func(p Param) bool { return p.Text == "" }) // "*" has no text, nor have parameters that explain themselves
	if len(params) > 0 {
		fmt.Fprintf(&b, "\n%sArguments:\n", indent)
	}
	for _, p := range params {
		fmt.Fprintf(&b, "%s  %s\n%s", indent, p.heading(), wrapped(p.Text, indent+"      "))
	}
	if e.Return != "" {
		heading := "Returns:"
		if e.Type != "" {
			heading = "Returns (" + inWords(e.Type) + "):"
		}
		fmt.Fprintf(&b, "\n%s%s\n%s", indent, heading, wrapped(e.Return, indent+"  "))
	}
	if e.Errors != "" {
		fmt.Fprintf(&b, "\n%sErrors:\n%s", indent, wrapped(e.Errors, indent+"  "))
	}
	for _, kind := range []Kind{Attribute, Function} {
		members := slices.DeleteFunc(e.visible(), func(m *Entry) bool { return m.Kind != kind })
		if len(members) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s%ss:\n", indent, strings.ToUpper(string(kind[:1]))+string(kind[1:]))
		for _, m := range members {
			heading := m.signature()
			if kind == Attribute {
				heading = fmt.Sprintf("%s (%s)", m.short(), inWords(m.Type))
			}
			fmt.Fprintf(&b, "%s%s", hanging(heading, indent+"  "), wrapped(m.Summary, indent+"      "))
		}
	}
	if e.Example != "" {
		fmt.Fprintf(&b, "\n%sExample:\n%s", indent, indented(e.Example, indent+"  "))
	}
	return b.String()
}

// title returns the first line of an entry's page.
func (e *Entry) title() string {
	switch e.Kind {
	case Builtin, Testing, Function, Language:
		return strings.TrimRight(hanging(e.signature(), ""), "\n")
	case Attribute:
		return fmt.Sprintf("%s (%s)", e.Name, inWords(e.Type))
	case Bundled:
		names := []string{strconv.Quote(e.Name)}
		for _, m := range e.visible() {
			names = append(names, strconv.Quote(m.Name))
		}
		return strings.TrimRight(hanging("load("+strings.Join(names, ", ")+")", ""), "\n")
	}
	return e.Name + " (" + string(e.Kind) + ")"
}

// signature returns the call of a function: its name, parameters and defaults.
func (e *Entry) signature() string {
	var params []string
	for _, p := range e.Params {
		param := p.Name
		if p.Default != "" && !p.unset() {
			param += " = " + p.shownDefault()
		}
		params = append(params, param)
	}
	return e.Name + "(" + strings.Join(params, ", ") + ")"
}

// unset reports whether the parameter may be left out, and has no default that a
// script could write. The reference marks such a parameter with "unset".
func (p Param) unset() bool { return p.Default == "unset" || strings.HasPrefix(p.Default, "_") }

// shownDefault returns the default as readers see it. The name of a flag has no
// quotes.
func (p Param) shownDefault() string {
	if flag := strings.Trim(p.Default, `"`); strings.HasPrefix(flag, "-") {
		return flag
	}
	return p.Default
}

// heading returns the line that introduces a parameter: name, type and default.
func (p Param) heading() string {
	s := p.Name + " (" + inWords(p.Type)
	switch {
	case p.unset(), p.Default == `""`, p.Default == "None": // these defaults tell a reader nothing
		s += ", optional"
	case strings.HasPrefix(p.Default, `"-`):
		s += ", default: the flag " + p.shownDefault()
	case p.Default != "":
		s += ", default: " + p.Default
	}
	return s + ")"
}

// hanging breaks a long signature into lines, between its parameters. The lines
// after the first one are indented more.
func hanging(signature, indent string) string {
	var b strings.Builder
	column := 0
	for i, part := range strings.SplitAfter(signature, ", ") {
		switch {
		case i == 0:
			part = indent + part
		case column+len(strings.TrimSpace(part)) > width:
			b.WriteByte('\n')
			part, column = indent+"    "+part, 0
		}
		b.WriteString(part)
		column += len(part)
	}
	lines := strings.Split(b.String(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ") + "\n"
	}
	return strings.Join(lines, "")
}

// wrapped returns a Go doc comment as text with short lines.
func wrapped(text, indent string) string {
	printer := &comment.Printer{TextPrefix: indent, TextCodePrefix: indent + "    ", TextWidth: width - len(indent)}
	return string(printer.Text(parseComment(text)))
}

// parseComment reads a text that has the markup of Go doc comments.
// https://go.dev/doc/comment
func parseComment(text string) *comment.Doc {
	// In these texts, a word in brackets is never the name of a Go package.
	parser := &comment.Parser{LookupPackage: func(string) (string, bool) { return "", false }}
	return parser.Parse(text)
}

// indented returns a text with a prefix before each line that is not empty.
func indented(text, prefix string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString(prefix)
		}
		b.WriteString(strings.TrimRight(line, "\n") + "\n")
	}
	return b.String()
}
