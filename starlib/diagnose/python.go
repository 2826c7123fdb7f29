package diagnose

import (
	"regexp"
	"strings"
)

// pythonAdvice says what to write instead of keywords and functions of Python that
// Starlark does not have.
var pythonAdvice = map[string]string{
	"try":        "Starlark has no try: attempt(fn) calls a function whose error is a value",
	"except":     "Starlark has no except: attempt(fn) calls a function whose error is a value",
	"raise":      `Starlark has no raise: fail("why") ends the script`,
	"assert":     `Starlark has no assert: if not …: fail("why")`,
	"while":      "Starlark has no while: loop over a list, or range(100), and break",
	"import":     `Starlark has no import: load("lib.star", "name") takes names from a file; json, math, re and time are always there`,
	"from":       `Starlark has no import: load("lib.star", "name") takes names from a file; json, math, re and time are always there`,
	"class":      "Starlark has no class: struct(name = value) makes a value with attributes",
	"with":       "Starlark has no with",
	"yield":      "Starlark has no yield: return a list",
	"is":         "Starlark has no is: write == or !=",
	"global":     "Starlark has no global: what the top level made cannot change, so return what is new",
	"nonlocal":   "Starlark has no nonlocal: return what is new",
	"del":        "Starlark has no del: write d.pop(key)",
	"async":      "Starlark has no async: parallel(fn, items) calls a function for many items at once",
	"'**'":       "Starlark has no ** for powers: math.pow(x, y)",
	"sum":        "Starlark has no sum: add in a loop",
	"map":        "Starlark has no map: write [fn(x) for x in items]",
	"filter":     "Starlark has no filter: write [x for x in items if fn(x)]",
	"isinstance": `Starlark has no isinstance: write type(x) == "string"`,
	"round":      "Starlark has math.round",
	"open":       "a script opens no files; load_list(path) reads a list",
	"exit":       "the number that main returns is the exit status; at the prompt, Ctrl-D ends the session",
	"quit":       "the number that main returns is the exit status; at the prompt, Ctrl-D ends the session",
	"help":       `"mvrun docs NAME" explains what there is`,
	"null":       "it is None here",
	"nil":        "it is None here",
}

var (
	wrongToken = regexp.MustCompile(`^got (.+?), want`)
	fString    = regexp.MustCompile(`\b[rR]?[fF]["']`)
	typed      = regexp.MustCompile(`^\s*def .*[(,]\s*\w+\s*:\s*\w`)
	topLevel   = regexp.MustCompile(`^(for loop|if statement) not within a function$`)
	reassigned = regexp.MustCompile(`^cannot reassign (global|local)`)
)

// syntaxAdvice returns advice on how to correct a wrong line, or "" if it knows
// none. message is the error message of the parser or the resolver.
func syntaxAdvice(message, line string) string {
	switch {
	case strings.Contains(message, "support while loops"):
		return pythonAdvice["while"]
	case message == "excessive nesting":
		return "brackets or blocks are nested too deep: give the inner ones a name, or move them to a function"
	case topLevel.MatchString(message):
		return "the top level only declares: write it in main, or in a function"
	case reassigned.MatchString(message):
		return "at the top level a name has one value: give the second another name, or write it in a function"
	}
	found := wrongToken.FindStringSubmatch(message)
	if found == nil {
		return ""
	}
	if advice := pythonAdvice[found[1]]; advice != "" {
		return advice
	}
	first, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch {
	case found[1] == "identifier" && first == "assert": // the parser takes assert for a name, because it is not a keyword of Starlark
		return pythonAdvice[first]
	case strings.HasPrefix(message, "got string literal") && fString.MatchString(line):
		return `Starlark has no f-strings: write "%s" % value, or "{}".format(value)`
	case strings.HasPrefix(message, "got string literal"):
		return "strings are joined by +"
	case strings.HasPrefix(message, "got ':'") && typed.MatchString(line):
		return "Starlark writes no types behind names"
	case strings.HasPrefix(message, "got '-'") && first == "def":
		return "Starlark writes no types behind functions"
	}
	return ""
}
