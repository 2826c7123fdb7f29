package check

import (
	"slices"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/syntax"
)

// The types of expressions are written as in the reference: "Result", "list[Image]".
const (
	unknown = ""  // several types are possible, or the file does not show which one
	noValue = "-" // nothing is known yet, or the value is None, which has no attributes
)

// types are the types of expressions, as far as one file shows them. A variable is known
// by its first name, and what a function returns by its def or lambda.
type types struct {
	options Options
	nodes   []syntax.Node                   // the variables and functions, in the order of the file
	origins map[syntax.Node][]func() string // where each of them gets its values
	found   map[syntax.Node]string          // the type of each, so far
	bodies  map[*syntax.Ident]syntax.Node   // the def or lambda to which a variable is set
	loaded  map[*syntax.Ident]string        // the module and the name of what is loaded: "@mvrun//retry.star retry"
	depth   int                             // how many calls of typeOf are nested in one another
}

// maxRounds is how often findTypes goes over the file. One round mostly follows all values
// through the file, and another one finds that nothing changes.
const maxRounds = 20

// maxTypeDepth is how deep an expression with a known type may be nested: a.b.c(d)[e].
const maxTypeDepth = 30

// findTypes finds the types of all variables of a file. It begins with no type for any, and
// ends when no type changes. A variable that gets values of two types has no known type.
func findTypes(tree *syntax.File, o Options) *types {
	t := &types{options: o, origins: map[syntax.Node][]func() string{}, found: map[syntax.Node]string{}, bodies: map[*syntax.Ident]syntax.Node{}, loaded: map[*syntax.Ident]string{}}
	t.readBindings(tree)
	t.readUses(tree)
	for range maxRounds {
		changed := false
		for _, node := range t.nodes {
			joined := noValue
			for _, origin := range t.origins[node] {
				joined = join(joined, origin())
			}
			changed = changed || joined != t.found[node]
			t.found[node] = joined
		}
		if !changed {
			return t
		}
	}
	t.found = nil
	return t
}

// add notes one place where a variable, or what a function returns, gets a value.
func (t *types) add(node syntax.Node, origin func() string) {
	if t.origins[node] == nil {
		t.nodes = append(t.nodes, node)
		t.found[node] = noValue
	}
	t.origins[node] = append(t.origins[node], origin)
}

// join returns the type of a value that has one of two types.
func join(a, b string) string {
	switch {
	case a == b || b == noValue:
		return a
	case a == noValue:
		return b
	}
	return unknown
}

// variableOf returns the first name of the variable that an expression names, or nil.
func variableOf(x syntax.Expr) *syntax.Ident {
	if ident, ok := unparen(x).(*syntax.Ident); ok {
		if binding, ok := ident.Binding.(*resolve.Binding); ok {
			return binding.First
		}
	}
	return nil
}

func unparen(x syntax.Expr) syntax.Expr {
	for {
		paren, ok := x.(*syntax.ParenExpr)
		if !ok {
			return x
		}
		x = paren.X
	}
}

// isUniversal reports whether an expression names one of some functions of the language.
func isUniversal(x syntax.Expr, names ...string) bool {
	ident, ok := x.(*syntax.Ident)
	return ok && scope(ident) == resolve.Universal && slices.Contains(names, ident.Name)
}

// typeOf returns the type of an expression.
func (t *types) typeOf(x syntax.Expr) string {
	if t.depth++; t.depth > maxTypeDepth {
		t.depth--
		return unknown
	}
	defer func() { t.depth-- }()
	switch x := x.(type) {
	case *syntax.ParenExpr:
		return t.typeOf(x.X)
	case *syntax.Ident:
		return t.ofName(x)
	case *syntax.CallExpr:
		return t.ofCall(x)
	case *syntax.DotExpr:
		if attribute := t.attribute(x); !attribute.IsFunction {
			return plainType(attribute.Type)
		}
	case *syntax.CondExpr:
		return join(t.typeOf(x.True), t.typeOf(x.False))
	case *syntax.BinaryExpr:
		if left := t.typeOf(x.X); x.Op == syntax.PLUS && (isList(left) || left == noValue) {
			return join(left, t.typeOf(x.Y))
		}
	case *syntax.IndexExpr:
		if list := t.typeOf(x.X); isList(list) || list == noValue {
			return t.item(list)
		}
	case *syntax.SliceExpr:
		if list := t.typeOf(x.X); isList(list) || list == noValue {
			return list
		}
	case *syntax.Comprehension:
		if !x.Curly {
			return listOf(t.typeOf(x.Body))
		}
	}
	return unknown
}

