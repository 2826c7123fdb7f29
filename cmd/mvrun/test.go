package main

import (
	"context"
	"fmt"
	"regexp"
	"runtime"
	"time"

	"github.com/alecthomas/kong"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/cmd/mvrun/internal/rehearsal"
)

// testCommand runs the tests of scripts.
type testCommand struct {
	Paths   []string      `arg:"" optional:"" name:"path" default:"." help:"Test files, or folders that are searched for *_test.star."`
	Match   string        `name:"run" placeholder:"REGEXP" help:"Run only the tests in whose name this is found."`
	Jobs    *int          `short:"j" placeholder:"N" help:"Tests at once. Without it: as many as there are processors."`
	Timeout time.Duration `default:"1m" help:"For one test."`
	Verbose bool          `short:"v" help:"Show every test, and what those that passed printed and logged."`
}

// Help is what --help says below the usage.
func (t *testCommand) Help() string {
	return `A test is a function of a *_test.star file whose name begins with test_:

  def test_missing_image_fails():
      src = fake_registry({"team/app:v1": fake_image(), "team/db:v1": fake_image(content = "db")})
      dst = fake_registry({"team/app:v1": fake_image()})
      r = run("prod.star", list = [
          "%s/team/app %s/team/app v1" % (src.host, dst.host),
          "%s/team/db %s/team/db v1" % (src.host, dst.host),
      ], flags = ["--max-failures", "0"])
      assert.eq(r.status, 1)
      assert.contains(r.failed[0], "team/db")

What only tests have ("mvrun docs NAME" tells all of each): fake_registry makes a registry in memory, with faults if wanted; fake_image an image for it; run runs a script as the command does, and returns its exit status, output, log, failed list, results and files; assert.eq, assert.true, assert.contains and assert.fails end a test that is not as it should be. A test may also load() a script's functions and call them.

Every test has a world of its own: its file is executed again for it. There is no network but its registries, no credentials of yours are used, and nothing is tried again but by the script, so that it sees each fault. sleep() takes no time and moves time.now() on. Paths that are not absolute are looked up in a folder of the test, where all that is written goes, then beside the test's file, then in the working directory. In a script that run runs, env() sees only what run was given; in the test and in what it loads, the environment of "mvrun test". "mvrun docs testing" tells more.

Exit status: 0 all passed; 1 one failed; 2 wrong usage, a broken file, or no tests; 130 interrupted.`
}

func (t *testCommand) run(ctx context.Context, _ []*kong.Flag, c job.Console) (int, error) {
	match, err := regexp.Compile(t.Match)
	switch {
	case err != nil:
		return 0, usageError{fmt.Errorf("--run: %w", err), "test"}
	case t.Jobs != nil && *t.Jobs < 1:
		return 0, usageError{fmt.Errorf("--jobs %d: want at least 1", *t.Jobs), "test"}
	case t.Timeout <= 0:
		return 0, usageError{fmt.Errorf("--timeout %v: want more than 0", t.Timeout), "test"}
	}
	options := rehearsal.Options{
		Command: rehearsal.Command{Configure: configure, Complain: complain}, Console: c,
		Paths: t.Paths, Jobs: runtime.GOMAXPROCS(0), Timeout: t.Timeout, Verbose: t.Verbose,
	}
	if t.Jobs != nil {
		options.Jobs = *t.Jobs
	}
	if t.Match != "" {
		options.Match = match
	}
	return rehearsal.Run(ctx, options)
}
