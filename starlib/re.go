package starlib

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"mvrun/starlib/param"
)

// The module re: Python's names over Go's regular expressions, which take time
// linear in the text but know neither backreferences nor lookaround.
// https://docs.python.org/3/library/re.html, https://github.com/google/re2/wiki/Syntax

var reModule = &starlarkstruct.Module{Name: "re", Members: starlark.StringDict{
	"search":    starlark.NewBuiltin("re.search", reMatch("")),
	"match":     starlark.NewBuiltin("re.match", reMatch(`\A(?:%s)`)),
	"fullmatch": starlark.NewBuiltin("re.fullmatch", reMatch(`\A(?:%s)\z`)),
	"findall":   starlark.NewBuiltin("re.findall", reFindAll),
	"sub":       starlark.NewBuiltin("re.sub", reSub),
	"split":     starlark.NewBuiltin("re.split", reSplit),
}}

type builtin = func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error)

// compile reads a pattern; where says how it has to lie in the text.
func compile(b *starlark.Builtin, pattern, where string) (*regexp.Regexp, error) {
	if _, err := syntax.Parse(pattern, syntax.Perl); err != nil {
		var wrong *syntax.Error
		if errors.As(err, &wrong) && strings.HasPrefix(wrong.Expr, "(?") {
			return nil, fmt.Errorf("%s: %w (lookaround is not supported: see https://github.com/google/re2/wiki/Syntax)", b.Name(), err)
		}
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	if where != "" {
		pattern = fmt.Sprintf(where, pattern)
	}
	return regexp.Compile(pattern)
}

// reMatch makes search, match and fullmatch: a match, or None.
func reMatch(where string) builtin {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var pattern, text string
		if err := param.Unpack(b, args, kwargs, "pattern", &pattern, "string", &text); err != nil {
			return nil, err
		}
		expression, err := compile(b, pattern, where)
		if err != nil {
			return nil, err
		}
		at := expression.FindStringSubmatchIndex(text)
		if at == nil {
			return starlark.None, nil
		}
		return &match{text, at, expression.SubexpNames()}, nil
	}
}

// reFindAll is re.findall(pattern, string): all matches; if the pattern has
// groups, these.
func reFindAll(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var pattern, text string
	if err := param.Unpack(b, args, kwargs, "pattern", &pattern, "string", &text); err != nil {
		return nil, err
	}
	expression, err := compile(b, pattern, "")
	if err != nil {
		return nil, err
	}
	var found []starlark.Value
	for _, groups := range expression.FindAllStringSubmatch(text, -1) {
		switch len(groups) {
		case 1, 2:
			found = append(found, starlark.String(groups[len(groups)-1]))
		default:
			found = append(found, tupleOf(groups[1:]))
		}
	}
	return starlark.NewList(found), nil
}

// reSub is re.sub(pattern, repl, string, count): the text with the matches
// replaced. repl is a function of the match, or a text in which \1 and
// \g<name> are the groups.
func reSub(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var pattern, text string
	var replacement starlark.Value
	count := 0
	if err := param.Unpack(b, args, kwargs, "pattern", &pattern, "repl", &replacement, "string", &text, "count?", &count); err != nil {
		return nil, err
	}
	expression, err := compile(b, pattern, "")
	if err != nil {
		return nil, err
	}
	if count <= 0 {
		count = -1
	}
	var out strings.Builder
	last := 0
	for _, at := range expression.FindAllStringSubmatchIndex(text, count) {
		out.WriteString(text[last:at[0]])
		last = at[1]
		m := &match{text, at, expression.SubexpNames()}
		switch r := replacement.(type) {
		case starlark.String:
			expanded, err := m.expand(string(r))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", b.Name(), err)
			}
			out.WriteString(expanded)
		case starlark.Callable:
			value, err := starlark.Call(thread, r, starlark.Tuple{m}, nil)
			if err != nil {
				return nil, err
			}
			s, ok := starlark.AsString(value)
			if !ok {
				return nil, fmt.Errorf("%s: repl returned %s, want a string", b.Name(), param.Describe(value))
			}
			out.WriteString(s)
		default:
			return nil, fmt.Errorf("%s: for parameter repl: got %s, want a string or a function", b.Name(), replacement.Type())
		}
	}
	return starlark.String(out.String() + text[last:]), nil
}

// reSplit is re.split(pattern, string, maxsplit): the text between the
// matches, with the groups of each, as Python has it.
func reSplit(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var pattern, text string
	most := 0
	if err := param.Unpack(b, args, kwargs, "pattern", &pattern, "string", &text, "maxsplit?", &most); err != nil {
		return nil, err
	}
	expression, err := compile(b, pattern, "")
	if err != nil {
		return nil, err
	}
	if most <= 0 {
		most = -1
	}
	var parts []starlark.Value
	last := 0
	for _, at := range expression.FindAllStringSubmatchIndex(text, most) {
		parts = append(parts, starlark.String(text[last:at[0]]))
		last = at[1]
		m := &match{text, at, nil}
		for g := 1; g < len(at)/2; g++ {
			parts = append(parts, m.group(g))
		}
	}
	return starlark.NewList(append(parts, starlark.String(text[last:]))), nil
}

// match is what a pattern found. It cannot change.
type match struct {
	text  string
	at    []int // begin and end of the match and of each group, -1 for none
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

// group returns a group, or None if it took no part in the match.
func (m *match) group(n int) starlark.Value {
	if m.at[2*n] < 0 {
		return starlark.None
	}
	return starlark.String(m.text[m.at[2*n]:m.at[2*n+1]])
}

// groupOf is match.group(n): 0 for the whole match, a number or a name.
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

// groups is match.groups(): all groups but the whole match.
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

var groupReference = regexp.MustCompile(`\\(?:([0-9]{1,2})|g<([^>]*)>|(.))`)

// expand replaces \1 and \g<name> in a replacement by the groups.
func (m *match) expand(replacement string) (string, error) {
	var wrong error
	expanded := groupReference.ReplaceAllStringFunc(replacement, func(found string) string {
		parts := groupReference.FindStringSubmatch(found)
		if parts[3] == `\` {
			return `\`
		}
		var which starlark.Value = starlark.String(parts[2])
		if digits := parts[1] + parts[2]; digits != "" && strings.Trim(digits, "0123456789") == "" {
			n := 0
			fmt.Sscan(digits, &n)
			which = starlark.MakeInt(n)
		} else if parts[3] != "" {
			wrong = fmt.Errorf("in repl, %s is nothing; a backslash is written \\\\", found)
			return ""
		}
		n, err := m.index(which)
		if err != nil {
			wrong = err
			return ""
		}
		s, _ := starlark.AsString(m.group(n))
		return s
	})
	return expanded, wrong
}

// tupleOf makes a tuple of strings.
func tupleOf(words []string) starlark.Tuple {
	tuple := make(starlark.Tuple, len(words))
	for i, word := range words {
		tuple[i] = starlark.String(word)
	}
	return tuple
}
