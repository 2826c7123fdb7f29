package starlib

import (
	"slices"
	"strings"

	"github.com/bazelbuild/buildtools/build"
	"github.com/bazelbuild/buildtools/warn"
	"go.starlark.net/syntax"

	"mvrun/starlib/signature"
)

// The rules of buildtools that are worth having here.

// plainWords are findings of buildtools that would not be understood without
// knowing Bazel, by rule.
var plainWords = map[string]string{
	ruleModuleDoc:           `the file does not say what it is for: begin with a """docstring"""`,
	"unreachable":           "the statement is never reached",
	"string-iteration":      "a string cannot be looped over: take its .elems()",
	"dict-concatenation":    "dicts are not joined by +, but by |",
	"dict-method-named-arg": "the default has no name here: write get(key, default)",
}

// lint adds what buildtools finds. Comments turn it off, as they do there.
func (c *checker) lint() {
	text, err := newPlain(c.script, c.tree)
	if err != nil {
		return // checkFormat says so
	}
	file, err := build.ParseDefault(c.script.Name, []byte(text.source))
	if err != nil {
		return // likewise
	}
	fixable := false // are loads that are not used
	for _, rule := range Rules {
		if !rule.lint || rule.Name == ruleModuleDoc && c.script.IsTest() {
			continue
		}
		findings := warn.FileWarningMap[rule.Name](file)
		if rule.Name == ruleUnusedLoad {
			findings = c.idleLoads(findings)
			_, err := c.format(true)
			fixable = err == nil
		}
		for _, f := range findings {
			if c.forgiven(rule.Name, f) {
				continue
			}
			if rule.Name == ruleFunctionArgs {
				f.Start.LineRune = text.indent(f.Start.Line) + 1 // buildtools adds that of the docstring
			}
			added := c.add(rule.Name, text.position(f.Start), text.position(f.End), tidyWords(rule.Name, f.Message))
			added.Fixable = fixable && rule.Name == ruleUnusedLoad && removes(findings, f)
		}
	}
	c.findings = slices.DeleteFunc(c.findings, disabled(file))
}

// tidyWords is what a finding of buildtools says, in the way of this house.
func tidyWords(rule, message string) string {
	if words, ok := plainWords[rule]; ok {
		return words
	}
	message, _, _ = strings.Cut(message, "\n")
	message = strings.TrimSuffix(strings.TrimSuffix(message, "."), ". Please remove it")
	return strings.ToLower(message[:1]) + message[1:]
}

// forgiven says whether a finding of buildtools is none here.
func (c *checker) forgiven(rule string, f *warn.LinterFinding) bool {
	main := signature.Main(c.tree)
	switch rule {
	case ruleFunctionDoc:
		// Only a module's functions are there for others. The file's docstring
		// is main's.
		return main != nil || c.script.IsTest()
	case ruleFunctionArgs:
		// checkMain knows what main's parameters need. That there is no "Args:"
		// at all, which takes buildtools several lines to say, is as above.
		inMain := main != nil && c.functionAt(f.Start.Line) == main
		return inMain || (main != nil || c.script.IsTest()) && strings.Contains(f.Message, "\n")
	case ruleReturnValue:
		// A function that tries several times ends in a loop: that its last
		// round returns cannot be seen.
		if def := c.functionAt(f.Start.Line); def != nil && int(def.Def.Line) == f.Start.Line {
			_, loop := def.Body[len(def.Body)-1].(*syntax.ForStmt)
			return loop
		}
	}
	return false
}

// functionAt returns the innermost function that a line belongs to, or nil.
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

// idleLoads leaves out the findings about modules that are loaded for what
// they do, such as to call registry: some name of theirs has to be loaded.
func (c *checker) idleLoads(findings []*warn.LinterFinding) []*warn.LinterFinding {
	acts := false
	return slices.DeleteFunc(findings, func(f *warn.LinterFinding) bool {
		if len(f.Replacement) > 0 { // it begins the findings of a statement
			load := (*f.Replacement[0].Old).(*build.LoadStmt)
			acts = c.loadActs(load.Module.Value, c.script.Name)
		}
		return acts
	})
}

// removes says whether the fixes of findings remove the name that f is about.
func removes(findings []*warn.LinterFinding, f *warn.LinterFinding) bool {
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

// disabled returns what says of a finding whether a comment turns it off:
// "# buildifier: disable=RULE" before or behind what it is about. An error of
// the language cannot be turned off.
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

// position is a place of the text in the script.
func (p *plain) position(at build.Position) syntax.Position {
	line := min(at.Line, len(p.lines)) // the end of all stands one behind
	column := max(1, at.LineRune-p.shift[line])
	return syntax.MakePosition(nil, int32(line), int32(column))
}

// indent is how far a line's text stands from the left.
func (p *plain) indent(line int) int {
	text := p.lines[min(line, len(p.lines))-1]
	return len(text) - len(strings.TrimLeft(text, " "))
}
