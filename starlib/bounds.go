package starlib

import (
	"fmt"
	"maps"

	"go.starlark.net/lib/json"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// Starlark can stop a script only between two steps. So no builtin may take long over
// one step, or make a huge value in it: such a script would ignore a deadline, and could
// use up the memory of the machine.
const (
	// maxElements is how many elements a builtin of the language goes through.
	maxElements = 4 << 20
	// maxNesting is how many lists and objects of JSON may lie inside each other. The
	// decoder needs stack for each, and the end of the stack ends the process.
	maxNesting = 1000
	// maxDecoded is how many bytes of JSON are decoded.
	maxDecoded = 64 << 20
)

// bounded returns the builtins of the language that go through all elements of an
// argument, with a bound on their number.
func bounded() starlark.StringDict {
	all := starlark.StringDict{}
	for _, name := range []string{"all", "any", "bytes", "dict", "enumerate", "list", "max", "min", "reversed", "set", "sorted", "tuple", "zip"} {
		unbounded := starlark.Universe[name].(*starlark.Builtin)
		all[name] = starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			for _, arg := range args {
				if n := starlark.Len(arg); n > maxElements {
					return nil, fmt.Errorf("%s: got a %s of %d elements, and %s goes through at most %d; a for loop may go through more",
						name, arg.Type(), n, name, maxElements)
				}
			}
			return unbounded.CallInternal(thread, args, kwargs)
		})
	}
	return all
}

// jsonModule returns the module json, with bounds for its function decode.
func jsonModule() starlark.Value {
	members := maps.Clone(json.Module.Members)
	decode := members["decode"].(*starlark.Builtin)
	members["decode"] = starlark.NewBuiltin(decode.Name(), func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if len(args) > 0 {
			if text, ok := starlark.AsString(args[0]); ok {
				if err := checkJSON(text); err != nil && len(args) > 1 {
					return args[1], nil // the default, which json.decode returns for text that it cannot decode
				} else if err != nil {
					return nil, fmt.Errorf("%s: %w", decode.Name(), err)
				}
			}
		}
		return decode.CallInternal(thread, args, kwargs)
	})
	return &starlarkstruct.Module{Name: "json", Members: members}
}

// checkJSON returns an error for JSON that is too long, or too deeply nested.
func checkJSON(text string) error {
	if len(text) > maxDecoded {
		return fmt.Errorf("the text has %d bytes, more than %d", len(text), maxDecoded)
	}
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > maxNesting {
				return fmt.Errorf("more than %d lists and objects lie inside each other", maxNesting)
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return nil
}
