package check

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"

	"go.starlark.net/syntax"

	"mvrun/starlib/source"
)

// sameProgram returns an error if formatting changed the meaning of a script. The
// statements and their order must be the same. Three things may differ: the white
// space of docstrings, several loads of the same module that became one load, and,
// with dropLoads, loads that were removed.
func sameProgram(script source.Script, formatted string, dropLoads bool) error {
	before, errBefore := parse(script, true)
	after, errAfter := parse(source.Script{Name: script.Name, Source: formatted}, true)
	if after == nil {
		return fmt.Errorf("the formatter would break it: %w", errAfter)
	}
	if len(faults(script, errBefore)) != len(faults(script, errAfter)) { // the number of undefined names changed
		return fmt.Errorf("the formatter would break it: %w", errAfter)
	}
	loadsBefore, loadsAfter := takeLoads(before), takeLoads(after)
	switch {
	case dropLoads && !slices.ContainsFunc(loadsAfter, func(load string) bool { return !slices.Contains(loadsBefore, load) }):
	case !slices.Equal(loadsBefore, loadsAfter):
		return errors.New("the formatter would change what it loads")
	}
	joinDocstrings(before)
	joinDocstrings(after)
	if !isSameTree(reflect.ValueOf(before.Stmts), reflect.ValueOf(after.Stmts)) {
		return errors.New("the formatter would change what it does")
	}
	return nil
}

// takeLoads removes the load statements from a file. It returns the names that they
// load with their modules, sorted and without repetitions.
func takeLoads(tree *syntax.File) []string {
	var loads []string
	tree.Stmts = slices.DeleteFunc(tree.Stmts, func(statement syntax.Stmt) bool {
		load, ok := statement.(*syntax.LoadStmt)
		if !ok {
			return false
		}
		for i := range load.From {
			loads = append(loads, fmt.Sprint(load.Module.Value, load.From[i].Name, load.To[i].Name))
		}
		return true
	})
	slices.Sort(loads)
	return slices.Compact(loads)
}

// joinDocstrings replaces each run of white space in docstrings with one space.
func joinDocstrings(tree *syntax.File) {
	for l := range docstrings(tree) {
		if s, ok := l.Value.(string); ok {
			l.Value = strings.Join(strings.Fields(s), " ")
		}
	}
}

// isSameTree reports whether parts of two syntax trees mean the same. It ignores
// positions, parentheses, and how literals are written.
func isSameTree(a, b reflect.Value) bool {
	a, b = meaning(a), meaning(b)
	if a.IsValid() != b.IsValid() || a.IsValid() && a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Slice:
		return isSameList(a, b)
	case reflect.Struct:
		for i := range a.NumField() {
			if hasMeaning(a.Type().Field(i)) && !isSameTree(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

func isSameList(a, b reflect.Value) bool {
	if a.Len() != b.Len() {
		return false
	}
	for i := range a.Len() {
		if !isSameTree(a.Index(i), b.Index(i)) {
			return false
		}
	}
	return true
}

// hasMeaning reports whether a field of a node matters for the meaning of the
// program. The resolver sets the fields Binding and Function, so they do not matter.
func hasMeaning(field reflect.StructField) bool {
	return field.IsExported() && field.Name != "Raw" && field.Name != "Binding" && field.Name != "Function" &&
		field.Type != reflect.TypeFor[syntax.Position]()
}

// meaning returns the value behind interfaces, pointers and parentheses.
func meaning(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return reflect.Value{}
		}
		if paren, ok := reflect.TypeAssert[*syntax.ParenExpr](v); ok {
			v = reflect.ValueOf(paren.X)
			continue
		}
		if _, ok := reflect.TypeAssert[*big.Int](v); ok {
			return v // isSameTree compares it with DeepEqual
		}
		v = v.Elem()
	}
	return v
}
