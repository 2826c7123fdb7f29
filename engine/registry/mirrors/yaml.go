package mirrors

import (
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// maxNodes is how many keys and values are read: an alias such as *a stands for many.
const maxNodes = 200_000

var yamlLine = regexp.MustCompile(`line (\d+)`)

// lineOfYAML returns the line of an error of the library, which may show values.
func lineOfYAML(err error) string {
	if line := yamlLine.FindString(err.Error()); line != "" {
		return " (" + line + ")"
	}
	return ""
}

// errorAt returns an error about a node.
func (p *rancherParser) errorAt(node *yaml.Node, format string, values ...any) error {
	return fmt.Errorf("%s:%d: %s", p.file, node.Line, fmt.Sprintf(format, values...))
}

// resolve returns the node for which an alias stands.
func resolve(node *yaml.Node) *yaml.Node {
	for range 100 {
		if node == nil || node.Kind != yaml.AliasNode {
			break
		}
		node = node.Alias
	}
	return node
}

// isNull reports whether a node has no value, as "mirrors:" alone.
func isNull(node *yaml.Node) bool {
	node = resolve(node)
	return node == nil || node.Kind == yaml.ScalarNode && node.Tag == "!!null"
}

// each calls take for each key of a mapping. take reports whether it knows the key.
func (p *rancherParser) each(node *yaml.Node, what string, take func(key, value *yaml.Node) (bool, error)) error {
	if isNull(node) {
		return nil
	}
	node = resolve(node)
	if node.Kind != yaml.MappingNode {
		return p.errorAt(node, "%s: want keys with values", what)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if p.visited++; p.visited > maxNodes {
			return p.errorAt(key, "the file has more than %d keys and values, counted as often as it refers to them", maxNodes)
		}
		known, err := take(key, value)
		if err != nil {
			return err
		}
		if !known {
			p.config.Warnings = append(p.config.Warnings, fmt.Sprintf("%s:%d: the key %s is not known and is ignored", p.file, key.Line, key.Value))
		}
	}
	return nil
}

// text returns the text of a node.
func (p *rancherParser) text(node *yaml.Node, what string) (string, error) {
	node = resolve(node)
	p.visited++
	switch {
	case p.visited > maxNodes:
		return "", fmt.Errorf("%s: the file has more than %d keys and values, counted as often as it refers to them", p.file, maxNodes)
	case isNull(node):
		return "", nil
	case node.Kind != yaml.ScalarNode:
		return "", p.errorAt(node, "%s: want a text", what)
	}
	return node.Value, nil
}

func (p *rancherParser) truth(node *yaml.Node, what string) (*bool, error) {
	switch value, err := p.text(node, what); {
	case err != nil:
		return nil, err
	case value == "true":
		return new(true), nil
	case value == "false", value == "":
		return new(false), nil
	}
	var truth bool
	if err := node.Decode(&truth); err != nil { // Decode also reads yes and off, as k3s does
		return nil, p.errorAt(node, "%s: want true or false", what)
	}
	return &truth, nil
}
