package check

import (
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/syntax"

	"mvrun/starlib/nearest"
	"mvrun/validate"
)

// Parameter is a parameter of a builtin.
type Parameter struct {
	Name     string // with the stars of *args and **kwargs
	Required bool
}

// checkCalls finds calls of builtins whose arguments cannot be right. A run would find
// them only when it gets there.
func (c *checker) checkCalls() {
	syntax.Walk(c.tree, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok {
			if name, ok := builtinName(call.Fn); ok {
				if parameters, known := c.options.Builtins[name]; known {
					c.checkArguments(call, name, parameters)
				}
			}
		}
		return true
	})
}

// builtinName returns the name of the builtin that an expression names: "validate", or
// "json.decode".
func builtinName(fn syntax.Expr) (string, bool) {
	switch fn := fn.(type) {
	case *syntax.Ident:
		return fn.Name, isPredeclared(fn, fn.Name)
	case *syntax.DotExpr:
		if module, ok := fn.X.(*syntax.Ident); ok {
			return module.Name + "." + fn.Name.Name, isPredeclared(module, module.Name)
		}
	}
	return "", false
}

// checkArguments compares the arguments of a call with the parameters of a builtin.
func (c *checker) checkArguments(call *syntax.CallExpr, name string, parameters []Parameter) {
	given := map[string]bool{}
	positional, isOpen := 0, false // isOpen: *args or **kwargs may bring any argument
	for _, arg := range call.Args {
		switch arg := arg.(type) {
		case *syntax.UnaryExpr:
			if arg.Op == syntax.STAR || arg.Op == syntax.STARSTAR {
				isOpen = true
				continue
			}
		case *syntax.BinaryExpr:
			if keyword, ok := arg.X.(*syntax.Ident); ok && arg.Op == syntax.EQ {
				given[keyword.Name] = true
				c.checkKeyword(name, keyword, arg.Y, parameters)
				continue
			}
		}
		positional++
	}
	var missing []string
	for i, p := range parameters {
		if strings.HasPrefix(p.Name, "*") {
			break
		}
		if p.Required && i >= positional && !given[p.Name] {
			missing = append(missing, p.Name)
		}
	}
	if start, end := call.Span(); len(missing) > 0 && !isOpen {
		c.add(ruleCall, start, end, fmt.Sprintf("%s: the argument %s is missing", name, strings.Join(missing, ", ")))
	}
}

// checkKeyword finds a keyword that a builtin does not have, and words that validate does
// not know.
func (c *checker) checkKeyword(name string, keyword *syntax.Ident, value syntax.Expr, parameters []Parameter) {
	var names []string
	for _, p := range parameters {
		if strings.HasPrefix(p.Name, "**") {
			return
		}
		names = append(names, p.Name)
	}
	start, end := keyword.Span()
	if !slices.Contains(names, keyword.Name) {
		message := fmt.Sprintf("%s has no argument %s", name, keyword.Name)
		if near := nearest.Name(keyword.Name, names); near != "" {
			message += fmt.Sprintf(" (did you mean %s?)", near)
		}
		c.add(ruleCall, start, end, message)
		return
	}
	if name == "validate" {
		c.checkWord(keyword.Name, value, map[string][]string{"rules": namesOf(validate.RuleSets()), "depth": namesOf(validate.Depths())}[keyword.Name])
	}
}

func namesOf(choices []validate.Choice) []string {
	names := make([]string, len(choices))
	for i, choice := range choices {
		names[i] = choice.Name
	}
	return names
}

// resultType is the type of results in the reference.
const resultType = "Result"

// resultWords are the words that the attributes of a result can have.
var resultWords = map[string][]string{
	"status": {string(validate.Pass), string(validate.Fail), string(validate.Skip), string(validate.Error)},
	"reason": reasonWords(),
	"match":  {"", string(validate.Identical), string(validate.SamePlatforms), string(validate.Converted), string(validate.Recompressed)},
}

func reasonWords() []string {
	words := []string{""}
	for _, reason := range validate.Reasons() {
		words = append(words, string(reason))
	}
	return words
}

// checkComparison finds a comparison of a result's attribute with a word that it never
// has, such as r.status == "failed". A struct of the script may have words of its own.
func (c *checker) checkComparison(e *syntax.BinaryExpr, types *types) {
	if !slices.Contains([]syntax.Token{syntax.EQL, syntax.NEQ, syntax.IN, syntax.NOT_IN}, e.Op) {
		return
	}
	attribute, ok := e.X.(*syntax.DotExpr)
	if !ok || types.typeOf(attribute.X) != resultType {
		return
	}
	words := resultWords[attribute.Name.Name]
	switch y := e.Y.(type) {
	case *syntax.ListExpr:
		for _, item := range y.List {
			c.checkWord(attribute.Name.Name, item, words)
		}
	default:
		c.checkWord(attribute.Name.Name, y, words)
	}
}

// checkWord finds a string that is none of some words.
func (c *checker) checkWord(what string, value syntax.Expr, words []string) {
	literal, ok := value.(*syntax.Literal)
	if !ok || literal.Token != syntax.STRING || len(words) == 0 {
		return
	}
	word := literal.Value.(string)
	if slices.Contains(words, word) {
		return
	}
	message := fmt.Sprintf("there is no %s %q", what, word)
	if near := nearest.Name(word, words); near != "" {
		message += fmt.Sprintf(" (did you mean %q?)", near)
	} else {
		message += ": want one of " + strings.Trim(strings.Join(words, ", "), ", ")
	}
	start, end := literal.Span()
	c.add(ruleWord, start, end, message)
}
