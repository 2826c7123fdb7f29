package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kong"
)

const version = "0.1.0"

// versionCommand prints the version.
type versionCommand struct{}

func (versionCommand) run(_ context.Context, _ []*kong.Flag, c console) (int, error) {
	_, err := fmt.Fprintln(c.stdout, "mvrun", version)
	return exitOK, err
}
