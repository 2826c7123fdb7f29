package main

import (
	"context"
	"fmt"
	"runtime/debug"

	"mvrun/cmd/mvrun/internal/job"
)

// version is the version number. Requests (User-Agent) and the results file have
// it, too. A release build may set it with -ldflags "-X main.version=1.2.3".
var version = "0.1.0"

// versionCommand prints the version, the commit that the program was built from,
// and the version of Go that built it.
type versionCommand struct{}

func (versionCommand) run(_ context.Context, c job.Console) (int, error) {
	info, _ := debug.ReadBuildInfo()
	_, err := fmt.Fprint(c.Stdout, describeVersion(info))
	return job.ExitOK, err
}

// describeVersion returns the text of "mvrun version". info is nil if the program
// was built without Go modules.
func describeVersion(info *debug.BuildInfo) string {
	if info == nil {
		info = &debug.BuildInfo{GoVersion: "unknown"}
	}
	setting := func(key string) string {
		for _, s := range info.Settings {
			if s.Key == key {
				return s.Value
			}
		}
		return ""
	}
	commit, date := setting("vcs.revision"), setting("vcs.time")
	switch {
	case commit == "":
		commit = "unknown"
	case setting("vcs.modified") == "true":
		commit += " with local changes"
	}
	if date == "" {
		date = "unknown"
	}
	return fmt.Sprintf("mvrun %s\ncommit: %s\ndate:   %s\ngo:     %s %s/%s\n",
		version, commit, date, info.GoVersion, setting("GOOS"), setting("GOARCH"))
}

// expandVersionFlag turns "mvrun --version" into "mvrun version". The parser has no
// flag --version, because a script may have its own flag of that name.
func expandVersionFlag(args []string) []string {
	if len(args) == 1 && (args[0] == "--version" || args[0] == "-version") {
		return []string{"version"}
	}
	return args
}
