// Command mvrun tells whether every image of a mirror list really reached its
// destination registry. A Starlark script says what "really" means.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/starlib"
)

type commands struct {
	Run     runCommand     `cmd:"" default:"withargs" help:"Run a script over a list of images. \"mvrun SCRIPT\" is short for it."`
	Test    testCommand    `cmd:"" help:"Test scripts on registries in memory: runs test_* of *_test.star."`
	Demo    demoCommand    `cmd:"" help:"Validate fifteen images in two registries inside this process: needs nothing, shows everything."`
	Check   checkCommand   `cmd:"" help:"Find what is wrong with scripts without running them, and format them."`
	Repl    replCommand    `cmd:"" help:"Try out what scripts can do: an interactive session."`
	Show    showCommand    `cmd:"" help:"Print a bundled script, to copy and edit."`
	Docs    docsCommand    `cmd:"" help:"Explain what scripts can use: functions, values, modules, rules."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

func main() {
	os.Exit(run(os.Args[1:], job.Console{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, LookupEnv: os.LookupEnv,
		StdinTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		StdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		StderrTerminal: term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb", // a dumb terminal has neither bars nor colours
	}))
}

// run is the whole program, and returns its exit status.
func run(args []string, c job.Console) int {
	selected, flags, err := parseCommand(args, c)
	if err != nil {
		return complain(args, c, err)
	}
	status, err := selected.run(context.Background(), flags, c)
	if err != nil {
		return complain(args, c, err)
	}
	return status
}

// command is what every subcommand implements. flags are those of the command
// line.
type command interface {
	run(ctx context.Context, flags []*kong.Flag, c job.Console) (int, error)
}

// parseCommand returns the command that args name, ready to run. An exitedError
// says that --help was all that was wanted.
func parseCommand(args []string, c job.Console) (command, []*kong.Flag, error) {
	parser, script, own, err := newParser(args, c)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := parse(parser, args)
	if err != nil {
		if _, exited := err.(exitedError); !exited {
			err = usageError{err, cmp.Or(script.Name, commandOf(err))}
		}
		return nil, nil, err
	}
	selected, ok := parsed.Selected().Target.Addr().Interface().(command)
	if !ok {
		return nil, nil, fmt.Errorf("internal error: command %s does nothing", parsed.Command())
	}
	if run, ok := selected.(*runCommand); ok {
		run.own = own
		if script.Name == run.Script {
			run.program = script
		}
	}
	return selected, parsed.Flags(), nil
}

// configure returns the configuration of a run from its command line, which
// begins with "run".
func configure(args []string, c job.Console) (job.Config, error) {
	selected, flags, err := parseCommand(args, c)
	if err != nil {
		return job.Config{}, err
	}
	run, ok := selected.(*runCommand)
	if !ok {
		return job.Config{}, fmt.Errorf("%q is no command line of a run", args)
	}
	return run.configure(flags, c)
}

// newParser returns the parser of the command line, with the flags of the
// script that args name; own are these, nil if there are none. script has no
// name if there is no such script, which whoever needs it will say.
func newParser(args []string, c job.Console) (parser *kong.Kong, script starlib.Script, own *scriptFlags, err error) {
	plain := parserOf(c, "")
	run, err := kong.Trace(plain, []string{"run"})
	if err != nil {
		return nil, script, nil, err
	}
	script, err = starlib.Find(findScript(args, run.Flags()))
	if err != nil {
		return plain, script, nil, nil
	}
	parser, own, err = scriptParser(script, run.Flags(), c)
	return parser, script, own, err
}

// scriptParser returns the parser of the command line for a script, and its
// own flags, nil if there are none.
func scriptParser(script starlib.Script, standard []*kong.Flag, c job.Console) (*kong.Kong, *scriptFlags, error) {
	signature, err := starlib.Describe(script)
	if err != nil {
		return nil, nil, err
	}
	if len(signature.Flags) == 0 {
		return parserOf(c, signature.Doc), nil, nil
	}
	own, err := newScriptFlags(script.Name, signature, standard)
	if err != nil {
		return nil, nil, err
	}
	return parserOf(c, signature.Doc, kong.Embed(own.values.Interface())), own, nil
}

// parserOf returns a parser of the command line. doc is what the script says
// of itself.
func parserOf(c job.Console, doc string, more ...kong.Option) *kong.Kong {
	parser, err := kong.New(&commands{}, append(more, kong.Name("mvrun"),
		kong.Description("Tells whether every image of a mirror list really reached its destination registry.\n\n"+
			"  mvrun demo                               see what it does; needs nothing\n"+
			"  mvrun validate.star -f list.txt -j 10    the bundled script\n"+
			"  mvrun policy.star -f list.txt            your own\n"+
			"  mvrun docs                               how to write one\n\n"+
			"Exit status: 0 every image passed or was skipped; 1 one failed; 2 wrong usage, a broken script, an unreadable or empty list; "+
			"3 none failed, but one could not be checked; 130 interrupted."),
		kong.Writers(c.Stdout, c.Stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.Help(helpWith(doc)),
	)...)
	if err != nil {
		panic(err) // the declarations are wrong
	}
	if c.Isolated {
		for _, command := range append(parser.Model.Children, parser.Model.Node) {
			for _, flag := range command.Flags {
				takeFrom(c.LookupEnv, flag)
			}
		}
	}
	return parser
}

// takeFrom gives a flag that the environment may set its value, in place of
// kong, which knows one environment only.
func takeFrom(lookupEnv func(string) (string, bool), flag *kong.Flag) {
	names := flag.Tag.Envs
	flag.Tag.Envs = nil
	for _, name := range names {
		if value, ok := lookupEnv(name); ok {
			flag.Default, flag.HasDefault = value, true
			return
		}
	}
}

// helpWith returns a printer of help. That of mvrun itself is followed by that
// of "run", which is what the program is for; that of a script begins with
// what it says of itself.
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

// exitedError is the exit status with which kong would end the process: after
// --help.
type exitedError int

func (e exitedError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// parse parses a command line. Where kong would end the process, the error is an
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

// commandOf returns the name of the command that an error of the command line is
// about. It returns "" for the command that runs scripts, and without a command.
func commandOf(err error) string {
	if e := (*kong.ParseError)(nil); errors.As(err, &e) && e.Context.Selected() != nil {
		if name := e.Context.Selected().Name; name != "run" {
			return name
		}
	}
	return ""
}
