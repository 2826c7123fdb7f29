package starlib

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"mvrun/starlib/nearest"
)

// The arguments of builtins.

// unpack is starlark.UnpackArgs, but knows every parameter when it looks for
// the one that a wrong name was to be: the library looks at each second one.
func unpack(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple, pairs ...any) error {
	var params []string // as UnpackArgs has them: optional ones end in "?"
	for i := 0; i < len(pairs); i += 2 {
		params = append(params, pairs[i].(string))
	}
	for _, kwarg := range kwargs {
		name, _ := starlark.AsString(kwarg[0])
		if !slices.Contains(params, name) && !slices.Contains(params, name+"?") && !slices.Contains(params, name+"??") {
			return &unknownArgument{function: b.Name(), name: name, params: params}
		}
	}
	return plainly(starlark.UnpackArgs(b.Name(), args, kwargs, pairs...))
}

var wrongType = regexp.MustCompile(`^(\S+: for parameter \S+: got )(\S+)(, want )(\S+)$`)

// plainly names the types in an error of UnpackArgs as users know them.
func plainly(err error) error {
	if err == nil {
		return nil
	}
	found := wrongType.FindStringSubmatch(err.Error())
	if found == nil {
		return err
	}
	for i, name := range found {
		switch name {
		case "NoneType":
			found[i] = "None"
		case "iterable":
			found[i] = "a list"
		case "callable":
			found[i] = "a function"
		}
	}
	return errors.New(strings.Join(found[1:], ""))
}

// unknownArgument is a name that a builtin has no parameter for.
type unknownArgument struct {
	function, name string
	params         []string
}

func (e *unknownArgument) Error() string {
	var names []string
	for _, param := range e.params {
		names = append(names, strings.TrimRight(param, "?"))
	}
	message := fmt.Sprintf("%s: unexpected keyword argument %q", e.function, e.name)
	switch near := nearest.Name(e.name, names); {
	case near != "":
		return fmt.Sprintf("%s (did you mean %s?)", message, near)
	case len(names) == 0:
		return message + " (it takes none)"
	}
	return fmt.Sprintf("%s (it takes %s)", message, strings.Join(names, ", "))
}
