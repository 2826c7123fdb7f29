package main

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/starlib/signature"
	"mvrun/starlib/source"
)

// commandLine is the parser for one command line, with what is known before it parses.
type commandLine struct {
	*kong.Kong
	runFlags  []*kong.Flag  // the flags of a run, without those of the script
	variables variables     // the variables of the environment that set flags
	script    source.Script // the script that the command line names; without a name if there is none
	own       *scriptFlags  // the flags of the script, or nil if it has none
}

// newCommandLine returns the parser for a command line. The parser also knows the flags
// of the script that the command line names. If there is no such script, the command
// that needs the script will report this.
func newCommandLine(args []string, c job.Console) (*commandLine, error) {
	line := newParser(c, "")
	script, err := source.Find(findScript(args, line.runFlags))
	if err != nil {
		return line, nil
	}
	if err := refuseList(args, script); err != nil {
		return nil, err
	}
	return scriptCommandLine(script, c)
}

// scriptCommandLine returns the parser for a command line that runs a script.
func scriptCommandLine(script source.Script, c job.Console) (*commandLine, error) {
	described, err := signature.Of(script)
	if err != nil {
		return nil, err
	}
	line := newParser(c, described.Doc)
	if len(described.Flags) > 0 {
		own, err := newScriptFlags(script.Name, described, line.runFlags)
		if err != nil {
			return nil, err
		}
		line = newParser(c, described.Doc, kong.Embed(own.values.Interface()))
		line.own = own
		moveScriptFlags(line.Model)
	}
	line.script = script
	return line, nil
}

// newParser returns a parser for command lines. doc is the docstring of the script,
// which --help shows, or "".
func newParser(c job.Console, doc string, more ...kong.Option) *commandLine {
	set := variables{}
	parser, err := kong.New(&commands{}, append(more, kong.Name("mvrun"),
		kong.Description(strings.Join([]string{aboutProgram, firstUses, aboutVariables, "Exit status: " + aboutExitStatus}, "\n\n")),
		kong.Writers(c.Stdout, c.Stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.Help(helpWith(doc)),
		kong.ValueFormatter(describeValue),
		kong.Resolvers(kong.ResolverFunc(set.resolve)),
		helpVars, reportHelp(), kong.ExplicitGroups(flagGroups),
	)...)
	if err != nil {
		panic(err) // a declaration in commands is wrong
	}
	maps.Copy(set, readVariables(parser.Model, c))
	return &commandLine{Kong: parser, runFlags: runNode(parser.Model).Flags, variables: set}
}

// runNode returns the command "run" of a parser.
func runNode(model *kong.Application) *kong.Node {
	for _, command := range model.Children {
		if command.Name == "run" {
			return command
		}
	}
	panic("there is no command run")
}

// moveScriptFlags moves the flags of a script, which kong knows as flags of all
// commands, to the command "run". There --help shows them below the standard flags.
func moveScriptFlags(model *kong.Application) {
	var global []*kong.Flag
	run := runNode(model)
	for _, flag := range model.Flags {
		if flag == model.HelpFlag {
			global = append(global, flag)
		} else {
			run.Flags = append(run.Flags, flag)
		}
	}
	model.Flags = global
}

// flags returns the flags of all commands.
func (l *commandLine) flags() []*kong.Flag {
	flags := slices.Clone(l.Model.Flags)
	for _, command := range l.Model.Children {
		flags = append(flags, command.Flags...)
	}
	return flags
}

// commandNames returns the names of the commands.
func commandNames(c job.Console) []string {
	var names []string
	for _, command := range newParser(c, "").Model.Children {
		names = append(names, command.Name)
	}
	return names
}

// standardFlags returns the names of the flags that every run has. A script's own flag
// cannot have one of these names.
func standardFlags(c job.Console) []string {
	names := []string{helpFlag.Name}
	for _, flag := range newParser(c, "").runFlags {
		names = append(names, flag.Name)
	}
	return names
}

// exitedError means that kong wanted to end the process, for example after --help. Its
// value is the exit status.
type exitedError int

func (e exitedError) Error() string { return "exit status " + strconv.Itoa(int(e)) }

// parse parses a command line. If kong wants to end the process, parse returns an
// exitedError.
func parse(parser *kong.Kong, args []string) (parsed *kong.Context, err error) {
	parser.Exit = func(status int) { panic(exitedError(status)) }
	defer func() {
		switch p := recover().(type) {
		case nil:
		case exitedError:
			parsed, err = nil, p
		default:
			panic(p)
		}
	}()
	return parser.Parse(args)
}

// isGiven reports whether the command line or a variable sets a flag.
func isGiven(parsed *kong.Context, name string) bool {
	return slices.ContainsFunc(parsed.Path, func(path *kong.Path) bool { return path.Flag != nil && path.Flag.Name == name })
}

// commandOf returns the name of the command in a wrong command line. It returns "" for
// the command "run", and if there is no command.
func commandOf(err error) string {
	if e := (*kong.ParseError)(nil); errors.As(err, &e) && e.Context.Selected() != nil {
		if name := e.Context.Selected().Name; name != "run" {
			return name
		}
	}
	return ""
}
