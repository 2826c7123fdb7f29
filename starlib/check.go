package starlib

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"mvrun/starlib/diagnose"
	"mvrun/starlib/source"
)

// What is wrong with scripts, found without running them.

// Finding is something wrong with a place in a script. Lines and columns begin
// with 1; columns count characters. The end is the place behind the last
// character, 0 if only the beginning is known.
type Finding struct {
	Path      string `json:"path"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line,omitempty"`
	EndColumn int    `json:"end_column,omitempty"`
	Rule      string `json:"rule"`     // a name of Rules
	Severity  string `json:"severity"` // Fatal or Doubtful
	Message   string `json:"message"`
	Fixable   bool   `json:"fixable"` // Fix mends it
}

// CheckOptions are what a check knows besides the scripts.
type CheckOptions struct {
	Flags  []string      // the command's own flags, whose names main's parameters may not have
	Access source.Access // to the modules that scripts load
}

// Check returns what is wrong with scripts, in their order and that of their
// lines. The modules that they load are read, too, but only for what keeps the
// scripts from running.
func Check(scripts []source.Script, o CheckOptions) []Finding {
	checkers := make([]*checker, len(scripts))
	loaded, byTests := map[string]bool{}, map[string]bool{}
	// Tests first: what they load has the builtins of tests, too.
	for _, tests := range []bool{true, false} {
		for i, script := range scripts {
			c := newChecker(script, o)
			if c.script.IsTest() != tests {
				continue
			}
			c.testing = tests || byTests[filepath.Clean(script.Name)]
			c.check()
			checkers[i] = c
			for file := range c.modules {
				loaded[file] = true
				byTests[file] = byTests[file] || tests
			}
		}
	}
	var all []Finding
	for _, c := range checkers {
		all = append(all, c.findings...)
	}
	// What another file loads need not be able to run by itself.
	return slices.DeleteFunc(all, func(f Finding) bool {
		return f.Rule == ruleNoMain && loaded[filepath.Clean(f.Path)]
	})
}

// Show writes a finding for people: the place, what is wrong and by which
// rule, the line, and a caret. source is the script's.
func (f Finding) Show(source string) string {
	pos := syntax.MakePosition(&f.Path, int32(f.Line), int32(f.Column))
	return diagnose.Sources{f.Path: source}.Show(pos, fmt.Sprintf("%s [%s]", f.Message, f.Rule))
}

// checker checks one script.
type checker struct {
	loader   *source.Loader
	options  CheckOptions
	script   source.Script
	testing  bool         // the builtins of tests are there
	tree     *syntax.File // nil if the script cannot be parsed
	resolved bool         // every name means something: a load that is not used is no slip of the pen elsewhere
	modules  map[string]*checkedModule
	findings []Finding
}

func newChecker(script source.Script, o CheckOptions) *checker {
	c := &checker{options: o, script: script, modules: map[string]*checkedModule{}}
	c.loader = source.NewLoader(script, o.Access)
	return c
}

// check finds what is wrong.
func (c *checker) check() {
	err := c.parse()
	for _, e := range parseErrors(c.script, err) {
		c.add(faultRule(e), e.Pos, syntax.Position{}, e.Message)
	}
	if c.tree == nil {
		return
	}
	c.checkLoads()
	c.checkStages()
	c.checkMain()
	c.lint()
	c.checkFormat()
	slices.SortFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column, cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
	})
	c.findings = slices.Compact(c.findings)
}

// parse reads the script.
func (c *checker) parse() error {
	tree, err := parse(c.script, c.testing)
	c.tree, c.resolved = tree, err == nil
	return err
}

// add notes a finding. end may be the zero position.
func (c *checker) add(rule string, start, end syntax.Position, message string) *Finding {
	c.findings = append(c.findings, Finding{
		Path: c.script.Name, Line: int(start.Line), Column: int(start.Col), EndLine: int(end.Line), EndColumn: int(end.Col),
		Rule: rule, Severity: severity(rule), Message: message,
	})
	return &c.findings[len(c.findings)-1]
}

// parse reads a script, and finds what its names mean. With an error of names
// there is a tree, with one of the syntax there is none. With testing the
// builtins of tests are there.
func parse(script source.Script, testing bool) (*syntax.File, error) {
	tree, err := source.Dialect.Parse(script.Name, script.Source, 0)
	if err != nil {
		return nil, err
	}
	r := new(run)
	builtins := r.builtins()
	if testing {
		maps.Copy(builtins, r.testBuiltins())
	}
	return tree, diagnose.OfferNames(resolve.File(tree, builtins.Has, starlark.Universe.Has), builtins.Keys())
}

// parseErrors are the errors of parsing a script, in words for people.
func parseErrors(script source.Script, err error) []diagnose.Fault {
	return diagnose.Sources{script.Name: script.Source}.Faults(err)
}

// faultRule returns the rule of an error of parse.
func faultRule(fault diagnose.Fault) string {
	if strings.HasPrefix(fault.Message, "undefined:") {
		return ruleUndefined
	}
	return ruleSyntax
}
