package starlib

import (
	"fmt"

	"go.starlark.net/resolve"
	"go.starlark.net/syntax"

	"mvrun/starlib/signature"
)

// Whether a script does at its top level, and in main, what belongs there.

// functions are the functions of a file's top level, by name.
type functions map[string]syntax.Node

func (c *checker) checkStages() {
	all := functions{}
	for _, statement := range c.tree.Stmts {
		switch s := statement.(type) {
		case *syntax.DefStmt:
			all[s.Name.Name] = s
		case *syntax.AssignStmt:
			name, named := s.LHS.(*syntax.Ident)
			lambda, ok := s.RHS.(*syntax.LambdaExpr)
			if named && ok {
				all[name.Name] = lambda
			}
		}
	}
	c.checkTopLevel(all)
	c.checkRegistry(all)
	c.checkHasMain()
}

// checkTopLevel finds calls of parallel at the top level, and calls of
// functions that call it.
func (c *checker) checkTopLevel(all functions) {
	callers := all.callParallel()
	for _, call := range callsNow(c.tree.Stmts...) {
		name := call.Fn.(*syntax.Ident)
		start, end := call.Span()
		switch {
		case isPredeclared(name, "parallel"):
			c.add(ruleParallel, start, end, "only main, or what it calls, may use parallel: the top level is not frozen yet, and callbacks run at once")
		case isGlobal(name) && callers[name.Name]:
			c.add(ruleParallel, start, end, fmt.Sprintf("%s calls parallel, which only main, or what it calls, may use: the top level is not frozen yet", name.Name))
		}
	}
}

// callParallel returns the functions that call parallel before they return,
// by way of others too.
func (all functions) callParallel() map[string]bool {
	callers := map[string][]string{} // of each function
	var do []string
	for name, fn := range all {
		for _, call := range callsNow(body(fn)...) {
			callee := call.Fn.(*syntax.Ident)
			switch {
			case isPredeclared(callee, "parallel"):
				do = append(do, name)
			case isGlobal(callee):
				callers[callee.Name] = append(callers[callee.Name], name)
			}
		}
	}
	known := map[string]bool{}
	for len(do) > 0 {
		name := do[0]
		do = do[1:]
		if !known[name] {
			known[name] = true
			do = append(do, callers[name]...)
		}
	}
	return known
}

// checkRegistry finds calls of registry in main, and in functions that main
// mentions, by way of others too.
func (c *checker) checkRegistry(all functions) {
	seen := map[string]bool{}
	var follow func(name string)
	follow = func(name string) {
		fn, ok := all[name]
		if !ok || seen[name] {
			return
		}
		seen[name] = true
		syntax.Walk(fn, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.CallExpr:
				if callee, ok := n.Fn.(*syntax.Ident); ok && isPredeclared(callee, "registry") {
					start, end := n.Span()
					by := ""
					if name != "main" {
						by = ", since main uses " + name
					}
					c.add(ruleRegistry, start, end, "only the top level may use registry: requests may be under way already"+by)
				}
			case *syntax.Ident:
				if isGlobal(n) {
					follow(n.Name)
				}
			}
			return true
		})
	}
	follow("main")
}

// checkHasMain finds scripts that cannot run. A module need not: it defines
// names, and leaves the run's own list and failed list to those who load it.
func (c *checker) checkHasMain() {
	public := false
	if signature.Main(c.tree) != nil {
		return // even if its name is taken
	}
	for _, global := range c.tree.Module.(*resolve.Module).Globals {
		if global.First.Name == "main" {
			return // a lambda
		}
		public = public || global.First.Name[0] != '_'
	}
	works := false
	syntax.Walk(c.tree, func(n syntax.Node) bool {
		if ident, ok := n.(*syntax.Ident); ok {
			works = works || isPredeclared(ident, "load_list") || isPredeclared(ident, "write_failed")
		}
		return true
	})
	if c.script.IsTest() || public && !works {
		return
	}
	c.add(ruleNoMain, syntax.MakePosition(&c.script.Name, 1, 1), syntax.Position{},
		"there is no function main: the top level declares, and main does the work")
}

// callsNow returns the calls of functions by name that executing nodes makes
// at once: not those in functions that they define.
func callsNow[N syntax.Node](nodes ...N) []*syntax.CallExpr {
	var calls []*syntax.CallExpr
	var visit func(n syntax.Node) bool
	visit = func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.DefStmt:
			walkAll(n.Params, visit) // defaults
			return false
		case *syntax.LambdaExpr:
			walkAll(n.Params, visit)
			return false
		case *syntax.CallExpr:
			if _, ok := n.Fn.(*syntax.Ident); ok {
				calls = append(calls, n)
			}
		}
		return true
	}
	walkAll(nodes, visit)
	return calls
}

func walkAll[N syntax.Node](nodes []N, visit func(syntax.Node) bool) {
	for _, n := range nodes {
		syntax.Walk(n, visit)
	}
}

// body is what a function executes when it is called.
func body(fn syntax.Node) []syntax.Node {
	var nodes []syntax.Node
	switch fn := fn.(type) {
	case *syntax.DefStmt:
		for _, statement := range fn.Body {
			nodes = append(nodes, statement)
		}
	case *syntax.LambdaExpr:
		nodes = append(nodes, fn.Body)
	}
	return nodes
}

func isPredeclared(ident *syntax.Ident, name string) bool {
	return ident.Name == name && scope(ident) == resolve.Predeclared
}

func isGlobal(ident *syntax.Ident) bool { return scope(ident) == resolve.Global }

// scope is where a name is defined: resolve.Undefined also where the resolver
// gave up.
func scope(ident *syntax.Ident) resolve.Scope {
	if binding, ok := ident.Binding.(*resolve.Binding); ok {
		return binding.Scope
	}
	return resolve.Undefined
}
