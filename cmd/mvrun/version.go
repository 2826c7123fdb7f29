package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kong"

	"mvrun/cmd/mvrun/internal/job"
)

const version = "0.1.0"

// versionCommand prints the version.
type versionCommand struct{}

func (versionCommand) run(_ context.Context, _ []*kong.Flag, c job.Console) (int, error) {
	_, err := fmt.Fprintln(c.Stdout, "mvrun", version)
	return job.ExitOK, err
}
