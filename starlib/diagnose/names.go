package diagnose

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"mvrun/starlib/nearest"
	"mvrun/starlib/source"
)

// undefined matches the resolver's message about an undefined name. The resolver's
// "did you mean" knows only the names that the file itself defines.
var undefined = regexp.MustCompile(`^undefined: (\w+)(?: \(did you mean (\w+)\?\))?$`)

// OfferNames adds "did you mean NAME?" to the resolver's errors about undefined
// names. NAME is the most similar name of the file, the language and predeclared.
// OfferNames also sorts the errors by their places, because the resolver reports the
// bodies of functions last. It returns any other error unchanged.
func OfferNames(err error, predeclared []string) error {
	list, ok := errors.AsType[resolve.ErrorList](err)
	if !ok {
		return err
	}
	known := append(predeclared, starlark.Universe.Keys()...)
	list = slices.Clone(list)
	for i, e := range list {
		found := undefined.FindStringSubmatch(e.Msg)
		if found == nil {
			continue
		}
		names := known
		if found[2] != "" {
			names = append(slices.Clone(known), found[2])
		}
		switch near := nearest.Name(found[1], names); {
		case pythonAdvice[found[1]] != "":
			list[i].Msg = fmt.Sprintf("undefined: %s (%s)", found[1], pythonAdvice[found[1]])
		case near != "":
			list[i].Msg = fmt.Sprintf("undefined: %s (did you mean %s?)", found[1], near)
		}
	}
	slices.SortStableFunc(list, func(a, b resolve.Error) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	return list
}

// unexpected matches the interpreter's message about a keyword argument for which a
// function of a script has no parameter.
var unexpected = regexp.MustCompile(`^function \S+ got an unexpected keyword argument "(\w+)"$`)

// OfferParameter returns " (did you mean NAME?)" for a message about an unexpected
// keyword argument, if a parameter has a similar name. Otherwise it returns "". at
// is a place in the function that was called.
func (s Sources) OfferParameter(message string, at syntax.Position) string {
	found := unexpected.FindStringSubmatch(message)
	if found == nil {
		return ""
	}
	file, err := source.Dialect.Parse(at.Filename(), s[at.Filename()], 0)
	if err != nil {
		return ""
	}
	if near := nearest.Name(found[1], parametersAt(file, at.Line)); near != "" {
		return fmt.Sprintf(" (did you mean %s?)", near)
	}
	return ""
}

// parametersAt returns the names of the parameters of the innermost function to which
// a line belongs.
func parametersAt(file *syntax.File, line int32) []string {
	var params []syntax.Expr
	syntax.Walk(file, func(n syntax.Node) bool {
		if n == nil {
			return true
		}
		if start, end := n.Span(); line < start.Line || line > end.Line {
			return n == syntax.Node(file)
		}
		switch n := n.(type) {
		case *syntax.DefStmt:
			params = n.Params
		case *syntax.LambdaExpr:
			params = n.Params
		}
		return true
	})
	var names []string
	for _, p := range params {
		switch p := p.(type) {
		case *syntax.Ident:
			names = append(names, p.Name)
		case *syntax.BinaryExpr:
			names = append(names, p.X.(*syntax.Ident).Name)
		}
	}
	return names
}
