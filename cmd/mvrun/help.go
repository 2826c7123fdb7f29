package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/starlib/nearest"
	"mvrun/starlib/source"
)

// helpCommand explains a command or a script, as --help does.
type helpCommand struct {
	Name string `arg:"" optional:"" help:"A command, or a script whose flags are to be explained. Without it: mvrun itself."`
}

func (h *helpCommand) run(_ context.Context, c job.Console) (int, error) {
	args := []string{"--help"}
	if h.Name != "" {
		names := commandNames(c)
		if _, err := source.Find(h.Name); err != nil && !slices.Contains(names, h.Name) {
			return 0, fmt.Errorf("there is no command and no script %s%s; \"mvrun docs\" explains what scripts can use", h.Name, nearest.DidYouMean(h.Name, append(names, source.Names()...)))
		}
		args = []string{h.Name, "--help"}
	}
	_, err := parseCommand(args, c)
	if exited := exitedError(0); errors.As(err, &exited) {
		return int(exited), nil
	}
	return job.ExitOK, err
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

// describeValue returns the help of a flag, with the variable that other tools have for
// it.
func describeValue(value *kong.Value) string {
	name := value.Tag.Get("env")
	if name == "" {
		return value.Help
	}
	return fmt.Sprintf("%s ($%s).", strings.TrimSuffix(value.Help, "."), name)
}
