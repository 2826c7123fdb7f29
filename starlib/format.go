package starlib

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"

	"github.com/bazelbuild/buildtools/build"
	"github.com/bazelbuild/buildtools/warn"
	"go.starlark.net/syntax"

	"mvrun/starlib/source"
)

// The layout of scripts, which is buildifier's.

// layout is what is rewritten besides white space. It leaves the load
// statements in their order, which is that in which modules run.
var layout = &build.Rewriter{RewriteSet: []string{"listsort", "sameOriginLoad", "loadsort", "formatdocstrings", "reorderarguments", "editfloat", "collapseEmpty"}}

// Fix returns a script's source in the usual layout and without loads that are
// not used. A script that cannot be parsed is left as it is, and so is one
// that would not mean the same any more.
func Fix(script source.Script, o CheckOptions) string {
	c := newChecker(script, o)
	c.testing = true // if this is none, it is Check that has to say so
	if c.parse(); c.tree == nil {
		return script.Source
	}
	c.checkLoads() // reads the modules
	for _, dropLoads := range []bool{true, false} {
		if fixed, err := c.format(dropLoads); err == nil {
			return fixed
		}
	}
	return script.Source
}

// checkFormat says whether a script has another layout than the usual one.
func (c *checker) checkFormat() {
	pos := syntax.MakePosition(&c.script.Name, 1, 1)
	formatted, err := c.format(false)
	if err != nil {
		if unknown := (*unknownSyntax)(nil); errors.As(err, &unknown) {
			pos = unknown.pos
		}
		c.add(ruleFormat, pos, syntax.Position{}, "this file is neither formatted nor searched for all that is doubtful: "+err.Error())
		return
	}
	if formatted == c.script.Source {
		return
	}
	pos.Line = int32(firstDifference(c.script.Source, formatted))
	c.add(ruleFormat, pos, syntax.Position{}, "not formatted, from here on: mvrun check --fix formats it").Fixable = true
}

// unknownSyntax is the error of a line that is Starlark, but not for
// buildtools.
type unknownSyntax struct{ pos syntax.Position }

func (e *unknownSyntax) Error() string {
	return `the formatter does not understand this line (it knows no b"…": write bytes("…"))`
}

// firstDifference is the number of the first line that differs.
func firstDifference(a, b string) int {
	inA, inB := strings.Split(a, "\n"), strings.Split(b, "\n")
	i := 0
	for i < len(inA)-1 && i < len(inB) && inA[i] == inB[i] {
		i++
	}
	return i + 1
}

// format returns the script's source in the usual layout, with the ends of
// lines that it has.
func (c *checker) format(dropLoads bool) (string, error) {
	if dropLoads && !c.resolved {
		return "", errors.New("what is not used may be what is misspelt elsewhere")
	}
	text, err := newPlain(c.script, c.tree)
	if err != nil {
		return "", err
	}
	file, err := build.ParseDefault(c.script.Name, []byte(text.source))
	if err != nil {
		if parseError := (build.ParseError{}); errors.As(err, &parseError) {
			at := parseError.Pos
			at.LineRune = text.indent(at.Line) + 1 // it stands behind what was not understood
			return "", &unknownSyntax{text.position(at)}
		}
		return "", err
	}
	if dropLoads {
		for _, f := range c.idleLoads(warn.FileWarningMap[ruleUnusedLoad](file)) {
			for _, r := range f.Replacement {
				*r.Old = r.New
			}
		}
	}
	quote(file)
	formatted := string(build.FormatWithRewriter(layout, file))
	if err := sameProgram(c.script, formatted, dropLoads); err != nil {
		return "", err
	}
	if strings.Contains(c.script.Source, "\r\n") {
		formatted = strings.ReplaceAll(formatted, "\n", "\r\n")
	}
	return formatted, nil
}

