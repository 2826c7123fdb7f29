package rehearsal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime/debug"
	"time"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine"
	"mvrun/engine/disk"
	"mvrun/starlib"
	"mvrun/starlib/scripttest"
	"mvrun/starlib/source"
)

// Command has the functions of the command line that a test needs to run a script in
// the same way as a user.
type Command struct {
	// Configure returns the configuration of a run. It does not open anything.
	Configure func(args []string, c job.Console) (job.Config, error)
	// Complain writes the error of a command line as the command would, and
	// returns the exit status for it.
	Complain func(args []string, c job.Console, err error) int
}

// Options say which tests are run, and how.
type Options struct {
	Command Command
	Console job.Console
	Paths   []string       // test files, or folders in which test files are searched
	Match   *regexp.Regexp // only tests whose names match are run; nil means all tests
	Jobs    int            // how many tests run at once
	Timeout time.Duration  // the time limit of one test
	Verbose bool
	JUnit   string // the file of the report for CI systems; "" for none
}

// timeoutError says that a test took too long.
type timeoutError time.Duration

func (e timeoutError) Error() string {
	return fmt.Sprintf("the test was not done within %v (--timeout)", time.Duration(e))
}

// Run runs tests, writes the report to the console, and returns the exit status.
func Run(ctx context.Context, o Options) (status int, err error) {
	files, err := findFiles(o.Paths)
	if err != nil {
		return 0, err
	}
	if o.JUnit != "" && !disk.IsIrregular(o.JUnit) {
		if err := disk.Remove(o.JUnit); err != nil { // an earlier report must not stay if this run is killed
			return 0, fmt.Errorf("removing the JUnit report %s of an earlier run: %w", o.JUnit, err)
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer job.Interruptible(cancel)()

	out := &job.Output{Writer: o.Console.Stdout}
	report := &report{w: out, verbose: o.Verbose, filtered: o.Match != nil}
	var tests []*test
	for _, path := range files {
		file := o.readFile(ctx, path)
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
	err = engine.Each(ctx, o.Jobs, next, func(ctx context.Context, _ int, test *test) error {
		o.runTest(ctx, test)
		if ctx.Err() != nil {
			return context.Cause(ctx) // the test was stopped, so its outcome does not count
		}
		report.done(test)
		return nil
	})
	if o.JUnit != "" {
		if err := report.writeJUnit(o.JUnit); err != nil {
			return 0, err
		}
	}
	if errors.Is(err, engine.ErrInterrupted) {
		fmt.Fprintf(o.Console.Stderr, "Interrupted: %d of %d tests were not finished.\n", report.unfinished(), report.total())
		return job.ExitInterrupted, nil
	}
	if err != nil {
		return 0, err
	}
	status, err = report.end()
	if lost := out.Lost("the report"); lost != nil && status == job.ExitOK {
		err = errors.Join(err, lost)
	}
	return status, err
}

// readFile finds the tests of a file. If the file is broken, the report says so.
func (o *Options) readFile(ctx context.Context, path string) *testFile {
	file := &testFile{path: path}
	file.err = o.inWorld(ctx, path, io.Discard, func(ctx context.Context, script source.Script, options starlib.Options, w scripttest.World) error {
		names, err := scripttest.TestNames(ctx, script, options, w)
		file.declared = len(names)
		for _, name := range names {
			if o.Match == nil || o.Match.MatchString(name) {
				file.tests = append(file.tests, &test{name: name, file: file})
			}
		}
		return err
	})
	return file
}

// runTest runs one test and notes its outcome.
func (o *Options) runTest(ctx context.Context, test *test) {
	var transcript bytes.Buffer
	test.started = time.Now()
	test.err = o.inWorld(ctx, test.file.path, &transcript, func(ctx context.Context, script source.Script, options starlib.Options, w scripttest.World) error {
		defer func() { test.transcript = transcript.String() }() // now, because the end of the run writes a summary, too
		return scripttest.RunTest(ctx, script, test.name, options, w)
	})
	test.ended = time.Now()
}

// inWorld calls do for a test file in a new world. It removes the world afterwards. The
// transcript gets everything that is printed and logged during the call.
func (o *Options) inWorld(ctx context.Context, path string, transcript io.Writer, do func(context.Context, source.Script, starlib.Options, scripttest.World) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, timeoutError(o.Timeout))
	defer cancel()
	w, err := newWorld(o.Command, path, o.Paths, transcript)
	if err != nil {
		return err
	}
	outcome := w.execute(ctx, o.Console.LookupEnv, func(ctx context.Context, script source.Script, options starlib.Options) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("internal error, please report it: %v\n%s", p, debug.Stack())
			}
		}()
		return do(ctx, script, options, w)
	})
	return errors.Join(outcome, w.close())
}
