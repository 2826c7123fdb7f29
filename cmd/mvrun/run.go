package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/engine/registry"
	"mvrun/engine/sink"
	"mvrun/starlib"
	"mvrun/validate"
)

// runCommand runs a script: here everything is put together.
type runCommand struct {
	Script string `arg:"" help:"Script: a file, else the name of a bundled one (validate.star)."`
	flags

	program   starlib.Script // without a name if it is still to be found
	arguments map[string]any // of the script's main
	ownNamed  []string       // those that the user gave
	// network answers in place of the real one, if set.
	network http.RoundTripper
	// rehearsal is set where a script is tested.
	rehearsal *rehearsal
}

// defaultTimeout is --timeout where no command line says.
const defaultTimeout = 10 * time.Minute

// drainTime is how long an interrupted run waits for what is already on its
// way through a pipe, to name it in the failed list.
const drainTime = time.Second

func (r *runCommand) run(ctx context.Context, all []*kong.Flag, c console) (int, error) {
	script := r.program // read once: a pipe, such as <(…), can be read only once
	if script.Name == "" {
		var err error
		if script, err = starlib.Find(r.Script, "check", "test", "demo", "repl", "show", "docs", "version"); err != nil {
			return 0, err
		}
	}
	if err := r.check(); err != nil {
		return 0, usageHint{err, r.Script}
	}
	logins, err := r.logins(c.getenv)
	if err != nil {
		return 0, err
	}
	if err := r.checkFiles(script, c); err != nil {
		return 0, err
	}

	var run *engine.Engine // set below, before a script or a prompt asks it
	failed := &failedList{path: r.Failed, inputs: r.inputs(script, c)}
	lists := &lists{flags: &r.flags, console: c, settle: func() { run.Sync() }, opened: failed.protect}
	list, err := lists.early()
	if err != nil {
		return 0, err
	}
	defer collectAsNeeded(list)()
	interactive := list.Interactive()
	failed.nothing = func() bool { n, _ := run.Total(); return interactive && n == 0 }

	progress := r.progress(c, interactive)
	if progress != nil {
		defer progress.Close()
		c = c.above(progress)
	}
	log := sink.NewLogger(c.stderr, r.LogFormat == "json", r.Debug, c.stderrTerminal && c.getenv("NO_COLOR") == "")
	results, earlier, err := r.openResults(r.describe(list, script, all))
	if err != nil {
		return 0, err
	}
	var sinks []engine.Sink
	if results != nil {
		defer results.Close()
		sinks = append(sinks, results)
	}
	tally := &sink.Tally{}
	sinks = append(sinks, sink.Log{Logger: log}, tally)
	if progress != nil {
		sinks = append(sinks, progress.Mover())
	}
	if r.rehearsal != nil {
		sinks = append(sinks, r.rehearsal)
	}

	// Up to here a signal ends the process: nothing is under way, and what is
	// opened above may make it wait.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if r.rehearsal == nil { // a test's signals are seen to by who runs it
		defer interruptible(cancel)()
	}

	if r.Deadline > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, r.Deadline, &engine.DeadlineError{After: r.Deadline})
		defer stop()
	}
	client := r.client(ctx, logins, log)
	defer client.Close()
	defer cancel(nil) // before Close, which waits for what that ends

	jobs := r.Jobs
	if interactive {
		jobs = 1 // one line, one answer
	}
	run = engine.New(engine.Options{Registry: client, Jobs: jobs, Timeout: r.Timeout, Sinks: sinks, Stop: func(err error) { cancel(err) }, Fresh: interactive, Earlier: earlier.Result})

	tally.Start(sink.TallySource{Total: run.Total, Bytes: client.Bytes, Waiting: client.Waiting})
	stopTelling := func() {}
	switch {
	case progress != nil:
		progress.Start(tally)
	case r.Progress != "never" && !interactive && r.rehearsal == nil:
		stopTelling = tally.Log(log, r.LogFormat == "json")
		defer stopTelling()
	}
	printed := &output{Writer: c.stdout}
	c.stdout = printed
	execute, world := starlib.Run, r.options(run, client, log, c)
	world.Open, world.WriteFailed = lists.open, failed.write
	if r.rehearsal != nil {
		execute = r.rehearsal.execute
		r.rehearsal.adapt(&world)
	}
	status, scriptErr := execute(ctx, script, world)
	interrupted := scriptErr != nil && errors.Is(context.Cause(ctx), engine.ErrInterrupted)
	late := scriptErr != nil && errors.As(context.Cause(ctx), new(*engine.DeadlineError))
	if late {
		endRest(run, context.Cause(ctx), r.list())
	}
	cancel(nil)
	outcome, sinkErr := run.Close()
	summary := sink.Summary{Summary: outcome, Interrupted: interrupted, Late: late, Requests: client.Requests(), Bytes: client.Bytes()}
	var writeErr error
	if scriptErr != nil || sinkErr != nil {
		summary.Unchecked, writeErr = saveUnfinished(run, failed)
	}
	if writeErr != nil && results != nil && sinkErr == nil {
		writeErr = fmt.Errorf("%w; %s", writeErr, results.Holds())
	}
	summary.FailedList, summary.FailedLines = failed.last, failed.lines
	if bad := outcome.Status[validate.Fail] + outcome.Status[validate.Error]; bad > 0 && failed.last == "" {
		log.Warn(fmt.Sprintf("%d of the images did not pass, and the script wrote no failed list", bad))
	}
	stopTelling()
	if progress != nil {
		progress.Close()
	}
	switch {
	case r.LogFormat == "json":
		summary.Log(log)
	case summary.Images+summary.Unchecked > 0 || scriptErr == nil || interrupted || late:
		summary.Print(c.stderr)
	}

	loaded, _ := run.Total()
	switch err := errors.Join(sinkErr, writeErr, printed.lost()); {
	case err != nil:
		return 0, err
	case interrupted:
		return exitInterrupted, nil
	case late:
		if outcome.Status[validate.Fail] > 0 {
			return exitFailed, nil
		}
		return exitUnchecked, nil // even if only the script's own end is missing
	case scriptErr != nil:
		return 0, scriptErr
	case summary.Images == 0 && !interactive && (status == nil || *status == 0 && loaded > 0): // 0 of none is no pass
		return 0, fmt.Errorf("script %s validated no image: nothing is known of the mirror", r.Script)
	}
	return exitStatus(status, outcome), nil
}

