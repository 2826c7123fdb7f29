package main

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"mvrun/starlib/signature"
)

// scriptFlags are the flags that a script adds to the command line, one for each
// parameter of its main.
type scriptFlags struct {
	signature signature.Signature
	values    reflect.Value // a struct for kong, with a field for each flag
}

// newScriptFlags makes the flags for a script's signature. It returns an error if a
// flag has the name of a standard flag of mvrun.
func newScriptFlags(script string, described signature.Signature, standard []*kong.Flag) (*scriptFlags, error) {
	var fields []reflect.StructField
	words := map[string]string{} // the parameters of main, by the names of their flags
	for i, flag := range described.Flags {
		own := []string{flag.Word()}
		if _, ok := flag.Default.(bool); ok {
			own = append(own, "no-"+flag.Word())
		}
		for _, word := range own {
			if other, ok := words[word]; ok {
				return nil, fmt.Errorf("%s: main's parameters %s and %s would both be --%s: give one another name", flag.Place, other, flag.Name, word)
			}
			words[word] = flag.Name
		}
		for _, other := range append(standard, helpFlag) {
			if other.Name == flag.Word() {
				return nil, fmt.Errorf("%s: %w", flag.Place, flag.Taken())
			}
		}
		tag := fmt.Sprintf("name:%q help:%q group:%q", flag.Word(), escape(flag.Help), "Flags of "+script+":")
		if flag.Required {
			tag += ` required:""`
		} else if text := flag.String(); text != "" {
			tag += fmt.Sprintf(" default:%q", escape(text))
		}
		if _, ok := flag.Default.(bool); ok {
			tag += ` negatable:""`
		}
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("Flag%d", i), Type: reflect.TypeOf(flag.Default), Tag: reflect.StructTag(tag),
		})
	}
	return &scriptFlags{described, reflect.New(reflect.StructOf(fields))}, nil
}

// named returns the values of the script's own flags that are texts and that the user
// set. A value may be a path, and the script may use the file at that path.
func (s *scriptFlags) named() []string {
	if s == nil {
		return nil
	}
	var values []string
	arguments := s.arguments()
	for _, flag := range s.signature.Flags {
		value := arguments[flag.Name]
		if !flag.Required && reflect.DeepEqual(value, flag.Default) {
			continue
		}
		switch v := value.(type) {
		case string:
			values = append(values, v)
		case []string:
			values = append(values, v...)
		}
	}
	return values
}

// helpFlag is the flag --help, which every command has.
var helpFlag = &kong.Flag{Value: &kong.Value{Name: "help"}}

// escape returns a text in which kong replaces no variables.
func escape(s string) string { return strings.ReplaceAll(s, "$", "$$") }

// arguments returns the values for main, by the names of its parameters.
func (s *scriptFlags) arguments() map[string]any {
	if s == nil {
		return nil
	}
	arguments := map[string]any{}
	for i, flag := range s.signature.Flags {
		value := s.values.Elem().Field(i).Interface()
		if list, ok := value.([]string); ok && list == nil {
			value = []string{}
		}
		arguments[flag.Name] = value
	}
	return arguments
}

// findScript returns the name of the script in the arguments of a command line. The
// parser needs it first, to know the script's flags. The name is the first argument
// that is not "run", not a flag, and not the value of a standard flag.
func findScript(args []string, standard []*kong.Flag) string {
	for i := 0; i < len(args); i++ {
		name, isFlag := strings.CutPrefix(args[i], "-")
		switch {
		case args[i] == "run" && i == 0:
		case args[i] == "--" && i+1 < len(args):
			return args[i+1]
		case !isFlag || name == "":
			return args[i]
		case takesValue(strings.TrimPrefix(name, "-"), standard):
			i++
		}
	}
	return ""
}

// takesValue reports whether the argument after a flag is the value of the flag.
func takesValue(name string, standard []*kong.Flag) bool {
	for _, flag := range standard {
		if flag.Name == name || flag.Short != 0 && string(flag.Short) == name {
			return !flag.IsBool()
		}
	}
	return false
}
