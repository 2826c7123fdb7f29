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

// checkRegistry finds calls of registry in callbacks of parallel, and in all functions
// that these use, directly or through other functions.
func (c *checker) checkRegistry(all functions) {
	found := map[syntax.Position]bool{}
	for _, callback := range callbacks(c.tree) {
		for name, fn := range all.reachableFrom(callback) {
			syntax.Walk(fn, func(n syntax.Node) bool {
				call, ok := n.(*syntax.CallExpr)
				if !ok {
					return true
				}
				start, end := call.Span()
				if callee, ok := call.Fn.(*syntax.Ident); ok && isPredeclared(callee, "registry") && !found[start] {
					found[start] = true
					by := ""
					if name != "" {
						by = ", and parallel calls " + name
					}
					c.add(ruleRegistry, start, end, "a callback of parallel may not use registry, only the top level and main: other callbacks may be asking that registry"+by)
				}
				return true
			})
		}
	}
}

// callbacks returns the functions that a file gives to parallel, as far as they are
// written out there or named.
func callbacks(tree *syntax.File) []syntax.Expr {
	var found []syntax.Expr
	syntax.Walk(tree, func(n syntax.Node) bool {
		call, ok := n.(*syntax.CallExpr)
		if !ok {
			return true
		}
		if callee, ok := call.Fn.(*syntax.Ident); !ok || !isPredeclared(callee, "parallel") {
			return true
		}
		args := argumentsOfParallel(call)
		for _, name := range []string{"fn", "on_result"} {
			if callback, ok := args[name]; ok {
				found = append(found, callback)
			}
		}
		return true
	})
	return found
}

// reachableFrom returns a callback, which has the name "" if it is a lambda, and all
// functions that it uses, directly or through other functions.
func (all functions) reachableFrom(callback syntax.Expr) functions {
	reached := functions{}
	var follow func(n syntax.Node)
	follow = func(n syntax.Node) {
		syntax.Walk(n, func(n syntax.Node) bool {
			ident, ok := n.(*syntax.Ident)
			if !ok || !isGlobal(ident) {
				return true
			}
			if fn, ok := all[ident.Name]; ok && reached[ident.Name] == nil {
				reached[ident.Name] = fn
				follow(fn)
			}
			return true
		})
	}
	if lambda, ok := callback.(*syntax.LambdaExpr); ok {
		reached[""] = lambda
	}
	follow(callback)
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
