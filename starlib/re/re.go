package re

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

// Module is the value of the name re in scripts.
var Module = &starlarkstruct.Module{Name: "re", Members: starlark.StringDict{
	"search":    starlark.NewBuiltin("re.search", matching("%s")),
	"match":     starlark.NewBuiltin("re.match", matching(`\A(?:%s)`)),
	"fullmatch": starlark.NewBuiltin("re.fullmatch", matching(`\A(?:%s)\z`)),
	"findall":   starlark.NewBuiltin("re.findall", findAll),
	"sub":       starlark.NewBuiltin("re.sub", sub),
	"split":     starlark.NewBuiltin("re.split", split),
}}

type builtin = func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error)

// compile compiles a pattern. anchored is a format with the anchors around the pattern,
// such as `\A(?:%s)`.
func compile(b *starlark.Builtin, pattern, anchored string) (*regexp.Regexp, error) {
	if _, err := syntax.Parse(pattern, syntax.Perl); err != nil {
		var wrong *syntax.Error
		if errors.As(err, &wrong) && strings.HasPrefix(wrong.Expr, "(?") {
			return nil, fmt.Errorf("%s: %w (lookaround is not supported: see https://github.com/google/re2/wiki/Syntax)", b.Name(), err)
		}
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return regexp.Compile(fmt.Sprintf(anchored, pattern))
}

// matching returns one of the functions search, match and fullmatch. These differ only
// in their anchors. They return a match or None.
func matching(anchored string) builtin {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var pattern, text string
		if err := param.Unpack(b, args, kwargs, "pattern", &pattern, "string", &text); err != nil {
			return nil, err
		}
		expression, err := compile(b, pattern, anchored)
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

// findAll implements re.findall(pattern, string). It returns the texts of all matches.
// If the pattern has groups, it returns the texts of the groups instead.
func findAll(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var pattern, text string
	if err := param.Unpack(b, args, kwargs, "pattern", &pattern, "string", &text); err != nil {
		return nil, err
	}
	expression, err := compile(b, pattern, "%s")
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

// tupleOf returns a tuple of strings.
func tupleOf(words []string) starlark.Tuple {
	tuple := make(starlark.Tuple, len(words))
	for i, word := range words {
		tuple[i] = starlark.String(word)
	}
	return tuple
}

// sub implements re.sub(pattern, repl, string, count). It returns the text with all
// matches replaced, or the first count of them.
func sub(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var pattern, text string
	var replacement starlark.Value
	count := 0
	if err := param.Unpack(b, args, kwargs, "pattern", &pattern, "repl", &replacement, "string", &text, "count?", &count); err != nil {
		return nil, err
	}
	expression, err := compile(b, pattern, "%s")
	if err != nil {
		return nil, err
	}
	if count <= 0 {
		count = -1 // all matches
	}
	var out strings.Builder
	last := 0
	for _, at := range expression.FindAllStringSubmatchIndex(text, count) {
		replaced, err := replace(thread, b, &match{text, at, expression.SubexpNames()}, replacement)
		if err != nil {
			return nil, err
		}
		out.WriteString(text[last:at[0]] + replaced)
		last = at[1]
	}
	return starlark.String(out.String() + text[last:]), nil
}

// replace returns the text that replaces a match. replacement is a function, which is
// called with the match, or a text. In the text, \1 and \g<name> stand for groups.
func replace(thread *starlark.Thread, b *starlark.Builtin, m *match, replacement starlark.Value) (string, error) {
	switch r := replacement.(type) {
	case starlark.String:
		expanded, err := m.expand(string(r))
		if err != nil {
			return "", fmt.Errorf("%s: %w", b.Name(), err)
		}
		return expanded, nil
	case starlark.Callable:
		value, err := starlark.Call(thread, r, starlark.Tuple{m}, nil)
		if err != nil {
			return "", err
		}
		s, ok := starlark.AsString(value)
		if !ok {
			return "", fmt.Errorf("%s: repl returned %s, want a string", b.Name(), param.Describe(value))
		}
		return s, nil
	}
	return "", fmt.Errorf("%s: for parameter repl: got %s, want a string or a function", b.Name(), replacement.Type())
}

// split implements re.split(pattern, string, maxsplit). It returns the texts between
// the matches and, as in Python, the groups of each match.
func split(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var pattern, text string
	limit := 0
	if err := param.Unpack(b, args, kwargs, "pattern", &pattern, "string", &text, "maxsplit?", &limit); err != nil {
		return nil, err
	}
	expression, err := compile(b, pattern, "%s")
	if err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = -1 // means no limit
	}
	var parts []starlark.Value
	last := 0
	for _, at := range expression.FindAllStringSubmatchIndex(text, limit) {
		parts = append(parts, starlark.String(text[last:at[0]]))
		last = at[1]
		m := &match{text, at, nil}
		for g := 1; g < len(at)/2; g++ {
			parts = append(parts, m.group(g))
		}
	}
	return starlark.NewList(append(parts, starlark.String(text[last:]))), nil
}
