// Command mvrun tells whether every image of a mirror list really reached its
// destination registry. A Starlark script says what "really" means.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"mvrun/engine/sink"
	"mvrun/starlib"
)

// Exit statuses.
const (
	exitOK          = 0
	exitFailed      = 1 // at least one image failed
	exitUsage       = 2 // wrong usage, a broken script, an unreadable or empty list
	exitUnchecked   = 3 // none failed, but one could not be checked
	exitInterrupted = 130
)

// console is what the command reads and writes, so that tests can be one.
type console struct {
	stdin     io.Reader
	stdout    io.Writer
	stderr    io.Writer
	lookupEnv func(string) (string, bool)

	stdinTerminal, stderrTerminal, stdoutTerminal bool

	jsonLog bool // complaints are objects, too

	// isolated says that lookupEnv is not the process's, so that flags must not
	// look there either.
	isolated bool
}

// above returns a console whose output on a terminal stands above a bar.
func (c console) above(bar io.Writer) console {
	c.stderr = bar
	if c.stdoutTerminal {
		c.stdout = bar
	}
	return c
}

// getenv returns a variable of the environment, or "".
func (c console) getenv(name string) string {
	value, _ := c.lookupEnv(name)
	return value
}

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
	os.Exit(run(os.Args[1:], console{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, lookupEnv: os.LookupEnv,
		stdinTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		stdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		stderrTerminal: term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb", // which has neither bars nor colours
	}))
}

// run is the whole program, and returns its exit status.
func run(args []string, c console) int { return runPrepared(context.Background(), args, c, nil) }

// runPrepared is run, with something done to the command that runs a script.
func runPrepared(ctx context.Context, args []string, c console, prepare func(*runCommand)) int {
	c.jsonLog = asksForJSON(args)
	parser, script, own, err := newParser(args, c)
	if err != nil {
		return c.complain(err)
	}
	exited := -1
	parser.Exit = func(status int) { exited = status; panic(errExited) }
	parsed, err := parse(parser, args)
	if exited >= 0 {
		return exited // --help
	}
	if err != nil {
		return c.complain(usageHint{err, cmp.Or(script.Name, commandOf(err))})
	}
	status, err := execute(ctx, parsed, script, own, c, prepare)
	if err != nil {
		return c.complain(err)
	}
	return status
}

// newParser returns the parser of the command line, with the flags of the
// script that args name; own are these, nil if there are none. script has no
// name if there is no such script, which whoever needs it will say.
func newParser(args []string, c console) (parser *kong.Kong, script starlib.Script, own *scriptFlags, err error) {
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
func scriptParser(script starlib.Script, standard []*kong.Flag, c console) (*kong.Kong, *scriptFlags, error) {
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
func parserOf(c console, doc string, more ...kong.Option) *kong.Kong {
	parser, err := kong.New(&commands{}, append(more, kong.Name("mvrun"),
		kong.Description("Tells whether every image of a mirror list really reached its destination registry.\n\n"+
			"  mvrun demo                               see what it does; needs nothing\n"+
			"  mvrun validate.star -f list.txt -j 10    the bundled script\n"+
			"  mvrun policy.star -f list.txt            your own\n"+
			"  mvrun docs                               how to write one\n\n"+
			"Exit status: 0 every image passed or was skipped; 1 one failed; 2 wrong usage, a broken script, an unreadable or empty list; "+
			"3 none failed, but one could not be checked; 130 interrupted."),
		kong.Writers(c.stdout, c.stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.Help(helpWith(doc)),
	)...)
	if err != nil {
		panic(err) // the declarations are wrong
	}
	if c.isolated {
		for _, command := range append(parser.Model.Children, parser.Model.Node) {
			for _, flag := range command.Flags {
				takeFrom(c.lookupEnv, flag)
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

// errExited stops kong where it would exit.
var errExited = errors.New("exited")

func parse(parser *kong.Kong, args []string) (_ *kong.Context, err error) {
	defer func() {
		if p := recover(); p != nil && p != errExited {
			panic(p)
		}
	}()
	return parser.Parse(args)
}

// command is what every subcommand implements.
type command interface {
	run(ctx context.Context, flags []*kong.Flag, c console) (int, error)
}

func execute(ctx context.Context, parsed *kong.Context, script starlib.Script, own *scriptFlags, c console, prepare func(*runCommand)) (int, error) {
	selected, ok := parsed.Selected().Target.Addr().Interface().(command)
	if !ok {
		return 0, fmt.Errorf("internal error: command %s does nothing", parsed.Command())
	}
	if run, ok := selected.(*runCommand); ok {
		run.arguments, run.ownNamed = own.arguments(), own.named()
		if script.Name == run.Script {
			run.program = script
		}
		if prepare != nil {
			prepare(run)
		}
	}
	return selected.run(ctx, parsed.Flags(), c)
}

// commandOf returns the command that an error of the command line is about, ""
// if it is none, or that which runs scripts.
func commandOf(err error) string {
	if e := (*kong.ParseError)(nil); errors.As(err, &e) && e.Context.Selected() != nil {
		if name := e.Context.Selected().Name; name != "run" {
			return name
		}
	}
	return ""
}

// usageHint is an error of the command line, which --help explains, with the
// flags of a script if one was named, or of a command.
type usageHint struct {
	error
	about string
}

// complain writes an error and returns the status for it.
func (c console) complain(err error) int {
	hint := ""
	if usage, ok := err.(usageHint); ok {
		hint = fmt.Sprintf("Run \"%s\" for usage.", strings.Join(strings.Fields("mvrun "+usage.about+" --help"), " "))
	}
	if c.jsonLog {
		sink.NewLogger(c.stderr, true, false, false).Error("mvrun: "+err.Error(), "hint", hint, "exit_status", exitUsage)
		return exitUsage
	}
	fmt.Fprintf(c.stderr, "mvrun: %v\n", err)
	if hint != "" {
		fmt.Fprintln(c.stderr, hint)
	}
	return exitUsage
}

// asksForJSON says whether the arguments want a log of JSON objects, also where
// they are so wrong that nothing else can be told of them.
func asksForJSON(args []string) bool {
	asked := false
	for i, arg := range args {
		switch {
		case arg == "--":
			return asked
		case strings.HasPrefix(arg, "--log-format="):
			asked = arg == "--log-format=json"
		case arg == "--log-format" && i+1 < len(args):
			asked = args[i+1] == "json"
		}
	}
	return asked
}