// client returns what reads from registries.
func (r *runCommand) client(ctx context.Context, logins []registry.Login, log *slog.Logger) *registry.Client {
	options := registry.Options{
		Insecure: !r.TLSVerify, Logins: logins, Conns: 4 * r.Jobs, UserAgent: "mvrun/" + version,
		Transport: r.network, Anonymous: r.network != nil, Once: r.rehearsal != nil,
		Warn: func(message string) { log.Warn(message) },
	}
	if r.Debug {
		options.Log = func(e registry.Exchange) { logExchange(log, e) }
	}
	return registry.New(ctx, options)
}

// options are what a script works with, but for the files.
func (r *runCommand) options(run *engine.Engine, client *registry.Client, log *slog.Logger, c console) starlib.Options {
	return starlib.Options{
		Engine: run, Lookup: client, Print: c.stdout, Log: log, LookupEnv: c.lookupEnv,
		Registry: func(host string, s starlib.Registry) error { return client.Configure(host, registry.Settings(s)) },
		List:     r.list(), Question: r.question(), Arguments: r.arguments,
		MaxSteps: r.MaxSteps, Named: r.named(), AllowPaths: r.AllowPath,
	}
}

// exitStatus is what main returned, else what came of the images.
func exitStatus(returned *int, outcome engine.Summary) int {
	switch {
	case returned != nil:
		return *returned
	case outcome.Status[validate.Fail] > 0:
		return exitFailed
	case outcome.Status[validate.Error] > 0:
		return exitUnchecked
	}
	return exitOK
}

