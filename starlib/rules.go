package starlib

// What Check looks for.

// Severities of findings.
const (
	Fatal    = "error"   // a run would end with it
	Doubtful = "warning" // a run would not notice
)

// Rule is something that Check looks for.
type Rule struct {
	Name     string
	Severity string
	About    string
	lint     bool // by buildtools, under the same name
}

const (
	ruleSyntax       = "syntax"
	ruleUndefined    = "undefined"
	ruleBadLoad      = "bad-load"
	ruleNoMain       = "no-main"
	ruleMainFlag     = "main-flag"
	ruleMainDoc      = "main-docstring"
	ruleParallel     = "parallel-at-top-level"
	ruleRegistry     = "registry-in-main"
	ruleFormat       = "format"
	ruleUnusedLoad   = "load"
	ruleModuleDoc    = "module-docstring"
	ruleFunctionDoc  = "function-docstring"
	ruleFunctionArgs = "function-docstring-args"
	ruleReturnValue  = "return-value"
)

// Rules are all that Check looks for. Of the rules of buildtools those are
// left out that are Bazel's, those that the language itself holds (as that a
// global is assigned once), and matters of taste (names, print, += [x]). That
// "Returns:" is a section of its own is one of these.
var Rules = []Rule{
	{Name: ruleSyntax, Severity: Fatal, About: "what is no Starlark"},
	{Name: ruleUndefined, Severity: Fatal, About: "a name that nothing defines"},
	{Name: ruleBadLoad, Severity: Fatal, About: "a module that is not there, is broken or loads itself, or has not what is loaded from it"},
	{Name: ruleNoMain, Severity: Fatal, About: "a script without main; what uses neither load_list nor write_failed, and defines names, is taken for a module"},
	{Name: ruleMainFlag, Severity: Fatal, About: "a parameter of main that cannot be a flag"},
	{Name: ruleParallel, Severity: Fatal, About: "parallel before main runs"},
	{Name: ruleRegistry, Severity: Fatal, About: "registry once main runs"},
	{Name: ruleMainDoc, Severity: Doubtful, About: "a flag that --help cannot explain, because no \"Args:\" does"},
	{Name: ruleModuleDoc, Severity: Doubtful, About: "a file that does not begin with a docstring", lint: true},
	{Name: ruleFunctionDoc, Severity: Doubtful, About: "a module's public function of five statements or more without a docstring", lint: true},
	{Name: "function-docstring-header", Severity: Doubtful, About: "a docstring that does not begin with a line that says it all", lint: true},
	{Name: ruleFunctionArgs, Severity: Doubtful, About: "parameters that \"Args:\" leaves out, or invents", lint: true},
	{Name: ruleUnusedLoad, Severity: Doubtful, About: "a name that is loaded and not used, or loaded twice", lint: true},
	{Name: "unused-variable", Severity: Doubtful, About: "a variable or parameter that is not used; call it _name if it must be", lint: true},
	{Name: "uninitialized", Severity: Doubtful, About: "a variable that may have no value yet", lint: true},
	{Name: "unreachable", Severity: Doubtful, About: "a statement that is never reached", lint: true},
	{Name: ruleReturnValue, Severity: Doubtful, About: "a function that returns a value on some ways only, unless it ends in a loop", lint: true},
	{Name: "no-effect", Severity: Doubtful, About: "an expression whose value is dropped", lint: true},
	{Name: "dict-concatenation", Severity: Doubtful, About: "dicts joined by +", lint: true},
	{Name: "dict-method-named-arg", Severity: Doubtful, About: "a default given by name to a dict's get, pop or setdefault", lint: true},
	{Name: "string-iteration", Severity: Doubtful, About: "a loop over a string", lint: true},
	{Name: ruleFormat, Severity: Doubtful, About: "a file that is not formatted"},
}

func severity(rule string) string {
	for _, r := range Rules {
		if r.Name == rule {
			return r.Severity
		}
	}
	return Doubtful
}
