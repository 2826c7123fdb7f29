package check

import (
	"slices"
	"strings"

	"github.com/bazelbuild/buildtools/build"
	"github.com/bazelbuild/buildtools/warn"
	"go.starlark.net/syntax"

	"mvrun/starlib/signature"
)

// plainMessages replace messages of buildtools that only users of Bazel understand.
// The keys are the names of rules.
var plainMessages = map[string]string{
	ruleModuleDoc:           `the file does not say what it is for: begin with a """docstring"""`,
	"unreachable":           "the statement is never reached",
	"string-iteration":      "a string cannot be looped over: take its .elems()",
	"dict-concatenation":    "dicts are not joined by +, but by |",
	"dict-method-named-arg": "the default has no name here: write get(key, default)",
}

// lint adds the findings of buildtools. It also removes all findings that a comment
// in the script turns off.
func (c *checker) lint() {
	text, err := newPlainText(c.script, c.tree)
	if err != nil {
		return // checkFormat reports it
	}
	file, err := build.ParseDefault(c.script.Name, []byte(text.source))
	if err != nil {
		return // checkFormat reports it
	}
	for _, rule := range Rules {
		switch {
		case !rule.lint || rule.Name == ruleModuleDoc && c.script.IsTest():
		case rule.Name == ruleUnusedLoad:
			findings := c.unusedLoads(warn.FileWarningMap[rule.Name](file))
			_, err := c.format(true)
			for _, f := range findings {
				c.addLint(text, rule.Name, f).Fixable = err == nil && isRemoved(findings, f)
			}
		default:
			for _, f := range warn.FileWarningMap[rule.Name](file) {
				if !c.isIgnored(rule.Name, f) {
					c.addLint(text, rule.Name, f)
				}
			}
		}
	}
	c.findings = slices.DeleteFunc(c.findings, disabled(file))
}

// addLint adds a finding of buildtools.
func (c *checker) addLint(text *plainText, rule string, f *warn.LinterFinding) *Finding {
	if rule == ruleFunctionArgs {
		f.Start.LineRune = text.indent(f.Start.Line) + 1 // buildtools adds the indentation of the docstring
	}
	return c.add(rule, text.position(f.Start), text.position(f.End), plainMessage(rule, f.Message))
}

// plainMessage returns the message of a finding of buildtools in the style of our own
// messages: one line that begins with a small letter and has no full stop.
func plainMessage(rule, message string) string {
	if words, ok := plainMessages[rule]; ok {
		return words
	}
	message, _, _ = strings.Cut(message, "\n")
	message = strings.TrimSuffix(strings.TrimSuffix(message, "."), ". Please remove it")
	return strings.ToLower(message[:1]) + message[1:]
}

// isIgnored reports whether a finding of buildtools is not shown.
func (c *checker) isIgnored(rule string, f *warn.LinterFinding) bool {
	main := signature.Main(c.tree)
	switch rule {
	case ruleFunctionDoc:
		// Other people call only the functions of a module. In a script, the
		// docstring of the file explains main.
		return main != nil || c.script.IsTest()
	case ruleFunctionArgs:
		// checkMain checks the parameters of main. A message of several lines
		// says that "Args:" is missing as a whole. This is ignored in files whose
		// functions need no docstring.
		inMain := main != nil && c.functionAt(f.Start.Line) == main
		return inMain || (main != nil || c.script.IsTest()) && strings.Contains(f.Message, "\n")
	case ruleReturnValue:
		// A function that ends in a loop may return a value in the last round of
		// the loop. buildtools cannot see this.
		if def := c.functionAt(f.Start.Line); def != nil && int(def.Def.Line) == f.Start.Line {
			_, loop := def.Body[len(def.Body)-1].(*syntax.ForStmt)
			return loop
		}
	}
	return false
}

// functionAt returns the innermost function to which a line belongs, or nil.
func (c *checker) functionAt(line int) *syntax.DefStmt {
	var found *syntax.DefStmt
	syntax.Walk(c.tree, func(n syntax.Node) bool {
		if n == nil {
			return true
		}
		start, end := n.Span()
		if n != syntax.Node(c.tree) && (line < int(start.Line) || line > int(end.Line)) {
			return false
		}
		if def, ok := n.(*syntax.DefStmt); ok {
			found = def
		}
		return true
	})
	return found
}

// unusedLoads returns the findings about loads that are not used. It leaves out loads
// of a module that does something when it is loaded, such as calling registry. A
// script must load some name of such a module, even if it does not use the name.
func (c *checker) unusedLoads(findings []*warn.LinterFinding) []*warn.LinterFinding {
	hasEffects := false
	return slices.DeleteFunc(findings, func(f *warn.LinterFinding) bool {
		if len(f.Replacement) > 0 { // the first finding about a load statement has the fix for the whole statement
			load := (*f.Replacement[0].Old).(*build.LoadStmt)
			hasEffects = c.loadHasEffects(load.Module.Value, c.script.Name)
		}
		return hasEffects
	})
}

// isRemoved reports whether the fixes of findings remove the name that f is about.
func isRemoved(findings []*warn.LinterFinding, f *warn.LinterFinding) bool {
	for _, other := range findings {
		for _, r := range other.Replacement {
			kept, _ := r.New.(*build.LoadStmt)
			start, end := (*r.Old).Span()
			if f.Start.Byte < start.Byte || f.Start.Byte >= end.Byte {
				continue
			}
			return kept == nil || !slices.ContainsFunc(kept.To, func(name *build.Ident) bool {
				start, _ := name.Span()
				return start == f.Start
			})
		}
	}
	return false
}

// disabled returns a function that reports whether a comment in the file turns off a
// finding. The comment is "# buildifier: disable=RULE", before or after the code that
// the finding is about. Errors of the language cannot be turned off.
func disabled(file *build.File) func(Finding) bool {
	type region struct {
		expr       build.Expr
		start, end int
	}
	var regions []region
	build.Walk(file, func(expr build.Expr, _ []build.Expr) {
		comments := expr.Comment()
		start, end := expr.Span()
		if len(comments.Before) > 0 {
			start = comments.Before[0].Start
		}
		if slices.ContainsFunc(slices.Concat(comments.Before, comments.Suffix, comments.After), func(c build.Comment) bool { return strings.Contains(c.Token, "disable=") }) {
			regions = append(regions, region{expr, start.Line, end.Line})
		}
	})
	return func(f Finding) bool {
		if f.Rule == ruleSyntax || f.Rule == ruleUndefined {
			return false
		}
		return slices.ContainsFunc(regions, func(r region) bool {
			return r.start <= f.Line && f.Line <= r.end && warn.HasDisablingComment(r.expr, f.Rule)
		})
	}
}
