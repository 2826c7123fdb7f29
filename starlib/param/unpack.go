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

// Unpack assigns the arguments of a call to variables. pairs are the same as for
// starlark.UnpackArgs: the name of a parameter, then a pointer to its variable, and
// so on. "?" at the end of a name makes this parameter and all later ones optional.
// "??" also makes None mean that the argument is left out.
//
// If a keyword argument has a wrong name, the error names the parameter that is
// most similar. starlark.UnpackArgs does this, too, but compares only every second
// parameter.
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

// withPlainTypes returns an error of UnpackArgs with other names for the types
// that users do not know, such as "a function" for "callable".
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

// UnknownArgument says that a call has a keyword argument for which the builtin
// has no parameter.
type UnknownArgument struct {
	Function, Name string
	Params         []string // the names of the parameters as Unpack gets them, with their question marks
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

// Describe returns the type of a value for messages, with an article: "a list",
// "an image", "None".
func Describe(v starlark.Value) string {
	if v == starlark.None {
		return "None"
	}
	if strings.ContainsAny(v.Type()[:1], "aeiou") {
		return "an " + v.Type()
	}
	return "a " + v.Type()
}
