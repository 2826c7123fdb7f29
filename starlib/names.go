package starlib

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"mvrun/engine"
	"mvrun/starlib/nearest"
	"mvrun/starlib/source"
)

// The names that a script meant.

// execute runs the top level of a script or a module, and freezes what it made.
func (r *run) execute(thread *starlark.Thread, dialect *syntax.FileOptions, script source.Script) (globals starlark.StringDict, err error) {
	builtins := r.builtins()
	err = engine.Guard(func() (err error) {
		globals, err = starlark.ExecFileOptions(dialect, thread, script.Name, script.Source, builtins)
		return err
	})
	return globals, offerNames(err, builtins.Keys())
}

var undefined = regexp.MustCompile(`^undefined: (\w+)(?: \(did you mean (\w+)\?\))?$`)

// offerNames adds to each undefined name the nearest that there is: the
// resolver looks only among those that the file itself defines.
func offerNames(err error, predeclared []string) error {
	list, ok := err.(resolve.ErrorList)
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
		case instead[found[1]] != "":
			list[i].Msg = fmt.Sprintf("undefined: %s (%s)", found[1], instead[found[1]])
		case near != "":
			list[i].Msg = fmt.Sprintf("undefined: %s (did you mean %s?)", found[1], near)
		}
	}
	slices.SortStableFunc(list, func(a, b resolve.Error) int { // by place; the resolver looks at functions last
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	return list
}

var unexpected = regexp.MustCompile(`^function \S+ got an unexpected keyword argument "(\w+)"$`)

// offerParameter returns the parameter that a call of a function in Starlark
// may have meant, " (did you mean NAME?)", or "". at is a place in that
// function.
func offerParameter(message, text string, at syntax.Position) string {
	found := unexpected.FindStringSubmatch(message)
	if found == nil {
		return ""
	}
	file, err := source.Dialect.Parse(at.Filename(), text, 0)
	if err != nil {
		return ""
	}
	var params []syntax.Expr
	syntax.Walk(file, func(n syntax.Node) bool {
		if n == nil {
			return true
		}
		if start, end := n.Span(); at.Line < start.Line || at.Line > end.Line {
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
	if near := nearest.Name(found[1], names); near != "" {
		return fmt.Sprintf(" (did you mean %s?)", near)
	}
	return ""
}
