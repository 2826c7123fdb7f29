// Command mvrun tells whether every image of a mirror list really reached its
// destination registry. A Starlark script says what "really" means.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"mvrun/starlib"
)

const version = "0.1.0"

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
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	getenv func(string) string

	stdinTerminal, stderrTerminal, stdoutTerminal bool
}

type commands struct {
	Run     runCommand     `cmd:"" default:"withargs" help:"Run a script over a list of images. \"mvrun SCRIPT\" is short for it."`
	Demo    demoCommand    `cmd:"" help:"Validate a dozen images in two registries inside this process: needs nothing, shows everything."`
	Show    showCommand    `cmd:"" help:"Print a bundled script, to copy and edit."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

func main() {
	os.Exit(run(os.Args[1:], console{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv,
		stdinTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		stdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		stderrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}))
}

// run is the whole program, and returns its exit status.
func run(args []string, c console) int {
	var cli commands
	exited := -1
	parser, err := kong.New(&cli, kong.Name("mvrun"),
		kong.Description("Tells whether every image of a mirror list really reached its destination registry.\n\n"+
			"  mvrun demo                               see what it does; needs nothing\n"+
			"  mvrun validate.star -f list.txt -j 10    the bundled script\n"+
			"  mvrun policy.star -f list.txt            your own\n\n"+
			"Exit status: 0 every image passed or was skipped; 1 one failed; 2 wrong usage, a broken script, an unreadable or empty list; "+
			"3 none failed, but one could not be checked; 130 interrupted."),
		kong.Writers(c.stdout, c.stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.Help(help),
		kong.Exit(func(status int) { exited = status; panic(errExited) }),
	)
	if err != nil {
		panic(err) // the declarations above are wrong
	}
	context, err := parse(parser, args)
	if exited >= 0 {
		return exited // --help
	}
	if err != nil {
		return c.complain(usageHint{err})
	}
	status, err := execute(context, c)
	if err != nil {
		return c.complain(err)
	}
	return status
}

// help prints a command's help; that of mvrun itself is followed by that of
// "run", which is what the program is for.
func help(options kong.HelpOptions, parsed *kong.Context) error {
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

func execute(parsed *kong.Context, c console) (int, error) {
	selected, ok := parsed.Selected().Target.Addr().Interface().(command)
	if !ok {
		return 0, fmt.Errorf("internal error: command %s does nothing", parsed.Command())
	}
	return selected.run(context.Background(), parsed.Flags(), c)
}

// usageHint is an error of the command line, which --help explains.
type usageHint struct{ error }

// complain writes an error and returns the status for it.
func (c console) complain(err error) int {
	fmt.Fprintf(c.stderr, "mvrun: %v\n", err)
	if _, ok := err.(usageHint); ok {
		fmt.Fprintln(c.stderr, `Run "mvrun --help" for usage.`)
	}
	return exitUsage
}

// showCommand prints a bundled script.
type showCommand struct {
	Name string `arg:"" help:"Name of a bundled script: validate.star."`
}

func (s *showCommand) run(_ context.Context, _ []*kong.Flag, c console) (int, error) {
	script, err := starlib.Bundled(s.Name)
	if err != nil {
		return 0, err
	}
	_, err = io.WriteString(c.stdout, script.Source)
	return exitOK, err
}

// versionCommand prints the version.
type versionCommand struct{}

func (versionCommand) run(_ context.Context, _ []*kong.Flag, c console) (int, error) {
	_, err := fmt.Fprintln(c.stdout, "mvrun", version)
	return exitOK, err
}
