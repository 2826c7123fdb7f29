package starlib

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

// What the rest of a name may be.

// dotted is a name at the end of a text, with the values that it is looked up
// in, if that can be done without calling anything.
var dotted = regexp.MustCompile(`(?:^|[^\pL\pN_.)\]}"'])((?:[\pL_][\pL\pN_]*\.)*)((?:[\pL_][\pL\pN_]*)?)$`)

var keywords = []string{"and", "break", "continue", "def", "elif", "else", "for", "if", "in", "lambda", "load", "not", "or", "pass", "return"}

// Complete returns what may stand in place of the end of a line, from byte
// start on: names of globals and builtins or, behind a dot, attributes. Only
// values that have a name are looked into; nothing is called.
func (s *Session) Complete(line string) (start int, candidates []string) {
	if strings.TrimSpace(line) == "" {
		return len(line), []string{"    "} // an indentation
	}
	found := dotted.FindStringSubmatchIndex(line)
	if found == nil || quoted(line) {
		return len(line), nil
	}
	path, prefix, start := line[found[2]:found[3]], line[found[4]:found[5]], found[4]
	if path == "" && prefix == "" {
		return start, nil // everything: no help
	}
	if path == "" {
		return start, s.names(prefix)
	}
	names := strings.Split(strings.TrimSuffix(path, "."), ".")
	value, ok := s.globals[names[0]]
	for _, name := range names[1:] {
		if !ok {
			break
		}
		value, ok = attribute(value, name)
	}
	if !ok {
		return start, nil
	}
	attributes, ok := value.(starlark.HasAttrs)
	if !ok {
		return start, nil
	}
	for _, name := range attributes.AttrNames() {
		if strings.HasPrefix(name, prefix) {
			value, _ := attribute(value, name)
			candidates = append(candidates, callable(name, value))
		}
	}
	slices.Sort(candidates)
	return start, candidates
}

// names returns the globals, builtins and keywords that begin with a prefix.
func (s *Session) names(prefix string) []string {
	all := maps.Clone(starlark.Universe)
	maps.Copy(all, s.globals)
	var names []string
	for name, value := range all {
		if strings.HasPrefix(name, prefix) {
			names = append(names, callable(name, value))
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

// callable writes a name with the bracket that a call needs.
func callable(name string, value starlark.Value) string {
	if _, ok := value.(starlark.Callable); ok {
		return name + "("
	}
	return name
}

func attribute(value starlark.Value, name string) (starlark.Value, bool) {
	switch value.(type) {
	case *Inspection, *InspectedPlatform:
		return nil, false // it may ask a registry
	}
	attributes, ok := value.(starlark.HasAttrs)
	if !ok {
		return nil, false
	}
	found, err := attributes.Attr(name)
	return found, err == nil && found != nil
}

// quoted says whether a line ends within a string or a comment.
func quoted(line string) bool {
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
