package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine"
	"mvrun/starlib"
	"mvrun/starlib/source"
)

// replCommand is an interactive session: a person types the script while it runs.
type replCommand struct {
	Script string `arg:"" optional:"" help:"Script whose functions and values the session can use; its main is not run."`
	flags

	variables variables // those that set flags
}

// Help implements kong.HelpProvider.
func (r *replCommand) Help() string {
	return `Type Starlark. The session prints the value of each expression, and _ is the last such value. You can use every builtin of scripts. If you leave out an argument of a builtin, a flag gives its value:

  >>> validate(image("nginx", "registry.corp.example/nginx", "1.27")).platforms
  >>> bad = [r for r in parallel(validate, load_list()) if not r.ok]

End a block with a blank line. Tab completes names and attributes. Ctrl-R searches your earlier inputs. Ctrl-C stops the input that is running, and Ctrl-D ends the session. "help" shows this text, "help NAME" explains what scripts can use, such as "help validate", and "quit" ends the session, too.

When parallel begins, all existing values are frozen, because its calls run at once. To change a frozen value, change a copy of it. A function uses the globals that existed when you typed the function. Call registry(...) before the first request to that registry.

If standard input is not a terminal, the session executes it up to the first error. The exit status is then 2.`
}

func (r *replCommand) run(ctx context.Context, c job.Console) (status int, err error) {
	var script source.Script
	if r.Script != "" {
		if script, err = source.Find(r.Script); err != nil {
			return 0, err
		}
	}
	if err := r.checkSession(); err != nil {
		return 0, usageError{err, "repl"}
	}
	config, err := r.flags.config(nil, r.variables, c)
	if err != nil {
		return 0, err
	}
	signals := &sessionSignals{interrupts: make(chan os.Signal, 1)}
	config.Script, config.Session, config.Interrupts = script, true, signals.start
	config.Program = func(ctx context.Context, script source.Script, o starlib.Options) (*int, error) {
		p := &prompt{Console: c, engine: o.Engine, interrupts: signals.interrupts}
		status, err := p.loop(ctx, script, o)
		return &status, err
	}
	return job.Run(ctx, config)
}

// checkSession returns an error if a flag is wrong, or if a session cannot use it.
func (r *replCommand) checkSession() error {
	switch err := r.check(); {
	case err != nil:
		return err
	case r.File == "-":
		return errors.New("-f -: standard input is what the session reads: give the list as a file")
	case r.Deadline > 0:
		return errors.New("--deadline: a session ends when you end it")
	case r.Progress == "always":
		return errors.New("--progress always: a prompt leaves no room for a bar")
	}
	return nil
}

// sessionSignals handles the signals of a session. An interruption (Ctrl-C) ends
// the input that is being executed. Other signals end the session.
type sessionSignals struct{ interrupts chan os.Signal }

// start implements job.Config.Interrupts.
func (s *sessionSignals) start(cancel context.CancelCauseFunc) (stop func()) {
	endings, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(s.interrupts, os.Interrupt)
	// These signals are caught, because they would end the process while the
	// terminal does not echo what is typed.
	signal.Notify(endings, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	go func() {
		select {
		case <-endings:
			cancel(engine.ErrInterrupted)
		case <-done:
		}
	}()
	return func() {
		signal.Stop(s.interrupts)
		signal.Stop(endings)
		close(done)
	}
}

// prompt reads inputs, executes them, and shows their values.
type prompt struct {
	job.Console
	engine     *engine.Engine
	interrupts <-chan os.Signal
	session    *starlib.Session
	lines      *lineReader
}

// loop reads and executes inputs until the session ends. It returns the exit
// status, or the error that ended the session.
func (p *prompt) loop(ctx context.Context, script source.Script, o starlib.Options) (int, error) {
	err := p.interruptible(ctx, func(ctx context.Context) (err error) {
		p.session, err = starlib.NewSession(ctx, script, o)
		return err
	})
	if errors.Is(err, engine.ErrInterrupted) {
		return job.ExitInterrupted, nil
	}
	if err != nil {
		return 0, err
	}
	p.lines = newLineReader(p.Console, p.interrupts, p.session.Complete)
	defer p.lines.Close()
	if p.lines.editing {
		fmt.Fprintf(p.Stdout, "mvrun %s. Tab completes, Ctrl-C stops, quit or Ctrl-D ends; help says more.\n", version)
	}
	for {
		shown, err := p.step(ctx)
		p.engine.Sync() // writes the log first, so that it stands above the value
		if ctx.Err() != nil {
			if errors.Is(context.Cause(ctx), engine.ErrInterrupted) {
				return job.ExitInterrupted, nil
			}
			return 0, context.Cause(ctx) // a sink failed
		}
		switch {
		case errors.Is(err, io.EOF):
			if p.lines.editing {
				fmt.Fprintln(p.Stdout) // after Ctrl-D the cursor is still in the line of the prompt
			}
			return job.ExitOK, nil
		case err != nil && p.lines.editing:
			p.showError(err)
		case isInterruption(err):
			return job.ExitInterrupted, nil
		case err != nil:
			return 0, err
		case shown != "":
			fmt.Fprintln(p.Stdout, shown)
		}
	}
}

// step reads and executes one input, and returns its value as text.
func (p *prompt) step(ctx context.Context) (shown string, err error) {
	input, err := p.session.Read(func(more bool) (string, error) { return p.readLine(ctx, more) })
	if err != nil {
		return "", err
	}
	err = p.interruptible(ctx, func(ctx context.Context) (err error) {
		shown, err = p.session.Eval(ctx, input)
		return err
	})
	return shown, err
}

// showError shows the error of an input.
func (p *prompt) showError(err error) {
	switch {
	case errors.Is(err, errAborted): // the user pressed Ctrl-C while typing a line
	case isInterruption(err):
		fmt.Fprintln(p.Stderr, "Interrupted")
	default:
		fmt.Fprintln(p.Stderr, err)
	}
}

// isInterruption reports whether the user stopped an input.
func isInterruption(err error) bool {
	return errors.Is(err, engine.ErrInterrupted) || errors.Is(err, errAborted)
}

// stopTime is how long an interrupted input may go on. After that, a message tells
// the user how to end the session. Some builtins, such as sorted, cannot be stopped.
const stopTime = 2 * time.Second

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
			if err == nil && ctx.Err() != nil { // do had ended before the interruption, which must still count
				err = context.Cause(ctx)
			}
			return err
		case <-p.interrupts:
			cancel(engine.ErrInterrupted)
		case <-ending:
			ending, late = nil, time.After(stopTime)
		case <-late:
			if session.Err() != nil {
				// do still uses the files of the run, so they cannot be closed. No
				// result is lost: the results file already has all of them.
				p.lines.Close()
				os.Exit(job.ExitInterrupted)
			}
			ending, late = session.Done(), nil
			fmt.Fprintln(p.Stderr, "Still stopping: a builtin is at work that cannot be interrupted. Ctrl-\\ ends the session.")
		}
	}
}