func (t *types) ofName(name *syntax.Ident) string {
	switch scope(name) {
	case resolve.Predeclared:
		if _, isModule := t.options.Values[name.Name]; isModule {
			return name.Name
		}
	case resolve.Universal:
		if name.Name == "None" {
			return noValue
		}
	default:
		if variable := variableOf(name); variable != nil {
			return t.found[variable]
		}
	}
	return unknown
}

// ofCall returns the type of the value that a call returns.
func (t *types) ofCall(call *syntax.CallExpr) string {
	if isUniversal(call.Fn, "list", "sorted", "reversed") && len(call.Args) > 0 {
		return listOf(t.item(t.typeOf(call.Args[0])))
	}
	if name, ok := builtinName(call.Fn); ok && name == "parallel" {
		return listOf(t.result(argumentsOfParallel(call)["fn"]))
	}
	if loaded, ok := t.loaded[variableOf(call.Fn)]; ok {
		returned := t.options.Returns[loaded]
		if returned == "R" && len(call.Args) > 0 { // retry(fn) returns what fn returns
			return t.result(call.Args[0])
		}
		return plainType(returned)
	}
	return t.result(call.Fn)
}

// result returns the type of the value that a function returns.
func (t *types) result(fn syntax.Expr) string {
	switch fn := fn.(type) {
	case *syntax.DotExpr:
		if attribute := t.attribute(fn); attribute.IsFunction || attribute.Type == noValue {
			return plainType(attribute.Type)
		}
		return unknown
	case *syntax.Ident:
		if returned, ok := t.options.Returns[fn.Name]; ok && scope(fn) == resolve.Predeclared {
			return plainType(returned)
		}
	}
	if body := t.function(fn); body != nil {
		return t.found[body]
	}
	return unknown
}

// attribute returns what is known of an attribute such as result.status.
func (t *types) attribute(x *syntax.DotExpr) Attribute {
	holder := t.typeOf(x.X)
	if holder == noValue {
		return Attribute{Type: noValue}
	}
	return t.options.Values[holder].Attributes[x.Name.Name]
}

// function returns the def or lambda that an expression names, if its variable is never
// set to anything else.
func (t *types) function(fn syntax.Expr) syntax.Node {
	if lambda, ok := fn.(*syntax.LambdaExpr); ok {
		return lambda
	}
	if variable := variableOf(fn); variable != nil && len(t.origins[variable]) == 1 {
		return t.bodies[variable]
	}
	return nil
}

// item returns the type of the items of a list, or of another value that can be looped over.
func (t *types) item(list string) string {
	if list == noValue {
		return noValue
	}
	if iterator, ok := t.options.Values[list].Attributes["__iter__"]; ok {
		list = iterator.Type
	}
	for _, prefix := range []string{"list[", "Iterator["} {
		if item, ok := strings.CutPrefix(list, prefix); ok {
			return strings.TrimSuffix(item, "]")
		}
	}
	return unknown
}

func isList(t string) bool { return strings.HasPrefix(t, "list[") }

func listOf(item string) string {
	if item == unknown || item == noValue {
		return item
	}
	return "list[" + item + "]"
}

// plainType returns a type without "| None": what holds for the value holds if there is one.
func plainType(t string) string { return strings.TrimSuffix(t, " | None") }
