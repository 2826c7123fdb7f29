package check

import (
	"errors"
	"strings"

	"github.com/bazelbuild/buildtools/build"
	"github.com/bazelbuild/buildtools/warn"
	"go.starlark.net/syntax"

	"mvrun/starlib/source"
)

// layout lists what buildifier changes besides white space. It does not sort the
// load statements of a file, because their order is the order in which modules are
// executed.
var layout = &build.Rewriter{RewriteSet: []string{"listsort", "sameOriginLoad", "loadsort", "formatdocstrings", "reorderarguments", "editfloat", "collapseEmpty"}}

// Fix returns a script's text in buildifier's layout, and without loads that are
// not used. It returns the text unchanged if the script cannot be parsed, or if the
// change would give the script another meaning.
func Fix(script source.Script, o Options) string {
	c := newChecker(script, o)
	c.testing = true // makes no difference for a file that uses no builtin of tests
	if c.parse(); c.tree == nil {
		return script.Source
	}
	c.checkLoads() // unusedLoads needs the modules that this reads
	for _, dropLoads := range []bool{true, false} {
		if fixed, err := c.format(dropLoads); err == nil {
			return fixed
		}
	}
	return script.Source
}

// checkFormat adds a finding if the script does not have buildifier's layout.
func (c *checker) checkFormat() {
	pos := syntax.MakePosition(&c.script.Name, 1, 1)
	formatted, err := c.format(false)
	if err != nil {
		if unknown := (*unknownSyntax)(nil); errors.As(err, &unknown) {
			pos = unknown.pos
		}
		c.add(ruleFormat, pos, syntax.Position{}, "this file can neither be formatted nor searched for doubtful places: "+err.Error())
		return
	}
	if formatted == c.script.Source {
		return
	}
	message := "not formatted, from here on"
	if c.options.FixHint != "" {
		message += ": " + c.options.FixHint + " formats it"
	}
	pos.Line = int32(firstDifference(c.script.Source, formatted))
	c.add(ruleFormat, pos, syntax.Position{}, message).Fixable = true
}

// unknownSyntax says that buildtools does not understand a line, although Starlark
// does.
type unknownSyntax struct{ pos syntax.Position }

func (e *unknownSyntax) Error() string {
	return `the formatter does not understand this line (it knows no b"…": write bytes("…"))`
}

// firstDifference returns the number of the first line in which two texts differ.
func firstDifference(a, b string) int {
	inA, inB := strings.Split(a, "\n"), strings.Split(b, "\n")
	i := 0
	for i < len(inA)-1 && i < len(inB) && inA[i] == inB[i] {
		i++
	}
	return i + 1
}

// format returns the script's text in buildifier's layout. It keeps the kind of line
// ends that the script has. With dropLoads it removes loads that are not used.
func (c *checker) format(dropLoads bool) (string, error) {
	if dropLoads && !c.resolved {
		return "", errors.New("a name that is loaded and not used may be the one that is misspelt elsewhere")
	}
	text, err := newPlainText(c.script, c.tree)
	if err != nil {
		return "", err
	}
	file, err := build.ParseDefault(c.script.Name, []byte(text.source))
	if err != nil {
		if parseError := (build.ParseError{}); errors.As(err, &parseError) {
			at := parseError.Pos
			at.LineRune = text.indent(at.Line) + 1 // buildtools names the place after the token, so the line's first character is shown
			return "", &unknownSyntax{text.position(at)}
		}
		return "", err
	}
	if dropLoads {
		for _, f := range c.unusedLoads(warn.FileWarningMap[ruleUnusedLoad](file)) {
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

// quote gives double quotes to strings. It also protects strings with characters
// outside ASCII from the formatter. The formatter would write their bytes as octal
// numbers, which Starlark does not accept.
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

// doubleQuoted returns a string literal with double quotes. It does not change a
// literal that contains a double quote.
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

// unescapedQuote removes the backslash before a single quote. It also replaces \\
// with \\. Without that, it would take the second backslash of \\' for the one that
// belongs to the quote.
var unescapedQuote = strings.NewReplacer(`\\`, `\\`, `\'`, `'`)