// quote gives strings their double quotes, and keeps the formatter from
// rewriting what is inside: it writes bytes of UTF-8 as octal numbers, which
// are no Starlark.
func quote(file *build.File) {
	build.WalkPointers(file, func(e *build.Expr, _ []build.Expr) {
		s, ok := (*e).(*build.StringExpr)
		if !ok {
			return
		}
		s.Token = doubleQuoted(s.Token)
		if !strings.HasPrefix(s.Token, "r") && !build.IsCorrectEscaping(s.Token) {
			*e = &build.LiteralExpr{Comments: s.Comments, Start: s.Start, Token: s.Token}
		}
	})
}

// doubleQuoted is a literal with double quotes, if nothing inside is one.
func doubleQuoted(token string) string {
	prefix := token[:len(token)-len(strings.TrimLeft(token, "r"))]
	token = token[len(prefix):]
	marks := "'"
	if strings.HasPrefix(token, "'''") {
		marks = "'''"
	}
	inside, ok := strings.CutPrefix(token, marks)
	if !ok || strings.Contains(inside, `"`) {
		return prefix + token
	}
	inside = strings.TrimSuffix(inside, marks)
	if prefix == "" {
		inside = unescapedQuote.Replace(inside)
	}
	marks = strings.Repeat(`"`, len(marks))
	return prefix + marks + inside + marks
}

// unescapedQuote takes the backslash from a single quote, and no other.
var unescapedQuote = strings.NewReplacer(`\\`, `\\`, `\'`, `'`)

// sameProgram returns an error unless a formatted script means what it did:
// the same statements, in the same order, in spite of other white space in
// docstrings, and loads that may be merged, or fewer.
func sameProgram(script source.Script, formatted string, dropLoads bool) error {
	before, errBefore := parse(script, true)
	after, errAfter := parse(source.Script{Name: script.Name, Source: formatted}, true)
	if after == nil {
		return fmt.Errorf("the formatter would break it: %w", errAfter)
	}
	// The names that are not defined stay what they were.
	if len(parseErrors(script, errBefore)) != len(parseErrors(script, errAfter)) {
		return fmt.Errorf("the formatter would break it: %w", errAfter)
	}
	loadsBefore, loadsAfter := takeLoads(before), takeLoads(after)
	switch {
	case dropLoads && !slices.ContainsFunc(loadsAfter, func(load string) bool { return !slices.Contains(loadsBefore, load) }):
	case !slices.Equal(loadsBefore, loadsAfter):
		return errors.New("the formatter would change what it loads")
	}
	blankDocstrings(before)
	blankDocstrings(after)
	if !sameTree(reflect.ValueOf(before.Stmts), reflect.ValueOf(after.Stmts)) {
		return errors.New("the formatter would change what it does")
	}
	return nil
}

// takeLoads takes the load statements out of a file, and returns what they
// load, sorted.
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

// blankDocstrings leaves of docstrings what is no white space.
func blankDocstrings(tree *syntax.File) {
	for l := range docstrings(tree) {
		if s, ok := l.Value.(string); ok {
			l.Value = strings.Join(strings.Fields(s), " ")
		}
	}
}

// sameTree compares parts of syntax trees, but for places, parentheses and how
// literals are written.
func sameTree(a, b reflect.Value) bool {
	a, b = bare(a), bare(b)
	if a.IsValid() != b.IsValid() || a.IsValid() && a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !sameTree(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for i := range a.NumField() {
			field := a.Type().Field(i)
			switch {
			case !field.IsExported(), field.Name == "Raw", field.Name == "Binding", field.Name == "Function", field.Type == reflect.TypeFor[syntax.Position]():
				continue
			}
			if !sameTree(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// bare is what stands behind interfaces, pointers and parentheses.
func bare(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return reflect.Value{}
		}
		if paren, ok := v.Interface().(*syntax.ParenExpr); ok {
			v = reflect.ValueOf(paren.X)
			continue
		}
		if _, ok := v.Interface().(*big.Int); ok {
			return v
		}
		v = v.Elem()
	}
	return v
}
