package docs

import (
	"fmt"
	"slices"
	"strings"

	"mvrun/starlib/nearest"
)

// Kind is the kind of thing that an entry describes.
type Kind string

const (
	Builtin   Kind = "builtin"   // a function that every script has
	Testing   Kind = "testing"   // a function that only tests have
	Language  Kind = "language"  // a function of the language itself
	Value     Kind = "value"     // a type of values
	Module    Kind = "module"    // a module that every script has
	Bundled   Kind = "bundled"   // a module to load
	Attribute Kind = "attribute" // of a value or a module
	Function  Kind = "function"  // of a value or a module
	Topic     Kind = "topic"
)

// Entry is one thing that the reference describes.
type Entry struct {
	Kind    Kind
	Name    string // such as "validate", "re.search", "result", "result.status", "@mvrun//retry.star"
	Summary string // one line
	Text    string // the summary and further paragraphs, in the markup of Go doc comments
	Doc     string // the docstring as it is written

	Type   string // of an attribute, or of what a function returns; "" for nothing
	Params []Param
	Return string // the section Returns of a function, without the type
	Errors string // the section Errors of a function
	// Example is a script, or a part of its top level.
	Example string

	Members []*Entry // of a value or a module
	From    string   // the module that a function has to be loaded from, or ""
}

// Param is a parameter of a function.
type Param struct {
	Name    string // with the stars of *args and **kwargs; "*" if the later ones have to be given by name
	Type    string // as Python writes it
	Default string // as Starlark writes it; "" if the parameter is required
	Text    string
}

// Reference is all entries in the order in which they are shown.
type Reference []*Entry

// ofKind returns the entries of a kind.
func (r Reference) ofKind(kind Kind) []*Entry {
	return slices.DeleteFunc(slices.Clone(r), func(e *Entry) bool { return e.Kind != kind })
}

// all returns the entries and their members, without those that stand for
// operators.
func (r Reference) all() []*Entry {
	var all []*Entry
	for _, e := range r {
		all = append(append(all, e), e.visible()...)
	}
	return all
}

// visible returns the members without operators such as __add__. Operators are
// only for stubs; the pages say in words what can be compared and added.
func (e *Entry) visible() []*Entry {
	return slices.DeleteFunc(slices.Clone(e.Members), func(m *Entry) bool { return strings.HasPrefix(m.short(), "__") })
}

// short returns the name without that of its value or module.
func (e *Entry) short() string {
	if e.Kind == Attribute || e.Kind == Function {
		return e.Name[strings.LastIndexByte(e.Name, '.')+1:]
	}
	return e.Name
}

// Lookup returns the entries of a name. There are two for "image", a function and
// a value. If no entry has the name, Lookup returns those whose last part is the
// name, such as re.search for "search". Case, and parentheses behind the name, do
// not count.
func (r Reference) Lookup(name string) ([]*Entry, error) {
	wanted := strings.ToLower(strings.TrimSuffix(name, "()"))
	var found, parts []*Entry
	var names []string
	for _, e := range r.all() {
		full, short := strings.ToLower(e.Name), strings.ToLower(e.short())
		file := strings.TrimSuffix(full[strings.LastIndexByte(full, '/')+1:], ".star")
		switch {
		case full == wanted:
			found = append(found, e)
		case short == wanted, e.Kind == Bundled && (file == wanted || file+".star" == wanted):
			parts = append(parts, e)
		}
		names = append(names, e.Name, e.short())
	}
	switch {
	case len(found) > 0:
		return found, nil
	case len(parts) > 0:
		return parts, nil
	}
	hint := ""
	if near := nearest.Name(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	return nil, fmt.Errorf("the reference has no %s%s (\"mvrun docs\" lists what it has)", name, hint)
}
