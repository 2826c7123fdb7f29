package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/cmd/mvrun/internal/rehearsal"
	"mvrun/engine/disk"
)

// testCommand runs the tests of scripts.
type testCommand struct {
	Paths   []string      `arg:"" optional:"" name:"path" default:"." help:"Test files, or folders that are searched for *_test.star."`
	Match   string        `name:"run" placeholder:"REGEXP" help:"Run only the tests whose name matches this."`
	Jobs    *int          `short:"j" placeholder:"N" help:"Tests at once. Without it: as many as there are processors."`
	Timeout time.Duration `default:"1m" help:"For one test."`
	JUnit   string        `name:"junit" placeholder:"FILE" help:"Write a report in the format of JUnit, which CI systems show."`
	Verbose bool          `short:"v" help:"Show every test, and the output and the log of those that passed, too."`
}

// Help returns the text of --help below the usage.
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

Only tests have these functions ("mvrun docs NAME" explains each): fake_registry makes a registry in memory, which can also be made to fail. fake_image makes an image for it. run runs a script as the command does, and returns its exit status, output, log, failed list, results and files. assert.eq, assert.true, assert.contains and assert.fails check a condition, and end the test if it is not met. A test may also load() a script's functions and call them.

Tests share nothing: mvrun executes the file again for each test. A test reaches only its own registries, and never uses your credentials. mvrun repeats no request by itself, so the script sees every fault. sleep() takes no time, but moves time.now() on. Each test has a folder of its own, and writes its files there. It looks for a file to read in that folder, then beside the test's file, then in the working directory. In a script that run runs, env() sees only the variables that run was given. In the test, and in modules that it loads, env() sees the environment of "mvrun test".

"mvrun docs testing" tells more.

Exit status: 0 all passed; 1 one failed; 2 wrong usage, a broken file, or no tests; 130 interrupted.`
}

func (t *testCommand) run(ctx context.Context, c job.Console) (int, error) {
	job.SurviveBrokenPipes() // so that the folders of the tests are removed
	match, err := regexp.Compile(t.Match)
	switch {
	case err != nil:
		return 0, usageError{fmt.Errorf("--run: %w", err), "test"}
	case t.Jobs != nil && *t.Jobs < 1:
		return 0, usageError{fmt.Errorf("--jobs %d: want at least 1", *t.Jobs), "test"}
	case t.Timeout <= 0:
		return 0, usageError{fmt.Errorf("--timeout %v: want more than 0", t.Timeout), "test"}
	}
	if err := t.checkJUnit(); err != nil {
		return 0, usageError{fmt.Errorf("--junit %s: %w", t.JUnit, err), "test"}
	}
	options := rehearsal.Options{
		Command: rehearsal.Command{Configure: configure, Complain: complain}, Console: c,
		Paths: t.Paths, Jobs: runtime.GOMAXPROCS(0), Timeout: t.Timeout, Verbose: t.Verbose, JUnit: t.JUnit,
	}
	if t.Jobs != nil {
		options.Jobs = *t.Jobs
	}
	if t.Match != "" {
		options.Match = match
	}
	return rehearsal.Run(ctx, options)
}

// checkJUnit returns an error if the report cannot be written, before any test runs.
func (t *testCommand) checkJUnit() error {
	target, err := filepath.EvalSymlinks(t.JUnit)
	switch {
	case t.JUnit == "":
		return nil
	case t.JUnit == "-":
		return errors.New("want the name of a file: standard output has the report for people")
	case strings.HasSuffix(t.JUnit, ".star"), err == nil && strings.HasSuffix(target, ".star"): // also through a link
		return errors.New("a report does not replace a script")
	}
	return disk.CheckReplaceable(t.JUnit)
}
