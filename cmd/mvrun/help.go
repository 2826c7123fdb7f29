package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/starlib/nearest"
	"mvrun/starlib/source"
)

// helpCommand explains a command or a script, as --help does.
type helpCommand struct {
	Name string `arg:"" optional:"" completion-predictor:"help" help:"A command, or a script whose flags are to be explained. Without it: mvrun itself."`
	Man  bool   `help:"Print the manual page, for man: mvrun help --man > mvrun.1."`
}

func (h *helpCommand) run(_ context.Context, c job.Console) (int, error) {
	if h.Man {
		_, err := io.WriteString(c.Stdout, manualPage(c))
		return job.ExitOK, err
	}
	args := []string{"--help"}
	if h.Name != "" {
		names := commandNames(c)
		if _, err := source.Find(h.Name); err != nil && !slices.Contains(names, h.Name) {
			if _, err := (&docsCommand{Name: h.Name}).text(); err == nil {
				return 0, fmt.Errorf("there is no command and no script %s; \"mvrun docs %[1]s\" explains it", h.Name)
			}
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

// The parts of the help of mvrun itself, which the manual page has, too.
const (
	aboutProgram = "Tells whether every image of a mirror list really reached its destination registry."
	firstUses    = "  mvrun demo                               see what it does; needs nothing\n" +
		"  mvrun validate.star -f list.txt -j 10    the bundled script\n" +
		"  mvrun policy.star -f list.txt            your own\n" +
		"  mvrun docs                               how to write one"
	aboutVariables  = "Every flag of a run can also be set by a variable: MVRUN_JOBS=20 does the same as --jobs 20. The command line wins."
	aboutExitStatus = "0 every image passed or was skipped; 1 one failed; 2 wrong usage, a broken script, an unreadable, empty or wrong list; " +
		"3 none failed, but one could not be checked; 130 interrupted."
)

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
