package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.starlark.net/syntax"

	"mvrun/starlib/nearest"
)

// Value is a type of values, or a module.
type Value struct {
	Name       string // such as "result" or "json"
	Attributes map[string]Attribute
}

// Attribute is an attribute of a value.
type Attribute struct {
	Type       string // as the reference writes it: "str", "list[Image]"; of a function, the type of what it returns
	IsFunction bool
}

// checkAttributes finds attributes that a value does not have, such as result.stauts, and
// words that an attribute of a result never has.
func (c *checker) checkAttributes() {
	types := findTypes(c.tree, c.options)
	syntax.Walk(c.tree, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.DotExpr:
			if value, known := c.options.Values[types.typeOf(n.X)]; known {
				c.checkAttribute(value, n.Name)
			}
		case *syntax.BinaryExpr:
			c.checkComparison(n, types)
		}
		return true
	})
}

func (c *checker) checkAttribute(value Value, name *syntax.Ident) {
	if _, ok := value.Attributes[name.Name]; ok {
		return
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(value.Attributes)), func(name string) bool { return strings.HasPrefix(name, "__") })
	message := fmt.Sprintf("%s has no attribute %s", value.Name, name.Name)
	if near := nearest.Name(name.Name, names); near != "" {
		message += fmt.Sprintf(" (did you mean %s?)", near)
	} else if len(names) > 0 {
		message += ": want one of " + strings.Join(names, ", ")
	}
	start, end := name.Span()
	c.add(ruleAttribute, start, end, message)
}
