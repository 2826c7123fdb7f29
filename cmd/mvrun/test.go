package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/alecthomas/kong"

	"mvrun/engine"
	"mvrun/starlib"
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

// errTestTimeout ends a test.
type errTestTimeout time.Duration

func (e errTestTimeout) Error() string {
	return fmt.Sprintf("the test was not done within %v (--timeout)", time.Duration(e))
}

func (t *testCommand) run(ctx context.Context, _ []*kong.Flag, c console) (int, error) {
	match, err := regexp.Compile(t.Match)
	switch {
	case err != nil:
		return 0, usageHint{fmt.Errorf("--run: %w", err), "test"}
	case t.Jobs != nil && *t.Jobs < 1:
		return 0, usageHint{fmt.Errorf("--jobs %d: want at least 1", *t.Jobs), "test"}
	case t.Timeout <= 0:
		return 0, usageHint{fmt.Errorf("--timeout %v: want more than 0", t.Timeout), "test"}
	}
	jobs := runtime.GOMAXPROCS(0)
	if t.Jobs != nil {
		jobs = *t.Jobs
	}
	files, err := findTestFiles(t.Paths)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer interruptible(cancel)()

	report := &testReport{w: c.stdout, verbose: t.Verbose, filtered: t.Match != ""}
	var tests []*test
	for _, path := range files {
		file := t.declared(ctx, path, match, c)
		report.add(file)
		tests = append(tests, file.tests...)
	}
	if ctx.Err() == nil {
		report.flush()
	}
	next := func(context.Context) (*test, error) {
		if len(tests) == 0 {
			return nil, io.EOF
		}
		first := tests[0]
		tests = tests[1:]
		return first, nil
	}
	err = engine.Each(ctx, jobs, next, func(ctx context.Context, _ int, test *test) error {
		t.runTest(ctx, test, c)
		if ctx.Err() != nil {
			return context.Cause(ctx) // what it came to is not its own doing
		}
		report.done(test)
		return nil
	})
	if errors.Is(err, engine.ErrInterrupted) {
		fmt.Fprintf(c.stderr, "Interrupted: %d of %d tests were not finished.\n", report.unfinished(), report.total())
		return exitInterrupted, nil
	}
	if err != nil {
		return 0, err
	}
	return report.end()
}

// declared finds the tests of a file. Its error is the file's to tell.
func (t *testCommand) declared(ctx context.Context, path string, match *regexp.Regexp, c console) *testFile {
	file := &testFile{path: path}
	file.err = t.inWorld(ctx, path, io.Discard, c, func(ctx context.Context, script starlib.Script, o starlib.Options, w starlib.World) error {
		names, err := starlib.TestNames(ctx, script, o, w)
		file.declares = len(names)
		for _, name := range names {
			if match.MatchString(name) {
				file.tests = append(file.tests, &test{name: name, file: file})
			}
		}
		return err
	})
	return file
}

// runTest runs one test and notes what came of it.
func (t *testCommand) runTest(ctx context.Context, test *test, c console) {
	var transcript bytes.Buffer
	test.started = time.Now()
	test.err = t.inWorld(ctx, test.file.path, &transcript, c, func(ctx context.Context, script starlib.Script, o starlib.Options, w starlib.World) error {
		defer func() { test.transcript = transcript.String() }() // not what closing the world adds to it
		return starlib.RunTest(ctx, script, test.name, o, w)
	})
	test.ended = time.Now()
}

// inWorld does something with a test file in a world of its own, which is
// gone afterwards. transcript gets what is printed and logged meanwhile.
func (t *testCommand) inWorld(ctx context.Context, path string, transcript io.Writer, c console, do func(context.Context, starlib.Script, starlib.Options, starlib.World) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, t.Timeout, errTestTimeout(t.Timeout))
	defer cancel()
	w, err := newTestWorld(path, transcript)
	if err != nil {
		return err
	}
	outcome := w.execute(ctx, c.lookupEnv, func(ctx context.Context, script starlib.Script, o starlib.Options) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("internal error, please report it: %v\n%s", p, debug.Stack())
			}
		}()
		return do(ctx, script, o, w)
	})
	return errors.Join(outcome, w.close())
}
