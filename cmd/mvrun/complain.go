package main

import (
	"errors"
	"fmt"
	"strings"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine/sink"
)

// usageError is an error of the command line, for which --help has more: with
// the flags of a script, or of a command.
type usageError struct {
	error
	about string // name of the script or of the command, "" for mvrun itself
}

func (e usageError) Unwrap() error { return e.error }

// complain writes the error that the command of args ends with, and returns the
// exit status.
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
	fmt.Fprintf(c.Stderr, "mvrun: %v\n", err)
	if hint != "" {
		fmt.Fprintln(c.Stderr, hint)
	}
	return job.ExitUsage
}

// asksForJSON reports whether the arguments ask for a log of JSON objects. The
// arguments may be wrong otherwise: that error has to be an object, too.
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
