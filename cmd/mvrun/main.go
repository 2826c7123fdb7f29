// Command mvrun tells whether every image of a mirror list really reached its
// destination registry. A Starlark script says what "really" means.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"reflect"

	"golang.org/x/term"

	"mvrun/cmd/mvrun/internal/job"
)

// commands is the command line, as kong reads it.
type commands struct {
	Run        runCommand        `cmd:"" default:"withargs" help:"Run a script over a list of images. \"mvrun SCRIPT\" is short for it."`
	Report     reportCommand     `cmd:"" help:"Put the results files of a run together: its summary, its exit status, and reports."`
	Test       testCommand       `cmd:"" help:"Test scripts on registries in memory: runs test_* of *_test.star."`
	Demo       demoCommand       `cmd:"" help:"Validate fifteen images in two registries inside this process: needs nothing, shows everything."`
	Check      checkCommand      `cmd:"" help:"Find what is wrong with scripts without running them, and format them."`
	Repl       replCommand       `cmd:"" help:"Try out what scripts can do: an interactive session."`
	Show       showCommand       `cmd:"" help:"Print a bundled script, to copy and edit."`
	Docs       docsCommand       `cmd:"" help:"Explain what scripts can use: functions, values, modules, rules."`
	Doctor     doctorCommand     `cmd:"" help:"Find out why registries cannot be read: TLS, credentials, login, pull, rate limit."`
	Version    versionCommand    `cmd:"" help:"Print the version, as --version does."`
	Completion completionCommand `cmd:"" help:"Print code that lets bash, zsh or fish complete command lines."`
	Help       helpCommand       `cmd:"" help:"Explain mvrun, a command, or the flags of a script."`
}

func main() {
	limitGarbage()
	silenceLibraries()
	os.Exit(run(os.Args[1:], job.Console{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, LookupEnv: os.LookupEnv, Environ: os.Environ,
		StdinTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		StdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		StderrTerminal: term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb", // a dumb terminal has neither bars nor colours
	}))
}

// silenceLibraries discards what libraries write to the logger of package log. For example,
// net/http writes there the bytes that a registry sends without being asked. Such a line
// would stand between the objects of a JSON log, and could have anything in it.
func silenceLibraries() { log.SetOutput(io.Discard) }

// run is the whole program, and returns its exit status.
func run(args []string, c job.Console) int {
	if line := c.Getenv(completionLine); line != "" {
		if err := printCompletions(line, c); err != nil {
			return complain(args, c, err)
		}
		return job.ExitOK
	}
	args = expandVersionFlag(args)
	selected, err := parseCommand(args, c)
	if err != nil {
		return complain(args, c, err)
	}
	status, err := selected.run(context.Background(), c)
	if err != nil {
		return complain(args, c, err)
	}
	return status
}

// command is implemented by every subcommand.
type command interface {
	run(ctx context.Context, c job.Console) (int, error)
}

// parseCommand returns the command that args name, ready to run. An exitedError
// says that --help was all that was wanted.
func parseCommand(args []string, c job.Console) (command, error) {
	line, err := newCommandLine(args, c)
	if err != nil {
		return nil, err
	}
	args = spellOut(args, line.flags())
	if err := line.refuse(args); err != nil {
		return nil, usageError{err, line.script.Name}
	}
	parsed, err := parse(line.Kong, args)
	if err != nil {
		if _, exited := errors.AsType[exitedError](err); !exited {
			err = usageError{explainUsage(args, err), cmp.Or(line.script.Name, commandOf(err))}
		}
		return nil, err
	}
	selected, ok := reflect.TypeAssert[command](parsed.Selected().Target.Addr())
	if !ok {
		return nil, fmt.Errorf("internal error: command %s does nothing", parsed.Command())
	}
	switch selected := selected.(type) {
	case *runCommand:
		selected.variables, selected.own = line.variables.used(parsed), line.own
		selected.isFailedGiven = isGiven(parsed, "failed")
		if line.script.Name == selected.Script {
			selected.program = line.script
		}
	case *replCommand:
		selected.variables = line.variables.used(parsed)
		selected.isFailedGiven = isGiven(parsed, "failed")
	}
	return selected, nil
}

// configure returns the configuration of a run from its command line, which
// begins with "run".
func configure(args []string, c job.Console) (job.Config, error) {
	selected, err := parseCommand(args, c)
	if err != nil {
		return job.Config{}, err
	}
	run, ok := selected.(*runCommand)
	if !ok {
		return job.Config{}, fmt.Errorf("%q is no command line of a run", args)
	}
	return run.configure(c)
}
