package param

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"mvrun/starlib/nearest"
)

// Unpack assigns the arguments of a call to variables. pairs are those of
// starlark.UnpackArgs: the name of a parameter, then a pointer to its variable.
// "?" at the end of a name makes this parameter and all later ones optional;
// with "??" None is the same as no argument.
//
// If a keyword argument has a wrong name, Unpack offers the nearest of all
// parameters; starlark.UnpackArgs compares only every second one.
func Unpack(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple, pairs ...any) error {
	var params []string
	for i := 0; i < len(pairs); i += 2 {
		params = append(params, pairs[i].(string))
	}
	for _, kwarg := range kwargs {
		name, _ := starlark.AsString(kwarg[0])
		if !slices.Contains(params, name) && !slices.Contains(params, name+"?") && !slices.Contains(params, name+"??") {
			return &UnknownArgument{Function: b.Name(), Name: name, Params: params}
		}
	}
	return withPlainTypes(starlark.UnpackArgs(b.Name(), args, kwargs, pairs...))
}

var wrongType = regexp.MustCompile(`^(\S+: for parameter \S+: got )(\S+)(, want )(\S+)$`)

// withPlainTypes replaces names of types in an error of UnpackArgs that users
// do not know.
func withPlainTypes(err error) error {
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

// UnknownArgument is the error of a keyword argument for which a builtin has no
// parameter.
type UnknownArgument struct {
	Function, Name string
	Params         []string // the names that the builtin gave to Unpack, with their question marks
}

func (e *UnknownArgument) Error() string {
	var names []string
	for _, param := range e.Params {
		names = append(names, strings.TrimRight(param, "?"))
	}
	message := fmt.Sprintf("%s: unexpected keyword argument %q", e.Function, e.Name)
	switch near := nearest.Name(e.Name, names); {
	case near != "":
		return fmt.Sprintf("%s (did you mean %s?)", message, near)
	case len(names) == 0:
		return message + " (it takes none)"
	}
	return fmt.Sprintf("%s (it takes %s)", message, strings.Join(names, ", "))
}

// Describe returns the type of a value with its article, for messages:
// "a list", "an image", "None".
func Describe(v starlark.Value) string {
	if v == starlark.None {
		return "None"
	}
	if strings.ContainsAny(v.Type()[:1], "aeiou") {
		return "an " + v.Type()
	}
	return "a " + v.Type()
}
