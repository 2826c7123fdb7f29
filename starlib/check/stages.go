package check

import (
	"fmt"

	"go.starlark.net/resolve"
	"go.starlark.net/syntax"

	"mvrun/starlib/signature"
)

// functions are the functions that a file defines at its top level, by name.
type functions map[string]syntax.Node

// checkStages finds calls in the wrong stage: those that the top level may not make,
// and those that only the top level may make. It also finds scripts without main.
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

// checkTopLevel finds calls of parallel at the top level. It also finds calls of
// functions that call parallel.
func (c *checker) checkTopLevel(all functions) {
	callers := all.callersOfParallel()
	for _, call := range immediateCalls(c.tree.Stmts...) {
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

// callersOfParallel returns the names of the functions that call parallel, directly
// or through other functions.
func (all functions) callersOfParallel() map[string]bool {
	callers := map[string][]string{} // the callers of each function
	var queue []string
	for name, fn := range all {
		for _, call := range immediateCalls(body(fn)...) {
			callee := call.Fn.(*syntax.Ident)
			switch {
			case isPredeclared(callee, "parallel"):
				queue = append(queue, name)
			case isGlobal(callee):
				callers[callee.Name] = append(callers[callee.Name], name)
			}
		}
	}
	found := map[string]bool{}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if !found[name] {
			found[name] = true
			queue = append(queue, callers[name]...)
		}
	}
	return found
}

// checkRegistry finds calls of registry in main, and in all functions that main
// uses, directly or through other functions.
func (c *checker) checkRegistry(all functions) {
	for name, fn := range all.reachableFrom("main") {
		by := ""
		if name != "main" {
			by = ", since main uses " + name
		}
		syntax.Walk(fn, func(n syntax.Node) bool {
			if call, ok := n.(*syntax.CallExpr); ok {
				if callee, ok := call.Fn.(*syntax.Ident); ok && isPredeclared(callee, "registry") {
					start, end := call.Span()
					c.add(ruleRegistry, start, end, "only the top level may use registry: requests may be under way already"+by)
				}
			}
			return true
		})
	}
}

// reachableFrom returns a function, and all functions that it uses, directly or
// through other functions.
func (all functions) reachableFrom(name string) functions {
	reached := functions{}
	var follow func(name string)
	follow = func(name string) {
		fn, ok := all[name]
		if !ok || reached[name] != nil {
			return
		}
		reached[name] = fn
		syntax.Walk(fn, func(n syntax.Node) bool {
			if ident, ok := n.(*syntax.Ident); ok && isGlobal(ident) {
				follow(ident.Name)
			}
			return true
		})
	}
	follow(name)
	return reached
}

// checkHasMain finds scripts without main, which cannot run. A module needs no main.
// A file counts as a module if it defines names, and uses neither load_list nor
// write_failed.
func (c *checker) checkHasMain() {
	if signature.Main(c.tree) != nil {
		return // there is a def main
	}
	public := false
	for _, global := range c.tree.Module.(*resolve.Module).Globals {
		if global.First.Name == "main" {
			return // main is another global, such as main = lambda: …
		}
		public = public || global.First.Name[0] != '_'
	}
	usesLists := false
	syntax.Walk(c.tree, func(n syntax.Node) bool {
		if ident, ok := n.(*syntax.Ident); ok {
			usesLists = usesLists || isPredeclared(ident, "load_list") || isPredeclared(ident, "write_failed")
		}
		return true
	})
	if c.script.IsTest() || public && !usesLists {
		return
	}
	c.add(ruleNoMain, syntax.MakePosition(&c.script.Name, 1, 1), syntax.Position{},
		"there is no function main: the top level declares, and main does the work")
}

// immediateCalls returns the calls of named functions that are made when the nodes
// are executed. It leaves out calls inside functions that the nodes define, because
// these calls are made later.
func immediateCalls[N syntax.Node](nodes ...N) []*syntax.CallExpr {
	var calls []*syntax.CallExpr
	var visit func(n syntax.Node) bool
	visit = func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.DefStmt:
			walkAll(n.Params, visit) // defaults are computed at once
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

// body returns the statements or the expression that a call of a function executes.
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

// scope returns the scope in which a name is defined. It is also resolve.Undefined
// for a name that the resolver did not reach.
func scope(ident *syntax.Ident) resolve.Scope {
	if binding, ok := ident.Binding.(*resolve.Binding); ok {
		return binding.Scope
	}
	return resolve.Undefined
}
