package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/alecthomas/kong"

	"mvrun/engine"
	"mvrun/engine/registry"
	"mvrun/engine/sink"
	"mvrun/starlib"
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

	defer collectByAmount()()
	var run *engine.Engine // set below, before a script or a prompt asks it
	failed := &failedList{path: r.Failed, inputs: r.inputs(script, c)}
	lists := &lists{flags: &r.flags, console: c, settle: func() { run.Sync() }, opened: failed.protect}
	list, err := lists.early()
	if err != nil {
		return 0, err
	}
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
	end := &ending{status: status, script: scriptErr, interactive: interactive}
	if scriptErr != nil {
		end.interrupted = errors.Is(context.Cause(ctx), engine.ErrInterrupted)
		end.late = errors.As(context.Cause(ctx), new(*engine.DeadlineError))
	}
	if end.late {
		endRest(run, context.Cause(ctx), r.list())
	}
	cancel(nil)
	end.close(run, failed, results)
	end.summary.Requests, end.summary.Bytes = client.Requests(), client.Bytes()
	end.lost = errors.Join(end.lost, printed.lost())
	stopTelling()
	if progress != nil {
		progress.Close()
	}
	end.show(c, log, r.LogFormat == "json")
	return end.exit(r.Script)
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

// progress returns the bar that the flags want, or nil. Without a terminal
// there is none, whatever they want: in a file it would be rubbish.
func (r *runCommand) progress(c console, interactive bool) *sink.Progress {
	if c.stderrTerminal && !interactive && (r.Progress == "always" || r.Progress == "auto" && r.LogFormat == "text") {
		return sink.NewProgress(c.stderr)
	}
	return nil
}

func logExchange(log *slog.Logger, e registry.Exchange) {
	outcome := fmt.Sprint(e.Status)
	if e.Err != nil {
		outcome = e.Err.Error()
	}
	log.Debug(fmt.Sprintf("%s %s %s %v", e.Method, e.URL, outcome, e.Duration.Round(100*time.Microsecond)),
		"method", e.Method, "url", e.URL, "http_status", e.Status, "duration_ms", e.Duration.Milliseconds())
}
