package main

import (
	"errors"
	"fmt"
	"strings"

	"mvrun/cmd/mvrun/internal/job"
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
	}
	if asksForJSON(args) {
		sink.NewLogger(c.Stderr, true, false, false).Error("mvrun: "+err.Error(), "hint", hint, "exit_status", job.ExitUsage)
		return job.ExitUsage
	}
	fmt.Fprintf(c.Stderr, "mvrun: %s\n", sink.Clean(err.Error()))
	if hint != "" {
		fmt.Fprintln(c.Stderr, hint)
	}
	return job.ExitUsage
}

// asksForJSON reports whether the arguments ask for a log of JSON objects. It also
// works if other arguments are wrong, because the error about these must be a JSON
// object, too.
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
