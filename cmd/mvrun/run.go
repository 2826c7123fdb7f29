package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
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

	arguments map[string]any // of the script's main
	// dial connects in place of the network, if set.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// defaultTimeout is --timeout where no command line says.
const defaultTimeout = 10 * time.Minute

// drainTime is how long an interrupted run waits for what is already on its
// way through a pipe, to name it in the failed list.
const drainTime = time.Second

func (r *runCommand) run(ctx context.Context, all []*kong.Flag, c console) (int, error) {
	script, err := starlib.Find(r.Script, "demo", "show", "version")
	if err != nil {
		return 0, err
	}
	if err := r.check(); err != nil {
		return 0, usageHint{err, r.Script}
	}
	logins, err := r.logins(c.getenv)
	if err != nil {
		return 0, err
	}
	if err := r.checkFiles(); err != nil {
		return 0, err
	}

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer interruptible(cancel)()

	screen := c.stderr
	var progress *sink.Progress
	var run *engine.Engine // set below, before anything asks it
	lists := &lists{flags: &r.flags, console: c, settle: func() { run.Sync() }}
	list, err := lists.early()
	if err != nil {
		return 0, err
	}
	interactive := list.Interactive()
	if r.Progress == "always" || r.Progress == "auto" && c.stderrTerminal && !interactive && r.LogFormat == "text" {
		progress = sink.NewProgress(c.stderr, func() (int, bool) { return run.Total() })
		defer progress.Close()
		screen = progress
	}
	if c.stdoutTerminal && progress != nil {
		c.stdout = progress
	}
	log := sink.NewLogger(screen, r.LogFormat == "json", r.Debug, c.stderrTerminal && c.getenv("NO_COLOR") == "")

	sinks := []engine.Sink{sink.Log{Logger: log}}
	if r.Results != "" {
		results, err := sink.CreateResults(r.Results, r.describe(list, all))
		if err != nil {
			return 0, err
		}
		defer results.Close()
		sinks = append([]engine.Sink{results}, sinks...)
	}
	if progress != nil {
		sinks = append(sinks, progress.Counter())
	}
	options := registry.Options{Insecure: !r.TLSVerify, Logins: logins, Conns: 4 * r.Jobs, UserAgent: "mvrun/" + version, Dial: r.dial}
	if r.Debug {
		options.Log = func(e registry.Exchange) { logExchange(log, e) }
	}
	client := registry.New(ctx, options)
	defer client.Close()
	defer cancel(nil) // before Close, which waits for what that ends

	jobs := r.Jobs
	if interactive {
		jobs = 1 // one line, one answer
	}
	run = engine.New(engine.Options{Registry: client, Jobs: jobs, Timeout: r.Timeout, Sinks: sinks, Stop: func(err error) { cancel(err) }})

	configure := func(host string, s starlib.Registry) error { return client.Configure(host, registry.Settings(s)) }
	failed := &failedList{path: r.Failed, inputs: []string{r.File, r.Results, r.Script}}
	failed.nothing = func() bool { n, _ := run.Total(); return interactive && n == 0 }
	status, scriptErr := starlib.Run(ctx, script, starlib.Options{
		Engine: run, Open: lists.open, WriteFailed: failed.write, Registry: configure, Print: c.stdout, Log: log, LookupEnv: c.lookupEnv,
		List: r.list(), Question: r.question(), Arguments: r.arguments, Named: r.named(), AllowPaths: r.AllowPath,
	})
	cause := context.Cause(ctx)
	cancel(nil)
	outcome, sinkErr := run.Close()

	interrupted := scriptErr != nil && errors.Is(cause, engine.ErrInterrupted)
	summary := sink.Summary{Summary: outcome, Interrupted: interrupted, Requests: client.Requests()}
	var writeErr error
	if scriptErr != nil || sinkErr != nil {
		// Nobody else will: what failed, and what was not reached.
		drain, stop := context.WithTimeout(context.Background(), drainTime)
		defer stop()
		lines, unchecked := run.UnfinishedLines(drain)
		summary.Unchecked = unchecked
		if len(lines) > 0 {
			writeErr = failed.write("", lines)
		}
	}
	summary.FailedList, summary.FailedLines = failed.last, failed.lines
	if progress != nil {
		progress.Close()
	}
	if r.LogFormat == "json" {
		summary.Log(log)
	} else if summary.Images+summary.Unchecked > 0 || scriptErr == nil || interrupted {
		if err := summary.Print(c.stderr); err != nil {
			return 0, err
		}
	}
	switch err := errors.Join(sinkErr, writeErr); {
	case err != nil:
		return 0, err
	case interrupted:
		return exitInterrupted, nil
	case scriptErr != nil:
		return 0, scriptErr
	case status != nil:
		return *status, nil
	case summary.Images == 0 && !interactive:
		return 0, fmt.Errorf("script %s validated no image: nothing is known of the mirror", r.Script)
	case outcome.Status[validate.Fail] > 0:
		return exitFailed, nil
	case outcome.Status[validate.Error] > 0:
		return exitUnchecked, nil
	}
	return exitOK, nil
}

