package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/starlib/source"
)

// This file has the sentences for command lines that people try because another tool
// has them, or because they forgot a part.

// theScript is the bundled script that most people want.
const theScript = "validate.star"

// refuse returns an error for a command line that the parser would misunderstand.
func (l *commandLine) refuse(args []string) error {
	if flag, value := spacedBool(args, l.flags()); flag != "" {
		return fmt.Errorf("%s %s: write %s=%s", flag, value, flag, value)
	}
	if l.script.Name == "" && findScript(args, l.runFlags) == "mirror-validate" {
		return fmt.Errorf("mirror-validate is called %s here: %s", theScript, commandText(replaceFirst(args, "mirror-validate", theScript)))
	}
	return nil
}

// refuseList returns an error if the file that a command line names as its script is a
// list.
func refuseList(args []string, script source.Script) error {
	if script.Bundled || strings.HasSuffix(script.Name, ".star") {
		return nil
	}
	corrected := commandText(replaceFirst(args, script.Name, theScript, "-f", script.Name))
	if job.ReadsAsList(strings.NewReader(script.Source)) {
		return usageError{error: fmt.Errorf("%s is a list of images, and no script: %s", script.Name, corrected)}
	}
	if _, err := source.Dialect.Parse(script.Name, script.Source, 0); err != nil {
		return usageError{error: fmt.Errorf("%s is no script (%w); if it is a list: %s", script.Name, err, corrected)}
	}
	return nil
}

var (
	surplusArgument = regexp.MustCompile(`^unexpected argument (.+?)(, did you mean .*)?$`)
	missingScript   = `expected "<script>"`
	unknownShort    = regexp.MustCompile(`^unknown flag (-v|-V|--verbose)\b`)
)

// explainUsage returns the error of the parser in words that say what to write instead.
func explainUsage(args []string, err error) error {
	message := err.Error()
	switch {
	case strings.HasPrefix(message, missingScript) && len(args) == 0:
		return fmt.Errorf(`what is to be run? "mvrun %s -f list.txt" validates a list, "mvrun demo" shows what mvrun does, and "mvrun help" explains all commands`, theScript)
	case strings.HasPrefix(message, missingScript):
		return fmt.Errorf("the script is missing; with the bundled one: %s", commandText(append([]string{theScript}, withoutRun(args)...)))
	case unknownShort.MatchString(message):
		return fmt.Errorf(`there is no flag %s: --debug logs every request, and "mvrun version" prints the version`, unknownShort.FindStringSubmatch(message)[1])
	}
	if found := surplusArgument.FindStringSubmatch(message); found != nil {
		if info, statErr := os.Stat(found[1]); statErr == nil && !info.IsDir() {
			return fmt.Errorf("a run has one script, and %s is a second one: if it is the list, give it as -f %s", found[1], quoteArgument(found[1]))
		}
	}
	return err
}

// withoutRun returns a command line without the word "run" at its beginning.
func withoutRun(args []string) []string {
	if len(args) > 0 && args[0] == "run" {
		return args[1:]
	}
	return args
}

// replaceFirst returns args with other words in place of the first one that is old.
func replaceFirst(args []string, old string, with ...string) []string {
	var replaced []string
	for i, arg := range args {
		if arg == old {
			return append(append(replaced, with...), args[i+1:]...)
		}
		replaced = append(replaced, arg)
	}
	return replaced
}

// commandText returns a command line as a person types it in a shell.
func commandText(args []string) string {
	words := []string{"mvrun"}
	for _, arg := range withoutRun(args) {
		words = append(words, quoteArgument(arg))
	}
	return strings.Join(words, " ")
}

// plainArgument matches an argument that a shell does not change.
var plainArgument = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,=-]+$`)

func quoteArgument(arg string) string {
	if plainArgument.MatchString(arg) {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