// progress returns the bar that the flags want, or nil. Without a terminal
// there is none, whatever they want: in a file it would be rubbish.
func (r *runCommand) progress(c console, interactive bool) *sink.Progress {
	if c.stderrTerminal && !interactive && (r.Progress == "always" || r.Progress == "auto" && r.LogFormat == "text") {
		return sink.NewProgress(c.stderr)
	}
	return nil
}

// openResults opens the results file that the flags want, or returns nil.
func (r *runCommand) openResults(run sink.Run) (*sink.Results, sink.Earlier, error) {
	switch {
	case r.Results == "":
		return nil, nil, nil
	case r.Resume:
		return sink.ResumeResults(r.Results, run)
	}
	results, err := sink.CreateResults(r.Results, run)
	return results, nil, err
}

// endRest gives every image that a run did not reach in its time a result.
func endRest(run *engine.Engine, cause error, options imagelist.Options) {
	drain, stop := context.WithTimeout(context.Background(), drainTime)
	defer stop()
	run.EndRest(drain, cause, options)
}

// saveUnfinished writes the failed list of a run that its script did not
// finish: what failed, and what was not reached, of which it returns how many.
func saveUnfinished(run *engine.Engine, failed *failedList) (unchecked int, err error) {
	drain, stop := context.WithTimeout(context.Background(), drainTime)
	defer stop()
	lines, unchecked := run.UnfinishedLines(drain)
	if n, _ := run.Total(); n > 0 || len(lines) > 0 { // else nothing was begun, and an earlier list stays
		err = failed.write("", lines)
	}
	return unchecked, err
}

// checkFiles finds out what could not be written, or would destroy what is
// read, before the run.
func (r *runCommand) checkFiles(script starlib.Script, c console) error {
	files := r.inputs(script, c)
	if err := sink.CheckFailedList(r.Failed, files[0], files[1]); err != nil {
		return err
	}
	if r.Results == "" {
		return nil
	}
	for _, other := range []struct{ flag, path string }{{"-f", files[0]}, {"-o", r.Failed}, {"the script", files[1]}} {
		if sink.SameFile(r.Results, other.path) {
			return fmt.Errorf("--results %s would overwrite %s: give it another name", r.Results, other.flag)
		}
	}
	return nil
}

// inputs are the files that the run reads and must never replace: the list,
// also where it comes by redirection, the script, and its own results.
func (r *runCommand) inputs(script starlib.Script, c console) []string {
	list, program := r.File, script.Name
	if list == "-" || list == "" {
		list = ""
		if c.stdin == os.Stdin {
			list = os.Stdin.Name()
		}
	}
	if script.Bundled {
		program = ""
	}
	return []string{list, program, r.Results}
}

// named are the paths of flags, which the script may use wherever they are.
func (r *runCommand) named() []string {
	paths := append([]string{r.File, r.Failed, r.Results}, r.ownNamed...)
	return slices.DeleteFunc(paths, func(path string) bool { return path == "" })
}

// describe is the first line of the results file.
func (r *runCommand) describe(list *imagelist.List, script starlib.Script, all []*kong.Flag) sink.Run {
	run := sink.Run{Version: version, Script: r.Script, Program: script.SHA256(), Flags: given(all, r.arguments), Started: time.Now()}
	run.List, run.SHA256 = list.Name, list.SHA256
	return run
}

func logExchange(log *slog.Logger, e registry.Exchange) {
	outcome := fmt.Sprint(e.Status)
	if e.Err != nil {
		outcome = e.Err.Error()
	}
	log.Debug(fmt.Sprintf("%s %s %s %v", e.Method, e.URL, outcome, e.Duration.Round(100*time.Microsecond)),
		"method", e.Method, "url", e.URL, "http_status", e.Status, "duration_ms", e.Duration.Milliseconds())
}
