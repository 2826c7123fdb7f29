package yaml

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	goyaml "go.yaml.in/yaml/v3"

	"mvrun/starlib/param"
)

// Module is the module yaml.
var Module = &starlarkstruct.Module{Name: "yaml", Members: starlark.StringDict{
	"decode": starlark.NewBuiltin("yaml.decode", decode),
	"encode": starlark.NewBuiltin("yaml.encode", encode),
}}

// encode implements yaml.encode(x).
func encode(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var value starlark.Value
	if err := param.Unpack(b, args, kwargs, "x", &value); err != nil {
		return nil, err
	}
	e := &encoder{}
	node, err := e.node(value, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	var text bytes.Buffer
	encoder := goyaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(node); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return starlark.String(text.String()), nil
}

// encoder makes nodes of values.
type encoder struct{ count int }

func (e *encoder) node(value starlark.Value, depth int) (*goyaml.Node, error) {
	e.count++
	switch {
	case e.count > maxValues:
		return nil, fmt.Errorf("more than %d values are to be written", maxValues)
	case depth > maxDepth:
		return nil, fmt.Errorf("more than %d lists and dicts lie inside each other", maxDepth)
	}
	switch value := value.(type) {
	case starlark.NoneType:
		return plain("!!null", "null"), nil
	case starlark.Bool:
		return plain("!!bool", strconv.FormatBool(bool(value))), nil
	case starlark.Int:
		return plain("!!int", value.String()), nil
	case starlark.Float:
		return float(float64(value)), nil
	case starlark.String:
		node := &goyaml.Node{}
		node.SetString(string(value))
		return node, nil
	case *starlark.Dict:
		return e.mapping(value.Items(), depth)
	case *starlarkstruct.Struct:
		var items []starlark.Tuple
		for _, name := range value.AttrNames() {
			field, err := value.Attr(name)
			if err != nil {
				return nil, err
			}
			items = append(items, starlark.Tuple{starlark.String(name), field})
		}
		return e.mapping(items, depth)
	case starlark.Iterable:
		return e.sequence(value, depth)
	}
	return nil, fmt.Errorf("got %s, want None, a bool, number, string, list, dict or struct", param.Describe(value))
}

func (e *encoder) mapping(items []starlark.Tuple, depth int) (*goyaml.Node, error) {
	node := &goyaml.Node{Kind: goyaml.MappingNode, Tag: "!!map"}
	for _, item := range items {
		for _, part := range item {
			child, err := e.node(part, depth+1)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, child)
		}
	}
	return node, nil
}

func (e *encoder) sequence(values starlark.Iterable, depth int) (*goyaml.Node, error) {
	node := &goyaml.Node{Kind: goyaml.SequenceNode, Tag: "!!seq"}
	iterator := values.Iterate()
	defer iterator.Done()
	var value starlark.Value
	for iterator.Next(&value) {
		child, err := e.node(value, depth+1)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, child)
	}
	return node, nil
}

func plain(tag, value string) *goyaml.Node {
	return &goyaml.Node{Kind: goyaml.ScalarNode, Tag: tag, Value: value}
}

// float returns the node of a number, as YAML 1.2 writes it.
func float(value float64) *goyaml.Node {
	switch {
	case math.IsNaN(value):
		return plain("!!float", ".nan")
	case math.IsInf(value, 1):
		return plain("!!float", ".inf")
	case math.IsInf(value, -1):
		return plain("!!float", "-.inf")
	}
	return plain("!!float", starlark.Float(value).String())
}
