package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine/imagelist"
	"mvrun/engine/sink"
)

// usageError is a mistake in the command line. Its message tells the user to run
// --help.
type usageError struct {
	error
	about string // the script or the command whose --help explains more; "" for mvrun itself
}

func (e usageError) Unwrap() error { return e.error }

// complain writes the error with which a command ends, and returns the exit
// status. args are the arguments of the command.
func complain(args []string, c job.Console, err error) int {
	if exited := exitedError(0); errors.As(err, &exited) {
		return int(exited)
	}
	hint := ""
	if usage := (usageError{}); errors.As(err, &usage) {
		hint = fmt.Sprintf("Run \"%s\" for usage.", strings.Join(strings.Fields("mvrun "+usage.about+" --help"), " "))
		if set := variablesOf(args, c).texts(); len(set) > 0 { // one of them may be the mistake
			hint += " Flags also have variables: " + imagelist.HideLogin(strings.Join(set, " ")) + "."
		}
	}
	if asksForJSON(args, c) {
		sink.NewLogger(c.Stderr, true, false, false).Error("mvrun: "+err.Error(), "hint", hint, "exit_status", job.ExitUsage)
		return job.ExitUsage
	}
	fmt.Fprintf(c.Stderr, "mvrun: %s\n", sink.Clean(err.Error()))
	if hint != "" {
		fmt.Fprintln(c.Stderr, sink.Clean(hint))
	}
	return job.ExitUsage
}

// asksForJSON reports whether the arguments, or else a variable, ask for a log of JSON
// objects. It also works if other arguments are wrong, because the error about these must
// be a JSON object, too.
func asksForJSON(args []string, c job.Console) bool {
	asked := c.Getenv(variablePrefix+"LOG_FORMAT") == "json" && (len(args) == 0 || !slices.Contains(withoutVariables, args[0]))
	for i, arg := range args {
		if strings.HasPrefix(arg, "-log-format") {
			arg = "-" + arg // as spellOut writes it
		}
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
