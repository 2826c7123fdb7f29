package main

import (
	"strings"

	"mvrun/starlib/check"
	"mvrun/starlib/docs"
	"mvrun/starlib/source"
)

// readReference reads from the reference which parameters builtins have, what they
// return, and which attributes values have.
func readReference(o *check.Options) error {
	reference, err := docs.Read(source.Modules())
	if err != nil {
		return err
	}
	o.Builtins, o.Returns, o.Values = map[string][]check.Parameter{}, map[string]string{}, map[string]check.Value{}
	for _, entry := range reference {
		switch entry.Kind {
		case docs.Builtin, docs.Testing:
			o.Builtins[entry.Name], o.Returns[entry.Name] = parametersOf(entry), entry.Type
		case docs.Bundled:
			for _, function := range entry.Members {
				o.Returns[entry.Name+" "+function.Name] = function.Type
			}
		case docs.Value:
			o.Values[docs.ClassName(entry.Name)] = valueOf(entry)
		case docs.Module:
			o.Values[entry.Name] = valueOf(entry)
			for _, member := range entry.Members {
				if member.Kind == docs.Function {
					o.Builtins[member.Name] = parametersOf(member)
				}
			}
		}
	}
	return nil
}

func parametersOf(function *docs.Entry) []check.Parameter {
	parameters := []check.Parameter{}
	for _, p := range function.Params {
		if p.Name != "*" {
			parameters = append(parameters, check.Parameter{Name: p.Name, Required: p.Default == "" && !strings.HasPrefix(p.Name, "*")})
		}
	}
	return parameters
}

func valueOf(page *docs.Entry) check.Value {
	value := check.Value{Name: page.Name, Attributes: map[string]check.Attribute{}}
	for _, member := range page.Members {
		name := strings.TrimPrefix(member.Name, page.Name+".")
		value.Attributes[name] = check.Attribute{Type: member.Type, IsFunction: member.Kind == docs.Function}
	}
	return value
}
