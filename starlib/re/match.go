package re

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.starlark.net/starlark"

	"mvrun/starlib/param"
)

// match is a match of a pattern in a text. It is immutable.
type match struct {
	text  string
	at    []int // the beginning and the end of the match, then of each group; -1 for a group that matched nothing
	names []string
}

var _ starlark.HasAttrs = (*match)(nil)

func (m *match) String() string        { return fmt.Sprintf("re.match(%q)", m.text[m.at[0]:m.at[1]]) }
func (m *match) Type() string          { return "re.match" }
func (m *match) Freeze()               {}
func (m *match) Truth() starlark.Bool  { return true }
func (m *match) Hash() (uint32, error) { return 0, errors.New("unhashable: re.match") }

// AttrNames implements starlark.HasAttrs.
func (m *match) AttrNames() []string { return []string{"group", "groups"} }

// Attr implements starlark.HasAttrs.
func (m *match) Attr(name string) (starlark.Value, error) {
	switch name {
	case "group":
		return starlark.NewBuiltin("group", m.groupOf), nil
	case "groups":
		return starlark.NewBuiltin("groups", m.groups), nil
	}
	return nil, nil
}

// group returns the text that a group matched, or None if it matched nothing.
func (m *match) group(n int) starlark.Value {
	if m.at[2*n] < 0 {
		return starlark.None
	}
	return starlark.String(m.text[m.at[2*n]:m.at[2*n+1]])
}

// groupOf implements match.group(n). n is a number or a name. Group 0 is the whole
// match.
func (m *match) groupOf(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var which starlark.Value = starlark.MakeInt(0)
	if err := param.Unpack(b, args, kwargs, "n?", &which); err != nil {
		return nil, err
	}
	n, err := m.index(which)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return m.group(n), nil
}

// index returns the number of a group. which is the number or the name of the
// group, as the script gave it.
func (m *match) index(which starlark.Value) (int, error) {
	if name, ok := starlark.AsString(which); ok {
		for n, other := range m.names {
			if name == other && name != "" {
				return n, nil
			}
		}
		return 0, fmt.Errorf("the pattern has no group named %q", name)
	}
	n, err := starlark.AsInt32(which)
	if err != nil {
		return 0, fmt.Errorf("got %s, want a number or a name", which.Type())
	}
	if n < 0 || n >= len(m.at)/2 {
		return 0, fmt.Errorf("the pattern has no group %d", n)
	}
	return n, nil
}

// groups implements match.groups(). It returns all groups, without the whole match.
func (m *match) groups(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := param.Unpack(b, args, kwargs); err != nil {
		return nil, err
	}
	var groups starlark.Tuple
	for n := 1; n < len(m.at)/2; n++ {
		groups = append(groups, m.group(n))
	}
	return groups, nil
}

// groupReference is \1, \g<1>, \g<name>, or a backslash before any other
// character.
var groupReference = regexp.MustCompile(`\\(?:([0-9]{1,2})|g<([^>]*)>|(.))`)

// expand returns a replacement in which each \1 and \g<name> became the text of
// that group, and each \\ became a backslash.
func (m *match) expand(replacement string) (string, error) {
	var wrong error
	expanded := groupReference.ReplaceAllStringFunc(replacement, func(reference string) string {
		text, err := m.resolve(reference)
		if err != nil {
			wrong = err
		}
		return text
	})
	return expanded, wrong
}

// resolve returns the text that replaces a groupReference.
func (m *match) resolve(reference string) (string, error) {
	parts := groupReference.FindStringSubmatch(reference)
	name, other := parts[1]+parts[2], parts[3]
	if other == `\` {
		return `\`, nil
	}
	if other != "" {
		return "", fmt.Errorf("in repl, %s has no meaning; a backslash is written \\\\", reference)
	}
	var which starlark.Value = starlark.String(name)
	if name != "" && strings.Trim(name, "0123456789") == "" {
		n, err := strconv.Atoi(name)
		if err != nil {
			return "", fmt.Errorf("the pattern has no group %s", name)
		}
		which = starlark.MakeInt(n)
	}
	n, err := m.index(which)
	if err != nil {
		return "", err
	}
	s, _ := starlark.AsString(m.group(n)) // "" if the group matched nothing
	return s, nil
}
