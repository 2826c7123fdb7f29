package yaml

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"

	"go.starlark.net/starlark"
	goyaml "go.yaml.in/yaml/v3"

	"mvrun/starlib/param"
)

const (
	// maxText is how many bytes are decoded.
	maxText = 16 << 20
	// maxValues is how many values a text may have. Anchors count where they are used,
	// because a short text can repeat them to a huge value.
	maxValues = 4 << 20
	// maxDepth is how many lists and mappings may lie inside each other.
	maxDepth = 1000
)

// decode implements yaml.decode(x, default, all).
func decode(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text string
	var fallback starlark.Value
	all := false
	if err := param.Unpack(b, args, kwargs, "x", &text, "default?", &fallback, "all?", &all); err != nil {
		return nil, err
	}
	documents, err := documents(text)
	switch {
	case err == nil && all:
		return starlark.NewList(documents), nil
	case err == nil && len(documents) == 1:
		return documents[0], nil
	case err == nil && len(documents) == 0:
		return starlark.None, nil
	case err == nil:
		err = fmt.Errorf("the text has %d documents: all = True returns a list of them", len(documents))
	}
	if fallback != nil {
		return fallback, nil
	}
	return nil, fmt.Errorf("%s: %w", b.Name(), err)
}

// documents returns the values of all documents in a text.
func documents(text string) ([]starlark.Value, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("the text has %d bytes, more than %d", len(text), maxText)
	}
	var values []starlark.Value
	d := &decoder{}
	decoder := goyaml.NewDecoder(strings.NewReader(text))
	for {
		var node goyaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
		}
		value, err := d.value(&node, 0)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
}

// decoder makes values of Starlark of the nodes of a text.
type decoder struct{ count int }

func (d *decoder) value(node *goyaml.Node, depth int) (starlark.Value, error) {
	d.count++
	switch {
	case d.count > maxValues:
		return nil, fmt.Errorf("the text has more than %d values", maxValues)
	case depth > maxDepth:
		return nil, fmt.Errorf("line %d: more than %d lists and mappings lie inside each other", node.Line, maxDepth)
	}
	switch node.Kind {
	case goyaml.DocumentNode:
		return d.value(node.Content[0], depth)
	case goyaml.AliasNode:
		return d.value(node.Alias, depth+1)
	case goyaml.SequenceNode:
		values := make([]starlark.Value, len(node.Content))
		for i, item := range node.Content {
			var err error
			if values[i], err = d.value(item, depth+1); err != nil {
				return nil, err
			}
		}
		return starlark.NewList(values), nil
	case goyaml.MappingNode:
		dict := starlark.NewDict(len(node.Content) / 2)
		return dict, d.fill(dict, node, depth)
	}
	return scalar(node)
}

// fill adds the pairs of a mapping to a dict. A pair that the mapping has itself counts
// more than one that it merges with the key "<<".
func (d *decoder) fill(dict *starlark.Dict, mapping *goyaml.Node, depth int) error {
	var merged []*goyaml.Node
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		if key.Tag == "!!merge" {
			merged = append(merged, value)
			continue
		}
		if err := d.set(dict, key, value, depth); err != nil {
			return err
		}
	}
	for _, node := range merged {
		if err := d.merge(dict, node, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// merge adds the pairs of other mappings that a dict does not have yet.
func (d *decoder) merge(dict *starlark.Dict, node *goyaml.Node, depth int) error {
	if node.Kind == goyaml.AliasNode {
		node = node.Alias
	}
	switch {
	case depth > maxDepth:
		return fmt.Errorf("line %d: more than %d mappings are merged into each other", node.Line, maxDepth)
	case node.Kind == goyaml.SequenceNode:
		for _, item := range node.Content {
			if err := d.merge(dict, item, depth+1); err != nil {
				return err
			}
		}
		return nil
	case node.Kind != goyaml.MappingNode:
		return fmt.Errorf("line %d: << wants a mapping, or a list of them", node.Line)
	}
	other := starlark.NewDict(len(node.Content) / 2)
	if err := d.fill(other, node, depth); err != nil {
		return err
	}
	for _, item := range other.Items() {
		if _, known, err := dict.Get(item[0]); err != nil || known {
			continue
		}
		if err := dict.SetKey(item[0], item[1]); err != nil {
			return err
		}
	}
	return nil
}

// set adds a pair to a dict.
func (d *decoder) set(dict *starlark.Dict, key, value *goyaml.Node, depth int) error {
	k, err := d.value(key, depth+1)
	if err != nil {
		return err
	}
	v, err := d.value(value, depth+1)
	if err != nil {
		return err
	}
	if _, known, err := dict.Get(k); err != nil {
		return fmt.Errorf("line %d: a list or a mapping cannot be a key", key.Line)
	} else if known {
		return fmt.Errorf("line %d: the key %s stands twice", key.Line, k)
	}
	return dict.SetKey(k, v)
}

// scalar returns the value of a node that is neither list nor mapping.
func scalar(node *goyaml.Node) (starlark.Value, error) {
	switch node.ShortTag() {
	case "!!null":
		return starlark.None, nil
	case "!!bool":
		var value bool
		err := node.Decode(&value)
		return starlark.Bool(value), err
	case "!!int":
		text := strings.ReplaceAll(node.Value, "_", "")
		if n, ok := new(big.Int).SetString(text, 0); ok {
			return starlark.MakeBigInt(n), nil
		}
	case "!!float":
		if n, ok := new(big.Int).SetString(node.Value, 10); ok { // an int that is too large for the library
			return starlark.MakeBigInt(n), nil
		}
		var value float64
		if err := node.Decode(&value); err == nil {
			return starlark.Float(value), nil
		}
	}
	return starlark.String(node.Value), nil
}
