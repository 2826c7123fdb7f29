package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/engine/sink"
	"mvrun/starlib"
)

// replCommand is a script that a person types while it runs.
type replCommand struct {
	Script string `arg:"" optional:"" help:"Script whose globals are there to play with; its main is not run."`
	flags
}

// Help implements kong.HelpProvider.
func (r *replCommand) Help() string {
	return `Type Starlark; what an expression gives is printed, and _ is the last such value. Every builtin of scripts is there, and flags are the defaults of their arguments:

  >>> validate(image("nginx", "registry.corp.example/nginx", "1.27")).platforms
  >>> bad = [r for r in parallel(validate, load_list()) if not r.ok]

A block ends with a blank line. Tab completes names and attributes, Ctrl-R searches what was typed before. Ctrl-C stops what is going on, and not the session; Ctrl-D ends it.

Calls of parallel run at once, so what exists when it begins is frozen: change a copy. A function keeps the globals that it knew when it was typed. registry(...) has to come before the first request to that registry.

If standard input is no terminal, it is executed up to the first error, which is exit status 2.`
}

func (r *replCommand) run(ctx context.Context, all []*kong.Flag, c console) (status int, err error) {
	wiring := &runCommand{Script: r.Script, flags: r.flags} // of a run, without its list, bar and summary
	var script starlib.Script
	if r.Script != "" {
		if script, err = starlib.Find(r.Script); err != nil {
			return 0, err
		}
	}
	switch err := r.check(); {
	case err != nil:
		return 0, usageHint{err, "repl"}
	case r.File == "-":
		return 0, usageHint{errors.New("-f -: standard input is what the session reads: give the list as a file"), "repl"}
	case r.Deadline > 0:
		return 0, usageHint{errors.New("--deadline: a session ends when you end it"), "repl"}
	case r.Progress == "always":
		return 0, usageHint{errors.New("--progress always: a prompt leaves no room for a bar"), "repl"}
	}
	logins, err := r.logins(c.getenv)
	if err != nil {
		return 0, err
	}
	if err := wiring.checkFiles(script, c); err != nil {
		return 0, err
	}
	failed := &failedList{path: r.Failed, inputs: wiring.inputs(script, c), nothing: func() bool { return false }}
	lists := &lists{flags: &r.flags, console: c, opened: failed.protect}
	list := &imagelist.List{}
	if r.File != "" {
		if list, err = lists.early(); err != nil {
			return 0, err
		}
	}
	log := sink.NewLogger(c.stderr, r.LogFormat == "json", r.Debug, c.stderrTerminal && c.getenv("NO_COLOR") == "")
	results, earlier, err := wiring.openResults(wiring.describe(list, script, all))
	if err != nil {
		return 0, err
	}
	var sinks []engine.Sink
	if results != nil {
		defer func() { err = errors.Join(err, results.Close()) }()
		sinks = append(sinks, results)
	}
	sinks = append(sinks, sink.Log{Logger: log})

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	client := wiring.client(ctx, logins, log)
	defer client.Close()
	defer cancel(nil) // before Close, which waits for what that ends
	run := engine.New(engine.Options{Registry: client, Jobs: r.Jobs, Timeout: r.Timeout, Sinks: sinks, Stop: func(err error) { cancel(err) }, Fresh: true, Earlier: earlier.Result})
	defer func() {
		if _, sinkErr := run.Close(); sinkErr != nil {
			err = sinkErr // which has ended the session
		}
	}()

	options := wiring.options(run, client, log, c)
	options.WriteFailed = failed.write
	options.Open = func(path string) (*imagelist.List, error) {
		if path == "" && r.File == "" {
			return nil, errors.New(`the session has no list: name one, load_list("list.txt"), or begin with mvrun repl -f list.txt`)
		}
		return lists.open(path)
	}
	signals := notify(cancel)
	defer signals.stop()
	p := &prompt{console: c, log: log, engine: run, interrupts: signals.interrupts}
	return p.loop(ctx, script, options)
}

// sessionSignals are those of a session: an interruption ends what is being
// executed, the others all.
type sessionSignals struct {
	interrupts chan os.Signal
	endings    chan os.Signal
	done       chan struct{}
}

