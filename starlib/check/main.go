package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.starlark.net/syntax"

	"mvrun/starlib/signature"
)

// checkMain finds parameters of main that cannot be flags, and parameters that the
// docstring does not explain. It also finds names below "Args:" that are not
// parameters of main.
func (c *checker) checkMain() {
	main := signature.Main(c.tree)
	if main == nil {
		return
	}
	help := signature.Help(c.tree)
	for _, parameter := range main.Params {
		start, end := parameter.Span()
		flag, err := signature.FlagOf(parameter)
		if err != nil {
			c.add(ruleMainFlag, start, end, err.Error())
			continue
		}
		if slices.Contains(c.options.Flags, flag.Word()) {
			c.add(ruleMainFlag, start, end, flag.Taken().Error())
			continue
		}
		if help[flag.Name] == "" && !c.script.IsTest() {
			c.add(ruleMainDoc, start, end, fmt.Sprintf("nothing says what --%s is for: explain %s below \"Args:\" in the docstring", flag.Word(), flag.Name))
		}
		delete(help, flag.Name)
	}
	start, end := main.Name.Span()
	for _, name := range slices.Sorted(maps.Keys(help)) {
		if !hasParameter(main, strings.TrimLeft(name, "*")) {
			c.add(ruleMainDoc, start, end, fmt.Sprintf("\"Args:\" explains %s, which main does not take", name))
		}
	}
}

// hasParameter reports whether a function has a parameter of that name.
func hasParameter(def *syntax.DefStmt, name string) bool {
	return slices.ContainsFunc(def.Params, func(parameter syntax.Expr) bool {
		switch p := parameter.(type) {
		case *syntax.UnaryExpr: // *args, **kwargs, or * alone
			parameter = p.X
		case *syntax.BinaryExpr:
			parameter = p.X
		}
		ident, ok := parameter.(*syntax.Ident)
		return ok && ident.Name == name
	})
}
