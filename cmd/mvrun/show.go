package main

import (
	"context"
	"io"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/starlib/source"
)

// showCommand prints a bundled script.
type showCommand struct {
	Name string `arg:"" completion-predictor:"scripts" help:"Name of a bundled script: validate.star."`
}

func (s *showCommand) run(_ context.Context, c job.Console) (int, error) {
	script, err := source.Bundled(s.Name)
	if err != nil {
		return 0, err
	}
	_, err = io.WriteString(c.Stdout, script.Source)
	return job.ExitOK, err
}