func notify(cancel context.CancelCauseFunc) *sessionSignals {
	s := &sessionSignals{make(chan os.Signal, 1), make(chan os.Signal, 1), make(chan struct{})}
	signal.Notify(s.interrupts, os.Interrupt)
	// An end that came unasked would leave the terminal without its echo.
	signal.Notify(s.endings, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	go func() {
		select {
		case <-s.endings:
			cancel(engine.ErrInterrupted)
		case <-s.done:
		}
	}()
	return s
}

func (s *sessionSignals) stop() {
	signal.Stop(s.interrupts)
	signal.Stop(s.endings)
	close(s.done)
}

// prompt reads inputs, executes them, and shows what came of it.
type prompt struct {
	console
	log        *slog.Logger
	engine     *engine.Engine
	interrupts <-chan os.Signal
	session    *starlib.Session
	lines      *lineReader
}

func (p *prompt) loop(ctx context.Context, script starlib.Script, o starlib.Options) (int, error) {
	err := p.interruptible(ctx, func(ctx context.Context) (err error) {
		p.session, err = starlib.NewSession(ctx, script, o)
		return err
	})
	if errors.Is(err, engine.ErrInterrupted) {
		return exitInterrupted, nil
	}
	if err != nil {
		return 0, err
	}
	p.lines = newLineReader(p.console, p.interrupts, p.session.Complete)
	defer p.lines.Close()
	if p.lines.editing {
		fmt.Fprintf(p.stdout, "mvrun %s. Tab completes, Ctrl-C stops, Ctrl-D ends; mvrun repl --help says more.\n", version)
	}
	for {
		input, err := p.session.Read(func(more bool) (string, error) { return p.lines.Read(ctx, more) })
		var shown string
		if err == nil {
			err = p.interruptible(ctx, func(ctx context.Context) (err error) {
				shown, err = p.session.Eval(ctx, input)
				return err
			})
		}
		p.engine.Sync() // the log stands above the value
		switch {
		case ctx.Err() != nil && errors.Is(context.Cause(ctx), engine.ErrInterrupted):
			return exitInterrupted, nil
		case ctx.Err() != nil:
			return 0, context.Cause(ctx) // a sink failed
		case errors.Is(err, io.EOF):
			if p.lines.editing {
				fmt.Fprintln(p.stdout) // Ctrl-D leaves the cursor at the prompt
			}
			return exitOK, nil
		case errors.Is(err, engine.ErrInterrupted) || errors.Is(err, errAborted):
			if !p.lines.editing {
				return exitInterrupted, nil
			}
			if !errors.Is(err, errAborted) {
				fmt.Fprintln(p.stderr, "Interrupted")
			}
		case err != nil && !p.lines.editing:
			return 0, err
		case err != nil:
			fmt.Fprintln(p.stderr, err)
		case shown != "":
			fmt.Fprintln(p.stdout, shown)
		}
	}
}

// stubborn is how long an interrupted input may go on before the person is
// told what helps: some builtins, such as sorted, cannot be stopped.
const stubborn = 2 * time.Second

// interruptible calls do with a context that Ctrl-C ends.
func (p *prompt) interruptible(session context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(session)
	defer cancel(nil)
	result := make(chan error, 1)
	go func() { result <- do(ctx) }()
	var late <-chan time.Time
	ending := ctx.Done()
	for {
		select {
		case err := <-result:
			if err == nil && ctx.Err() != nil { // it was done already; no interruption is lost
				err = context.Cause(ctx)
			}
			return err
		case <-p.interrupts:
			cancel(engine.ErrInterrupted)
		case <-ending:
			ending, late = nil, time.After(stubborn)
		case <-late:
			if session.Err() != nil {
				// Nothing can be closed while it is used, and nothing has to:
				// every result is in its file already.
				p.lines.Close()
				os.Exit(exitInterrupted)
			}
			ending, late = session.Done(), nil
			fmt.Fprintln(p.stderr, "Still stopping: a builtin is at work that cannot be interrupted. Ctrl-\\ ends the session.")
		}
	}
}
