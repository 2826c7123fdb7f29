package docs

import (
	"fmt"
	"slices"
	"strings"

	"mvrun/starlib/nearest"
)

// Kind says what an entry describes.
type Kind string

const (
	Builtin   Kind = "builtin"   // a function that every script has
	Testing   Kind = "testing"   // a function that only tests have
	Language  Kind = "language"  // a function of the language itself
	Value     Kind = "value"     // a type of values
	Module    Kind = "module"    // a module that every script has
	Bundled   Kind = "bundled"   // a module that scripts can load
	Attribute Kind = "attribute" // an attribute of a value or a module
	Function  Kind = "function"  // a function of a value or a module
	Topic     Kind = "topic"     // a page about more than one name
)

// Entry describes one name, or one topic.
type Entry struct {
	Kind    Kind
	Name    string // such as "validate", "re.search", "result", "result.status", "@mvrun//retry.star"
	Summary string // one line
	Text    string // the summary and further paragraphs, in the markup of Go doc comments
	Doc     string // the whole docstring

	Type   string // the type of an attribute, or of the value that a function returns; "" if it returns nothing
	Params []Param
	Return string // the section Returns of a function, without the type
	Errors string // the section Errors of a function
	// Example is a script, or a part of its top level.
	Example string

	Members []*Entry // the attributes and functions of a value or a module
	From    string   // the module from which a script loads this function, or ""
}

// Param is a parameter of a function.
type Param struct {
	Name    string // with the stars of *args and **kwargs; "*" alone if later parameters must be given by name
	Type    string // as Python writes it
	Default string // as Starlark writes it; "" if the parameter is required
	Text    string
}

// Reference has all entries, in the order in which they are shown.
type Reference []*Entry

// ofKind returns the entries of a kind.
func (r Reference) ofKind(kind Kind) []*Entry {
	return slices.DeleteFunc(slices.Clone(r), func(e *Entry) bool { return e.Kind != kind })
}

// all returns the entries and their visible members.
func (r Reference) all() []*Entry {
	var all []*Entry
	for _, e := range r {
		all = append(append(all, e), e.visible()...)
	}
	return all
}

// visible returns the members without operators such as __add__. Only stubs show
// operators. The pages explain in words which values can be compared and added.
func (e *Entry) visible() []*Entry {
	return slices.DeleteFunc(slices.Clone(e.Members), func(m *Entry) bool { return strings.HasPrefix(m.short(), "__") })
}

// short returns the name without the name of its value or module: "status" for
// "result.status".
func (e *Entry) short() string {
	if e.Kind == Attribute || e.Kind == Function {
		return e.Name[strings.LastIndexByte(e.Name, '.')+1:]
	}
	return e.Name
}

// Lookup returns the entries of a name. A name may have several: "image" is a
// function and a value. If no entry has the name, Lookup returns the entries whose
// short name it is, such as re.search for "search". Upper and lower case are the
// same, and "()" after the name is ignored.
func (r Reference) Lookup(name string) ([]*Entry, error) {
	wanted := strings.ToLower(strings.TrimSuffix(name, "()"))
	var found, byShortName []*Entry
	var names []string
	for _, e := range r.all() {
		full, short := strings.ToLower(e.Name), strings.ToLower(e.short())
		file := strings.TrimSuffix(full[strings.LastIndexByte(full, '/')+1:], ".star")
		switch {
		case full == wanted:
			found = append(found, e)
		case short == wanted, e.Kind == Bundled && (file == wanted || file+".star" == wanted):
			byShortName = append(byShortName, e)
		}
		names = append(names, e.Name, e.short())
	}
	switch {
	case len(found) > 0:
		return found, nil
	case len(byShortName) > 0:
		return byShortName, nil
	}
	hint := ""
	if near := nearest.Name(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	return nil, fmt.Errorf("the reference has no %s%s (\"mvrun docs\" lists what it has)", name, hint)
}