// interruptible makes the first interruption end a run in good order, and the
// next one the process. The function that it returns ends that.
func interruptible(cancel context.CancelCauseFunc) func() {
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
			signal.Stop(signals)
			cancel(engine.ErrInterrupted)
		case <-done:
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}

// checkFiles finds out what could not be written, or would destroy what is
// read, before the run.
func (r *runCommand) checkFiles() error {
	list := r.File
	if list == "-" {
		list = ""
	}
	if err := sink.CheckFailedList(r.Failed, list); err != nil {
		return err
	}
	if r.Results == "" {
		return nil
	}
	for _, other := range []struct{ flag, path string }{{"-f", list}, {"-o", r.Failed}, {"the script", r.Script}} {
		if sink.SameFile(r.Results, other.path) {
			return fmt.Errorf("--results %s would overwrite %s: give it another name", r.Results, other.flag)
		}
	}
	return nil
}

// named are the paths of flags, which the script may use wherever they are.
func (r *runCommand) named() []string {
	paths := []string{r.File, r.Failed, r.Results}
	for _, value := range r.arguments {
		switch v := value.(type) {
		case string:
			paths = append(paths, v)
		case []string:
			paths = append(paths, v...)
		}
	}
	return slices.DeleteFunc(paths, func(path string) bool { return path == "" })
}

// describe is the first line of the results file.
func (r *runCommand) describe(list *imagelist.List, all []*kong.Flag) sink.Run {
	run := sink.Run{Version: version, Script: r.Script, Flags: given(all), Started: time.Now()}
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

// lists opens lists, each once.
type lists struct {
	flags   *flags
	console console
	settle  func() // waits until everything is on the screen
	run     *imagelist.List

	mu     sync.Mutex
	others map[string]*imagelist.List
}

// early opens the run's own list, so that a missing one is known at once.
func (l *lists) early() (*imagelist.List, error) {
	switch {
	case l.flags.File == "-" || l.flags.File == "" && !l.console.stdinTerminal:
		l.run = imagelist.Stream("standard input", l.console.stdin)
	case l.flags.File == "":
		l.run = imagelist.Prompt(l.console.stdin, func() {
			l.settle()
			fmt.Fprint(l.console.stderr, ">>> ")
		})
	default:
		var err error
		if l.run, err = imagelist.Open(l.flags.File); err != nil {
			return nil, err
		}
	}
	return l.run, nil
}

func (l *lists) open(path string) (*imagelist.List, error) {
	if path == "" {
		return l.run, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if list, ok := l.others[path]; ok {
		return list, nil
	}
	list, err := imagelist.Open(path)
	if err != nil {
		return nil, err
	}
	if l.others == nil {
		l.others = map[string]*imagelist.List{}
	}
	l.others[path] = list
	return list, nil
}

// failedList writes the failed list, and remembers for the summary what of it
// there is.
type failedList struct {
	path    string      // of -o
	inputs  []string    // what it must never replace
	nothing func() bool // whether nothing was asked: an earlier list then stays

	mu    sync.Mutex
	last  string // path, "" if there is none
	lines int
}

func (f *failedList) write(path string, lines []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if path == "" {
		path = f.path
	}
	if len(lines) == 0 && f.nothing() {
		return nil
	}
	for _, input := range f.inputs {
		if sink.SameFile(path, input) {
			return fmt.Errorf("the failed list would replace %s", filepath.Clean(input))
		}
	}
	if err := sink.WriteFailedList(path, lines); err != nil {
		return err
	}
	f.last, f.lines = path, len(lines)
	if len(lines) == 0 {
		f.last = ""
	}
	return nil
}
