package main

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	kongcompletion "github.com/jotaen/kong-completion"
	"github.com/posener/complete"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/starlib/source"
	"mvrun/validate"
)

// completionCommand prints the code with which a shell completes command lines of mvrun.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help implements kong.HelpProvider.
func (completionCommand) Help() string {
	return `Prints code for your shell. With this code, Tab completes commands, flags, and the flags of your scripts:

  source <(mvrun completion bash)         in ~/.bashrc
  source <(mvrun completion zsh)          in ~/.zshrc, below compinit
  mvrun completion fish | source          in ~/.config/fish/config.fish

The shell asks mvrun itself what fits, so mvrun has to be on the PATH.`
}

func (k *completionCommand) run(_ context.Context, c job.Console) (int, error) {
	_, err := io.WriteString(c.Stdout, completionCode[k.Shell])
	return job.ExitOK, err
}

// completionLine is the variable with the unfinished command line. The shell sets it
// when it asks what fits.
const completionLine = "COMP_LINE"

// completionCode is what each shell has to execute. Where mvrun knows nothing that fits,
// the shell offers files. zsh and fish want whole words, such as --rules=content, and mvrun
// prints only the part behind "=", which bash wants.
var completionCode = map[string]string{
	"bash": "complete -o default -o bashdefault -C mvrun mvrun\n",
	"zsh": `#compdef mvrun
_mvrun() {
    local -a found
    found=("${(@f)$(COMP_LINE="${(j: :)words[1,CURRENT-1]} $PREFIX" mvrun)}")
    if [[ -n "$found" ]]; then
        compadd -- "${(M)PREFIX#--*=}"${^found}
    else
        compset -P '--*='
        _files
    fi
}
if [[ "$funcstack[1]" == _mvrun ]]; then
    _mvrun "$@"
else
    compdef _mvrun mvrun
fi
`,
	"fish": `function __mvrun_complete
    set -lx COMP_LINE (commandline -cp)
    set -l word (commandline -ct)
    test -z "$word"; and set COMP_LINE "$COMP_LINE "
    set -l flag (string match -r -- '^--[^=]+=' "$word")
    set -l found (mvrun)
    if test -z "$found"
        set found (__fish_complete_path (string replace -- "$flag" "" "$word"))
    end
    printf "$flag%s\n" $found
end
complete -f -c mvrun -a "(__mvrun_complete)"
`,
}

// printCompletions prints what fits at the end of an unfinished command line.
func printCompletions(line string, c job.Console) error {
	words := strings.Fields(line)
	if !strings.HasSuffix(line, " ") {
		words = words[:max(0, len(words)-1)] // the last word is still being typed
	}
	words = words[min(1, len(words)):]
	parser, err := newCommandLine(words, c)
	if err != nil {
		parser = newParser(c, "") // the script is broken, so nobody knows its flags
	}
	root, err := kongcompletion.Command(parser.Kong, kongcompletion.WithPredictors(predictors(c)))
	if err != nil {
		return err
	}
	name := findScript(words, parser.runFlags)
	if !slices.Contains(commandNames(c), name) {
		run := root.Sub["run"]
		root.Args = run.Args
		maps.Copy(root.GlobalFlags, run.GlobalFlags)
		if name != "" {
			root.Sub = nil // a script is no command, and none follows it
		}
	}
	completer := complete.New(parser.Model.Name, root)
	completer.Out = c.Stdout
	completer.Complete()
	return nil
}

// predictors are the words that fit in places of which the parser knows no words. The
// tags "completion-predictor" name them.
func predictors(c job.Console) map[string]complete.Predictor {
	choices := func(choices []validate.Choice) complete.Predictor {
		var names []string
		for _, choice := range choices {
			names = append(names, choice.Name)
		}
		return complete.PredictSet(names...)
	}
	return map[string]complete.Predictor{
		"rules":   choices(validate.RuleSets()),
		"depths":  choices(validate.Depths()),
		"jobs":    complete.PredictSet(autoJobs),
		"shards":  complete.PredictSet("auto"),
		"scripts": complete.PredictSet(source.Names()...),
		"help":    complete.PredictSet(append(commandNames(c), source.Names()...)...),
	}
}
