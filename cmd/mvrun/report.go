package main

import (
	"context"

	"mvrun/cmd/mvrun/internal/job"
)

// reportCommand puts the results files of a run together.
type reportCommand struct {
	Files   []string `arg:"" name:"file" help:"Results files: that of a whole run, or those of all parts of one."`
	Failed  string   `group:"output" short:"o" placeholder:"FILE" help:"Write the failed list of all parts; \"-\" is standard output."`
	Partial bool     `group:"output" default:"false" help:"Show what there is although a part is missing or has not ended; the exit status is then at least 3 (default ${default})."`
	reportFlags
}

// Help implements kong.HelpProvider.
func (reportCommand) Help() string {
	return `Reads what runs wrote with --results, shows the summary of the whole run, and ends with the exit status of the run:

  mvrun report r.jsonl --report page.html
  mvrun report r.*.jsonl -o failed.txt --report page.html --report junit.xml

The files of a run in parts (--shard) have to be complete: a part that is missing, that has not ended, that stands there twice, or that is of another run, list, script or question is exit 2. The files themselves stay as they are.

Where the script returned an exit status in every part, the worst of these is the exit status: 2, 1, 3, 0.`
}

func (r *reportCommand) run(_ context.Context, c job.Console) (int, error) {
	reports, err := r.reports(c)
	if err != nil {
		return 0, usageError{err, "report"}
	}
	return job.Merge(job.Merging{Files: r.Files, Partial: r.Partial, Failed: r.Failed, Reports: reports, Console: c})
}
