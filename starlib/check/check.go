package check

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"mvrun/starlib"
	"mvrun/starlib/diagnose"
	"mvrun/starlib/scripttest"
	"mvrun/starlib/source"
)

// Finding is a mistake in a script, or a doubtful place. Lines and columns begin
// with 1, and columns count characters. EndLine and EndColumn are the place after
// the last character. They are 0 if only the beginning is known.
type Finding struct {
	Path      string `json:"path"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line,omitempty"`
	EndColumn int    `json:"end_column,omitempty"`
	Rule      string `json:"rule"`     // the name of one of Rules
	Severity  string `json:"severity"` // Fatal or Doubtful
	Message   string `json:"message"`
	Fixable   bool   `json:"fixable"` // whether Fix corrects it
}

// Options are the settings of a check.
type Options struct {
	Flags  []string      // the command's own flags; a parameter of main must not have the name of one
	Access source.Access // which modules scripts may load
	// Builtins are the parameters of the builtins, by names such as "validate" and
	// "json.decode". Calls of other builtins are not checked.
	Builtins map[string][]Parameter
	// Returns are the types of what builtins and bundled functions return: "Result" for
	// "validate", "R" for "@mvrun//retry.star retry".
	Returns map[string]string
	// Values are the types and modules whose attributes are checked, by names such as
	// "Result" and "json".
	Values  map[string]Value
	FixHint string // how a user calls Fix, for the message about a file that is not formatted
}

// Check returns the findings of scripts, in the order of the scripts and of their
// lines. It also reads the modules that the scripts load. About a module it reports
// only errors that keep a script from running.
func Check(scripts []source.Script, o Options) []Finding {
	checkers := make([]*checker, len(scripts))
	loaded, byTests := map[string]bool{}, map[string]bool{}
	// Tests come first, because the modules that they load have the builtins of
	// tests, too.
	for _, tests := range []bool{true, false} {
		for i, script := range scripts {
			if script.IsTest() != tests {
				continue
			}
			c := newChecker(script, o)
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
	// A file that another file loads is a module. A module needs no main.
	return slices.DeleteFunc(all, func(f Finding) bool {
		return f.Rule == ruleNoMain && loaded[filepath.Clean(f.Path)]
	})
}

// Show returns a finding as text for people: the place, the message, the rule, and
// the line with a caret below it. text is the whole script.
func (f Finding) Show(text string) string {
	pos := syntax.MakePosition(&f.Path, int32(f.Line), int32(f.Column))
	return diagnose.Sources{f.Path: text}.Show(pos, fmt.Sprintf("%s [%s]", f.Message, f.Rule))
}

// checker checks one script.
type checker struct {
	options  Options
	script   source.Script
	loader   *source.Loader
	testing  bool         // whether the script has the builtins of tests
	tree     *syntax.File // nil if the script cannot be parsed
	resolved bool         // whether every name in the script is defined
	modules  map[string]*checkedModule
	findings []Finding
}

func newChecker(script source.Script, o Options) *checker {
	return &checker{options: o, script: script, loader: source.NewLoader(script, o.Access), modules: map[string]*checkedModule{}}
}

// check adds all findings of the script.
func (c *checker) check() {
	err := c.parse()
	for _, fault := range faults(c.script, err) {
		c.add(ruleOf(fault), fault.Pos, syntax.Position{}, fault.Message)
	}
	if c.tree == nil {
		return
	}
	c.checkLoads()
	c.checkStages()
	c.checkMain()
	if c.resolved {
		c.checkCalls()
		c.checkAttributes()
	}
	c.lint()
	c.checkFormat()
	slices.SortFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column, cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
	})
	c.findings = slices.Compact(c.findings)
}

// parse parses the script.
func (c *checker) parse() error {
	tree, err := parse(c.script, c.testing)
	c.tree, c.resolved = tree, err == nil
	return err
}

// add adds a finding. end is the zero position if only the start is known.
func (c *checker) add(rule string, start, end syntax.Position, message string) *Finding {
	c.findings = append(c.findings, Finding{
		Path: c.script.Name, Line: int(start.Line), Column: int(start.Col), EndLine: int(end.Line), EndColumn: int(end.Col),
		Rule: rule, Severity: severity(rule), Message: message,
	})
	return &c.findings[len(c.findings)-1]
}

// parse parses a script and resolves its names. testing says whether the script
// has the builtins of tests. The tree is nil after a syntax error, but not after
// an error about names.
func parse(script source.Script, testing bool) (*syntax.File, error) {
	tree, err := source.Dialect.Parse(script.Name, script.Source, 0)
	if err != nil {
		return nil, err
	}
	names := starlib.BuiltinNames()
	if testing {
		names = append(names, scripttest.BuiltinNames()...)
	}
	isBuiltin := func(name string) bool { return slices.Contains(names, name) }
	return tree, diagnose.OfferNames(resolve.File(tree, isBuiltin, starlark.Universe.Has), names)
}

// faults returns an error of parse as messages for people.
func faults(script source.Script, err error) []diagnose.Fault {
	return diagnose.Sources{script.Name: script.Source}.Faults(err)
}

// ruleOf returns the rule that an error of parse breaks.
func ruleOf(fault diagnose.Fault) string {
	if strings.HasPrefix(fault.Message, "undefined:") {
		return ruleUndefined
	}
	return ruleSyntax
}
