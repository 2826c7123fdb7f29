package check

import (
	"slices"

	"go.starlark.net/syntax"
)

// bind notes where a variable gets values. A target that is no variable, such as the tuple
// in "for a, b in pairs" or list[0], makes the variables that change unknown.
func (t *types) bind(target syntax.Expr, origin func() string) {
	switch target := unparen(target).(type) {
	case *syntax.Ident:
		if variable := variableOf(target); variable != nil {
			t.add(variable, origin)
		}
	case *syntax.TupleExpr:
		for _, x := range target.List {
			t.bind(x, isUnknown)
		}
	case *syntax.ListExpr:
		for _, x := range target.List {
			t.bind(x, isUnknown)
		}
	case *syntax.UnaryExpr: // the parameter *args
		if target.X != nil {
			t.bind(target.X, isUnknown)
		}
	case *syntax.BinaryExpr: // a parameter with a default
		t.bind(target.X, isUnknown)
	case *syntax.IndexExpr:
		t.bind(target.X, isUnknown)
	case *syntax.DotExpr:
		t.bind(target.X, isUnknown)
	case *syntax.CallExpr: // groups.setdefault(name, []).append(image) changes groups
		t.bind(target.Fn, isUnknown)
	}
}

func isUnknown() string { return unknown }

// readBindings notes where the variables of a file get their values, but for the first
// parameters of functions, which readUses notes.
func (t *types) readBindings(tree *syntax.File) {
	syntax.Walk(tree, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.AssignStmt:
			t.readAssignment(n)
		case *syntax.ForStmt:
			t.readLoop(n.Vars, n.X)
		case *syntax.ForClause:
			t.readLoop(n.Vars, n.X)
		case *syntax.LoadStmt:
			for i, name := range n.To {
				t.bind(name, isUnknown)
				t.loaded[variableOf(name)] = n.ModuleName() + " " + n.From[i].Name
			}
		case *syntax.DefStmt:
			t.bind(n.Name, isUnknown)
			t.bodies[variableOf(n.Name)] = n
			t.readParameters(n.Params)
			t.readReturns(n)
		case *syntax.LambdaExpr:
			t.readParameters(n.Params)
			t.add(n, func() string { return t.typeOf(n.Body) })
		case *syntax.CallExpr:
			t.readCall(n)
		}
		return true
	})
}

func (t *types) readAssignment(n *syntax.AssignStmt) {
	origin := func() string { return t.typeOf(n.RHS) }
	if n.Op != syntax.EQ {
		origin = func() string {
			if added := t.typeOf(n.RHS); n.Op == syntax.PLUS_EQ && (isList(added) || added == noValue) {
				return added
			}
			return unknown
		}
	}
	if variable := variableOf(n.LHS); variable != nil {
		if lambda, ok := n.RHS.(*syntax.LambdaExpr); ok {
			t.bodies[variable] = lambda
		}
	}
	t.bind(n.LHS, origin)
}

func (t *types) readLoop(variables, over syntax.Expr) {
	t.bind(variables, func() string { return t.item(t.typeOf(over)) })
}

// readParameters makes all parameters but the first unknown, and the first if it has a
// default or stars.
func (t *types) readParameters(params []syntax.Expr) {
	for i, param := range params {
		if _, plain := param.(*syntax.Ident); !plain || i > 0 {
			t.bind(param, isUnknown)
		}
	}
}

// readCall makes variables unknown whose values the script changes, list.append(x), or
// about which it asks, hasattr(x, "status").
func (t *types) readCall(call *syntax.CallExpr) {
	if method, ok := call.Fn.(*syntax.DotExpr); ok {
		switch method.Name.Name {
		case "append", "extend", "insert":
			t.bind(method.X, isUnknown)
		}
	}
	if isUniversal(call.Fn, "type", "hasattr", "getattr", "dir") && len(call.Args) > 0 {
		t.bind(call.Args[0], isUnknown)
	}
}

// readUses notes what the first parameters of functions get: the items of parallel, and the
// arguments of calls. A function that is used in another way, or nowhere in the file, may
// get anything.
func (t *types) readUses(tree *syntax.File) {
	named, used := map[syntax.Expr]bool{}, map[syntax.Node]bool{}
	use := func(fn syntax.Expr, origin func() string) {
		if body := t.function(fn); body != nil {
			named[fn], used[body] = true, true
			t.bindFirst(body, origin)
		}
	}
	syntax.Walk(tree, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			if name, ok := builtinName(n.Fn); ok && name == "parallel" {
				args := argumentsOfParallel(n)
				use(args["fn"], func() string { return t.item(t.typeOf(args["items"])) })
				use(args["on_result"], func() string { return t.result(args["fn"]) })
			} else {
				use(n.Fn, func() string { return t.firstArgument(n) })
			}
		case *syntax.DefStmt:
			named[n.Name] = true
		case *syntax.AssignStmt:
			if t.function(n.LHS) != nil {
				named[n.LHS], named[n.RHS] = true, true
			}
		}
		return true
	})
	syntax.Walk(tree, func(n syntax.Node) bool {
		if fn, ok := n.(syntax.Expr); ok && !named[fn] {
			use(fn, isUnknown)
		}
		return true
	})
	for _, body := range slices.Clone(t.nodes) {
		if !used[body] {
			t.bindFirst(body, isUnknown)
		}
	}
}

// bindFirst notes what the first parameter of a function gets.
func (t *types) bindFirst(fn syntax.Node, origin func() string) {
	var params []syntax.Expr
	switch fn := fn.(type) {
	case *syntax.DefStmt:
		params = fn.Params
	case *syntax.LambdaExpr:
		params = fn.Params
	}
	if len(params) > 0 {
		t.bind(params[0], origin)
	}
}

// firstArgument returns the type of the first argument of a call, if that stands for the
// first parameter.
func (t *types) firstArgument(call *syntax.CallExpr) string {
	if len(call.Args) == 0 {
		return unknown
	}
	switch arg := call.Args[0].(type) {
	case *syntax.UnaryExpr: // *args
		return unknown
	case *syntax.BinaryExpr:
		if arg.Op == syntax.EQ {
			return unknown
		}
	}
	return t.typeOf(call.Args[0])
}

// argumentsOfParallel returns the arguments of a call of parallel, by their names.
func argumentsOfParallel(call *syntax.CallExpr) map[string]syntax.Expr {
	args := map[string]syntax.Expr{}
	for i, arg := range call.Args {
		name := []string{"fn", "items", "on_result"}[min(i, 2)]
		if named, ok := arg.(*syntax.BinaryExpr); ok && named.Op == syntax.EQ {
			name, arg = named.X.(*syntax.Ident).Name, named.Y
		}
		args[name] = arg
	}
	return args
}

// readReturns notes what a function returns.
func (t *types) readReturns(fn *syntax.DefStmt) {
	t.add(fn, func() string { return noValue }) // a function without return returns None
	for _, statement := range fn.Body {
		syntax.Walk(statement, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.DefStmt:
				return false
			case *syntax.ReturnStmt:
				if n.Result != nil {
					t.add(fn, func() string { return t.typeOf(n.Result) })
				}
			}
			return true
		})
	}
}
