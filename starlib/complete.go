package starlib

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

// nameAtEnd matches the name at the end of a line, such as "result.image.so". Its
// first group is "result.image.", its second "so".
//
// A name after a bracket or a quote does not match. For example, nobody knows the
// value of "f().x" without calling f.
var nameAtEnd = regexp.MustCompile(`(?:^|[^\pL\pN_.)\]}"'])((?:[\pL_][\pL\pN_]*\.)*)((?:[\pL_][\pL\pN_]*)?)$`)

var keywords = []string{"and", "break", "continue", "def", "elif", "else", "for", "if", "in", "lambda", "load", "not", "or", "pass", "return"}

// Complete returns the names that may complete the end of a line. Each candidate
// replaces the line from byte start on. After a dot the candidates are attributes,
// elsewhere globals, builtins and keywords. Complete calls no function and sends no
// request.
func (s *Session) Complete(line string) (start int, candidates []string) {
	if strings.TrimSpace(line) == "" {
		return len(line), []string{"    "} // Tab indents an empty line
	}
	found := nameAtEnd.FindStringSubmatchIndex(line)
	if found == nil || endsInString(line) {
		return len(line), nil
	}
	path, prefix, start := line[found[2]:found[3]], line[found[4]:found[5]], found[4]
	switch {
	case path != "":
		return start, s.attributes(strings.Split(strings.TrimSuffix(path, "."), "."), prefix)
	case prefix != "":
		return start, s.names(prefix)
	}
	return start, nil // a list of all names would not help
}

// names returns the globals, builtins and keywords that begin with a prefix.
func (s *Session) names(prefix string) []string {
	all := maps.Clone(starlark.Universe)
	maps.Copy(all, s.globals)
	var names []string
	for name, value := range all {
		if strings.HasPrefix(name, prefix) {
			names = append(names, withBracket(name, value))
		}
	}
	for _, word := range keywords {
		if strings.HasPrefix(word, prefix) {
			names = append(names, word)
		}
	}
	slices.Sort(names)
	return names
}

// attributes returns the attributes of a value whose names begin with a prefix. path
// names the value: a global, then the attributes that lead to the value.
func (s *Session) attributes(path []string, prefix string) []string {
	value, ok := s.globals[path[0]]
	for _, name := range path[1:] {
		if !ok {
			return nil
		}
		value, ok = attribute(value, name)
	}
	holder, ok := value.(starlark.HasAttrs)
	if !ok {
		return nil
	}
	var names []string
	for _, name := range holder.AttrNames() {
		if strings.HasPrefix(name, prefix) {
			value, _ := attribute(holder, name)
			names = append(names, withBracket(name, value))
		}
	}
	slices.Sort(names)
	return names
}

// withBracket returns the name of a value, with a bracket if it can be called.
func withBracket(name string, value starlark.Value) string {
	if _, ok := value.(starlark.Callable); ok {
		return name + "("
	}
	return name
}

// attribute returns an attribute of a value. It reports false if there is no such
// attribute, or if reading the attribute may send a request to a registry.
func attribute(value starlark.Value, name string) (starlark.Value, bool) {
	switch value.(type) {
	case *Inspection, *InspectedPlatform:
		return nil, false
	}
	holder, ok := value.(starlark.HasAttrs)
	if !ok {
		return nil, false
	}
	found, err := holder.Attr(name)
	return found, err == nil && found != nil
}

// endsInString reports whether the end of a line is inside a string or a comment.
func endsInString(line string) bool {
	var quote rune
	escaped := false
	for _, r := range line {
		switch {
		case escaped:
			escaped = false
		case quote != 0 && r == '\\':
			escaped = true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case quote == 0 && r == '#':
			return true
		}
	}
	return quote != 0
}
