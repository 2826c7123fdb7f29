package starlib

import (
	"context"
	"fmt"
	"sync"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"mvrun/engine"
	"mvrun/starlib/diagnose"
	"mvrun/starlib/source"
)

// execution is one execution of a script. Its methods are the script's
// builtins.
type execution struct {
	Options
	script  source.Script
	loader  *source.Loader
	secrets secrets

	ctx   context.Context         // of do; values that outlive a call, such as lists, end with it
	abort context.CancelCauseFunc // ends ctx

	printing sync.Mutex
	made     madeImages
	told     sync.Map // the lists of which the log says how they are read

	failing sync.Mutex
	failed  map[string][]*engine.Packed // the results given to write_failed, by path

	// These change only while top levels are executed, one at a time.
	sources diagnose.Sources
	modules map[string]*module
}

func newExecution(script source.Script, o Options) *execution {
	return &execution{
		Options: o, script: script, loader: source.NewLoader(script, o.Access), secrets: secrets{redact: o.Redact},
		failed:  map[string][]*engine.Packed{},
		sources: diagnose.Sources{script.Name: script.Source}, modules: map[string]*module{},
	}
}

// do calls fn with a thread that ends when ctx does. An error of fn is returned
// as a *ScriptError. Without one, do returns the cause if ctx has ended: what fn
// did may be incomplete then.
func (e *execution) do(ctx context.Context, name string, fn func(*starlark.Thread) error) error {
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	e.ctx, e.abort = ctx, abort
	thread, end := e.thread(ctx, name)
	defer end()
	if err := engine.Guard(func() error { return fn(thread) }); err != nil {
		return newScriptError(e.sources, &e.secrets, err, context.Cause(ctx))
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// topLevel executes the top level of a script or a module. It returns what the
// top level declared, which is frozen.
func (e *execution) topLevel(thread *starlark.Thread, dialect *syntax.FileOptions, script source.Script) (globals starlark.StringDict, err error) {
	builtins := e.predeclared()
	err = engine.Guard(func() (err error) {
		globals, err = starlark.ExecFileOptions(dialect, thread, script.Name, script.Source, builtins)
		return err
	})
	return globals, diagnose.OfferNames(err, e.builtins().Keys())
}

// Keys of a thread's locals.
const (
	contextLocal = "mvrun.context"
	taskLocal    = "mvrun.task"
	hintsLocal   = "mvrun.hints"   // the *imagelist.Hints of the run
	depthLocal   = "mvrun.depth"   // how many calls of parallel the thread is in
	waitingLocal = "mvrun.waiting" // true while the thread waits for parallel, and executes on_result
	promptLocal  = "mvrun.prompt"  // the *Session, if the thread executes one of its inputs
)

// thread returns a thread that ends when ctx does. Whoever runs the thread has
// to call end when it is done.
func (e *execution) thread(ctx context.Context, name string) (_ *starlark.Thread, end func()) {
	thread := &starlark.Thread{
		Name: name,
		Load: e.load,
		Print: func(_ *starlark.Thread, message string) {
			e.printing.Lock()
			defer e.printing.Unlock()
			fmt.Fprintln(e.Print, message)
		},
	}
	if e.Clock != nil {
		startime.SetNow(thread, e.Clock.now)
	}
	if e.MaxSteps > 0 { // to Starlark, 0 means no steps at all
		thread.SetMaxExecutionSteps(e.MaxSteps)
		thread.OnMaxSteps = func(thread *starlark.Thread) { thread.Cancel(e.tooManySteps()) }
	}
	task := e.Engine.Begin()
	thread.SetLocal(contextLocal, ctx)
	thread.SetLocal(taskLocal, task)
	thread.SetLocal(hintsLocal, &e.List.Hints)
	stop := context.AfterFunc(ctx, func() { thread.Cancel(context.Cause(ctx).Error()) })
	return thread, func() {
		stop()
		task.End()
	}
}

func (e *execution) tooManySteps() string {
	message := fmt.Sprintf("the script took more than %d steps", e.MaxSteps)
	if e.MaxStepsHint != "" {
		message += fmt.Sprintf(" (%s)", e.MaxStepsHint)
	}
	return message
}

// Context returns the context that ends a thread. A builtin that waits has to
// watch it, because Starlark cannot interrupt a builtin.
func Context(thread *starlark.Thread) context.Context {
	return thread.Local(contextLocal).(context.Context)
}

func taskOf(thread *starlark.Thread) *engine.Task {
	return thread.Local(taskLocal).(*engine.Task)
}

// AtTopLevel reports whether a thread executes the top level of a file.
func AtTopLevel(thread *starlark.Thread) bool {
	return thread.CallStack()[0].Name == "<toplevel>"
}
