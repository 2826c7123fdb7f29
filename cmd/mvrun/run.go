package main

import (
	"context"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/starlib/source"
)

// runCommand runs a script over a list of images.
type runCommand struct {
	Script string `arg:"" completion-predictor:"scripts" help:"Script: a file, else the name of a bundled one (validate.star)."`
	flags
	reportFlags

	program   source.Script // without a name if it is still to be found
	own       *scriptFlags  // nil if the script has none
	variables variables     // those that set flags
}

func (r *runCommand) run(ctx context.Context, c job.Console) (int, error) {
	config, err := r.configure(c)
	if err != nil {
		return 0, err
	}
	return job.Run(ctx, config)
}

// configure returns the configuration that the flags ask for.
func (r *runCommand) configure(c job.Console) (job.Config, error) {
	script := r.program // read once: a pipe, such as <(…), can be read only once
	if script.Name == "" {
		var err error
		if script, err = source.Find(r.Script, commandNames(c)...); err != nil {
			return job.Config{}, err
		}
	}
	if err := r.check(); err != nil {
		return job.Config{}, usageError{err, r.Script}
	}
	config, err := r.flags.config(r.own, r.variables, c)
	if err != nil {
		return config, err
	}
	config.Script = script
	if config.Reports, err = r.reports(c); err != nil {
		return config, usageError{err, r.Script}
	}
	return config, nil
}
