package check

// These are the severities of findings.
const (
	Fatal    = "error"   // the script cannot run, or a run would end with an error
	Doubtful = "warning" // the script can run, but may not do what its author wants
)

// Rule is one kind of mistake that Check finds.
type Rule struct {
	Name     string
	Severity string
	About    string
	lint     bool // whether it is a rule of buildtools with the same name
}

const (
	ruleSyntax       = "syntax"
	ruleUndefined    = "undefined"
	ruleBadLoad      = "bad-load"
	ruleNoMain       = "no-main"
	ruleMainFlag     = "main-flag"
	ruleMainDoc      = "main-docstring"
	ruleParallel     = "parallel-at-top-level"
	ruleRegistry     = "registry-in-parallel"
	ruleCall         = "call"
	ruleAttribute    = "attribute"
	ruleWord         = "word"
	ruleFormat       = "format"
	ruleUnusedLoad   = "load"
	ruleModuleDoc    = "module-docstring"
	ruleFunctionDoc  = "function-docstring"
	ruleFunctionArgs = "function-docstring-args"
	ruleReturnValue  = "return-value"
)

// Rules has all rules.
//
// buildtools has more rules. Those about Bazel are left out. So are those that the
// language itself enforces, for example that a global is assigned once, and those
// that are a matter of taste, for example about names and print.
var Rules = []Rule{
	{Name: ruleSyntax, Severity: Fatal, About: "a file that is not Starlark"},
	{Name: ruleUndefined, Severity: Fatal, About: "a name that nothing defines"},
	{Name: ruleBadLoad, Severity: Fatal, About: "a module that does not exist, is broken, loads itself, or lacks a name that is loaded from it"},
	{Name: ruleNoMain, Severity: Fatal, About: "a script without main; a file that defines names, and uses neither load_list nor write_failed, is taken for a module"},
	{Name: ruleMainFlag, Severity: Fatal, About: "a parameter of main that cannot be a flag"},
	{Name: ruleParallel, Severity: Fatal, About: "parallel before main runs"},
	{Name: ruleRegistry, Severity: Fatal, About: "registry in a callback of parallel"},
	{Name: ruleCall, Severity: Fatal, About: "a call of a builtin with an argument that it does not have, or without one that it needs"},
	{Name: ruleAttribute, Severity: Fatal, About: "an attribute that a result, an image or another value of a builtin does not have, such as result.stauts"},
	{Name: ruleWord, Severity: Doubtful, About: "a status, reason, match, rule or depth that does not exist, such as result.status == \"failed\""},
	{Name: ruleMainDoc, Severity: Doubtful, About: "a flag of the script that no \"Args:\" explains"},
	{Name: ruleModuleDoc, Severity: Doubtful, About: "a file that does not begin with a docstring", lint: true},
	{Name: ruleFunctionDoc, Severity: Doubtful, About: "a module's public function of five statements or more without a docstring", lint: true},
	{Name: "function-docstring-header", Severity: Doubtful, About: "a docstring that does not begin with a line that says it all", lint: true},
	{Name: ruleFunctionArgs, Severity: Doubtful, About: "parameters that \"Args:\" leaves out or invents", lint: true},
	{Name: ruleUnusedLoad, Severity: Doubtful, About: "a name that is loaded and not used, or loaded twice", lint: true},
	{Name: "unused-variable", Severity: Doubtful, About: "a variable or parameter that is not used; call it _name if it must be", lint: true},
	{Name: "uninitialized", Severity: Doubtful, About: "a variable that may have no value yet", lint: true},
	{Name: "unreachable", Severity: Doubtful, About: "a statement that is never reached", lint: true},
	{Name: ruleReturnValue, Severity: Doubtful, About: "a function that returns a value on some ways only, unless it ends in a loop", lint: true},
	{Name: "no-effect", Severity: Doubtful, About: "an expression whose value is not used", lint: true},
	{Name: "dict-concatenation", Severity: Doubtful, About: "dicts joined by +", lint: true},
	{Name: "dict-method-named-arg", Severity: Doubtful, About: "a default given by name to a dict's get, pop or setdefault", lint: true},
	{Name: "string-iteration", Severity: Doubtful, About: "a loop over a string", lint: true},
	{Name: ruleFormat, Severity: Doubtful, About: "a file that is not formatted"},
}

// severity returns the severity of a rule.
func severity(rule string) string {
	for _, r := range Rules {
		if r.Name == rule {
			return r.Severity
		}
	}
	return Doubtful
}
