package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/starlib/nearest"
)

// This file reads the variables of the environment that set flags: MVRUN_JOBS=20 is
// --jobs 20. A flag of the command line wins over a variable.

const variablePrefix = "MVRUN_"

// withoutVariables are the commands that read no such variable: what they do must not
// depend on the machine.
var withoutVariables = []string{"demo", "test", "check"}

// variable is a variable of the environment that sets a flag.
type variable struct{ name, value string }

func (v variable) String() string { return v.name + "=" + v.value }

// variables are the variables that set flags.
type variables map[*kong.Flag]variable

// texts returns the variables in the order of their names, as NAME=VALUE.
func (v variables) texts() []string {
	var texts []string
	for _, variable := range v {
		texts = append(texts, variable.String())
	}
	slices.Sort(texts)
	return texts
}

// resolve implements kong.ResolverFunc. kong calls it for each flag that the command line
// does not set.
func (v variables) resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if variable, ok := v[flag]; ok {
		return variable.value, nil
	}
	return nil, nil
}

// used returns the variables that have set flags of a command line.
func (v variables) used(parsed *kong.Context) variables {
	used := variables{}
	for _, path := range parsed.Path {
		if path.Resolved {
			used[path.Flag] = v[path.Flag]
		}
	}
	return used
}

// variableNames returns the names of the variables that set a flag of a run. The first
// one that is set wins.
func variableNames(flag *kong.Flag) []string {
	own := variablePrefix + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
	return append([]string{own}, strings.FieldsFunc(flag.Tag.Get("env"), func(r rune) bool { return r == ',' })...)
}

// readVariables returns the variables that set flags of commands. kong would read the
// environment of the process, which is not always the environment of the command.
func readVariables(model *kong.Application, c job.Console) variables {
	settable := map[string]bool{}
	for _, flag := range runNode(model).Flags {
		settable[flag.Name] = true
	}
	read := variables{}
	for _, command := range model.Children {
		for _, flag := range command.Flags {
			flag.Tag.Envs = nil
			if !settable[flag.Name] || slices.Contains(withoutVariables, command.Name) {
				continue
			}
			for _, name := range variableNames(flag) {
				if value := c.Getenv(name); value != "" {
					read[flag] = variable{name, value}
					break
				}
			}
		}
	}
	return read
}

// unknownVariables returns a warning for each variable that looks as if it sets a flag,
// although there is no such flag. settable are the names of variables that set flags.
func unknownVariables(c job.Console, settable []string) []string {
	if c.Environ == nil {
		return nil
	}
	var words []string // the names without their common prefix, which would make all of them similar
	for _, name := range settable {
		words = append(words, strings.TrimPrefix(name, variablePrefix))
	}
	var warnings []string
	for _, text := range slices.Sorted(slices.Values(c.Environ())) {
		name, value, _ := strings.Cut(text, "=")
		word, ours := strings.CutPrefix(name, variablePrefix)
		if !ours || value == "" || slices.Contains(settable, name) || isForeign(word) {
			continue
		}
		warning := fmt.Sprintf("the variable %s names no flag of mvrun, and has no effect", name)
		if near := nearest.Name(word, words); near != "" {
			warning += fmt.Sprintf("; did you mean %s%s?", variablePrefix, near)
		}
		warnings = append(warnings, warning)
	}
	return warnings
}

// isForeign reports whether a variable has the prefix of those that set flags, but is for
// something else. word is its name without the prefix. Kubernetes makes variables for each
// service of the cluster, such as MVRUN_SERVICE_HOST and MVRUN_PORT_80_TCP for a service
// called mvrun.
func isForeign(word string) bool {
	return word == "RUN_ID" || strings.HasPrefix(word, "SERVICE_") || strings.HasPrefix(word, "PORT")
}

// variablesOf returns the variables that set flags of the command that args name.
func variablesOf(args []string, c job.Console) variables {
	line := newParser(c, "")
	command := runNode(line.Model)
	for _, other := range line.Model.Children {
		if len(args) > 0 && other.Name == args[0] {
			command = other
		}
	}
	of := variables{}
	for _, flag := range command.Flags {
		if variable, ok := line.variables[flag]; ok {
			of[flag] = variable
		}
	}
	return of
}

// settableVariables returns the names, with the prefix, of the variables that set flags of a run.
func settableVariables(c job.Console) []string {
	var names []string
	for _, flag := range newParser(c, "").runFlags {
		names = append(names, variableNames(flag)[0])
	}
	return names
}
