package main

import (
	"errors"
	"fmt"

	"github.com/alecthomas/kong"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/starlib/signature"
	"mvrun/starlib/source"
)

// newParser returns the parser for a command line. The parser also knows the flags of
// the script that the command line names. own are these flags, or nil if there are
// none. If there is no such script, script has no name; the command that needs the
// script will report this.
func newParser(args []string, c job.Console) (parser *kong.Kong, script source.Script, own *scriptFlags, err error) {
	plain := parserOf(c, "")
	run, err := kong.Trace(plain, []string{"run"})
	if err != nil {
		return nil, script, nil, err
	}
	script, err = source.Find(findScript(args, run.Flags()))
	if err != nil {
		return plain, script, nil, nil
	}
	parser, own, err = scriptParser(script, run.Flags(), c)
	return parser, script, own, err
}

// scriptParser returns the parser for a command line that runs a script. It also
// returns the script's own flags, or nil if there are none. standard are the flags that
// every run has.
func scriptParser(script source.Script, standard []*kong.Flag, c job.Console) (*kong.Kong, *scriptFlags, error) {
	described, err := signature.Of(script)
	if err != nil {
		return nil, nil, err
	}
	if len(described.Flags) == 0 {
		return parserOf(c, described.Doc), nil, nil
	}
	own, err := newScriptFlags(script.Name, described, standard)
	if err != nil {
		return nil, nil, err
	}
	return parserOf(c, described.Doc, kong.Embed(own.values.Interface())), own, nil
}

// parserOf returns a parser for command lines. doc is the docstring of the script,
// which --help shows, or "".
func parserOf(c job.Console, doc string, more ...kong.Option) *kong.Kong {
	parser, err := kong.New(&commands{}, append(more, kong.Name("mvrun"),
		kong.Description("Tells whether every image of a mirror list really reached its destination registry.\n\n"+
			"  mvrun demo                               see what it does; needs nothing\n"+
			"  mvrun validate.star -f list.txt -j 10    the bundled script\n"+
			"  mvrun policy.star -f list.txt            your own\n"+
			"  mvrun docs                               how to write one\n\n"+
			"Exit status: 0 every image passed or was skipped; 1 one failed; 2 wrong usage, a broken script, an unreadable, empty or wrong list; "+
			"3 none failed, but one could not be checked; 130 interrupted."),
		kong.Writers(c.Stdout, c.Stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.Help(helpWith(doc)),
		helpVars,
	)...)
	if err != nil {
		panic(err) // a declaration in commands is wrong
	}
	if c.Isolated {
		for _, command := range append(parser.Model.Children, parser.Model.Node) {
			for _, flag := range command.Flags {
				setFromEnvironment(c.LookupEnv, flag)
			}
		}
	}
	return parser
}

// standardFlags returns the names of the flags that every run has. A script's own flag
// cannot have one of these names.
func standardFlags(c job.Console) []string {
	names := []string{helpFlag.Name}
	run, err := kong.Trace(parserOf(c, ""), []string{"run"})
	if err != nil {
		panic(err) // a declaration in commands is wrong
	}
	for _, flag := range run.Flags() {
		names = append(names, flag.Name)
	}
	return names
}

// setFromEnvironment gives a flag the value of its variable, if the variable is set.
// kong does this, too, but only for the environment of the process.
func setFromEnvironment(lookupEnv func(string) (string, bool), flag *kong.Flag) {
	names := flag.Tag.Envs
	flag.Tag.Envs = nil
	for _, name := range names {
		if value, ok := lookupEnv(name); ok {
			flag.Default, flag.HasDefault = value, true
			return
		}
	}
}

// helpWith returns a function that prints help. The help of mvrun itself also shows
// the flags of "run", because most users need that command. The help of a script begins
// with its docstring, doc.
func helpWith(doc string) kong.HelpPrinter {
	return func(options kong.HelpOptions, parsed *kong.Context) error {
		if doc != "" {
			fmt.Fprintf(parsed.Stdout, "%s\n\n", doc)
		}
		if err := kong.DefaultHelpPrinter(options, parsed); err != nil || parsed.Selected() != nil {
			return err
		}
		run, err := kong.Trace(parsed.Kong, []string{"run"})
		if err != nil {
			return err
		}
		fmt.Fprintln(parsed.Stdout)
		return kong.DefaultHelpPrinter(options, run)
	}
}

// exitedError means that kong wanted to end the process, for example after --help. Its
// value is the exit status.
type exitedError int

func (e exitedError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

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
