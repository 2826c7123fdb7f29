package scripttest

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"

	"mvrun/starlib"
	"mvrun/starlib/diagnose"
	"mvrun/starlib/param"
)

// assertModule is the module assert. Each of its functions checks a condition, and
// ends the test if the condition is not met.
var assertModule = &starlarkstruct.Module{Name: "assert", Members: starlark.StringDict{
	"eq":       starlark.NewBuiltin("assert.eq", assertEqual),
	"true":     starlark.NewBuiltin("assert.true", assertTrue),
	"contains": starlark.NewBuiltin("assert.contains", assertContains),
	"fails":    starlark.NewBuiltin("assert.fails", assertFails),
}}

// assertion is the error of an assert function whose condition is not met.
type assertion struct {
	message string // one line
	detail  string // more lines, or ""
}

func (a *assertion) Error() string { return a.message }

// assertEqual implements assert.eq(got, want).
func assertEqual(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var got, want starlark.Value
	if err := param.Unpack(b, args, kwargs, "got", &got, "want", &want); err != nil {
		return nil, err
	}
	equal, err := starlark.Equal(got, want)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	case equal:
		return starlark.None, nil
	case got.String() == want.String():
		return nil, &assertion{message: fmt.Sprintf("%s: got %s, want %s, which differ though both are written %s", b.Name(), param.Describe(got), param.Describe(want), got)}
	case isShort(got, want):
		return nil, &assertion{message: fmt.Sprintf("%s: got %s, want %s", b.Name(), got, want)}
	}
	difference := diff.Diff("want", []byte(inLines(want)), "got", []byte(inLines(got)))
	_, difference, _ = bytes.Cut(difference, []byte("\n")) // removes the heading
	return nil, &assertion{b.Name() + ": not what is wanted", string(difference)}
}

// assertTrue implements assert.true(cond, msg).
func assertTrue(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var cond starlark.Value
	var msg string
	if err := param.Unpack(b, args, kwargs, "cond", &cond, "msg?", &msg); err != nil {
		return nil, err
	}
	if cond.Truth() {
		return starlark.None, nil
	}
	if msg == "" {
		msg = fmt.Sprintf("got %s", cond)
	}
	return nil, &assertion{message: b.Name() + ": " + msg}
}

// assertContains implements assert.contains(container, item). It checks whether
// "item in container" is true.
func assertContains(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var container, item starlark.Value
	if err := param.Unpack(b, args, kwargs, "container", &container, "item", &item); err != nil {
		return nil, err
	}
	found, err := starlark.Binary(syntax.IN, item, container)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	case bool(found.Truth()):
		return starlark.None, nil
	case isShort(item, container):
		return nil, &assertion{message: fmt.Sprintf("%s: %s is not in %s", b.Name(), item, container)}
	}
	return nil, &assertion{fmt.Sprintf("%s: %s is not in the %s", b.Name(), item, container.Type()), inLines(container)}
}

// assertFails implements assert.fails(fn, pattern). It calls fn, which must return an
// error whose message matches the pattern.
func assertFails(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var fn starlark.Callable
	var pattern string
	if err := param.Unpack(b, args, kwargs, "fn", &fn, "pattern?", &pattern); err != nil {
		return nil, err
	}
	wanted, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("%s: for parameter pattern: %w", b.Name(), err)
	}
	value, err := starlark.Call(thread, fn, nil, nil)
	if ctx := starlib.Context(thread); ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err == nil {
		return nil, &assertion{message: fmt.Sprintf("%s: %s returned %s, want an error", b.Name(), fn.Name(), value)}
	}
	if message := diagnose.InnermostMessage(err); !wanted.MatchString(message) {
		return nil, &assertion{message: fmt.Sprintf("%s: the error is %q, want one that matches %q", b.Name(), message, pattern)}
	}
	return starlark.None, nil
}

// isShort reports whether values fit into one line of a message.
func isShort(values ...starlark.Value) bool {
	n := 0
	for _, v := range values {
		s, _ := starlark.AsString(v)
		if strings.Contains(s, "\n") {
			return false
		}
		n += len(v.String())
	}
	return n <= 100
}

// inLines returns a value as text, with one line for each of its parts. So people can
// read it, and two values can be compared line by line.
func inLines(v starlark.Value) string {
	var b strings.Builder
	switch v := v.(type) {
	case starlark.String:
		text := string(v)
		if strings.Contains(text, "\n") {
			return strings.TrimSuffix(text, "\n") + "\n"
		}
	case *starlark.Dict:
		for _, item := range v.Items() {
			fmt.Fprintf(&b, "%s: %s\n", item[0], item[1])
		}
		return b.String()
	case *starlarkstruct.Struct:
		for _, name := range v.AttrNames() {
			value, _ := v.Attr(name) // cannot fail: AttrNames returned the name
			fmt.Fprintf(&b, "%s = %s\n", name, value)
		}
		return b.String()
	case starlark.Sequence:
		for item := range starlark.Elements(v) {
			fmt.Fprintln(&b, item)
		}
		return b.String()
	}
	return v.String() + "\n"
}
