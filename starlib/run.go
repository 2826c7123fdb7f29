package starlib

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/starlib/diagnose"
	"mvrun/starlib/source"
	"mvrun/validate"
)

// A script's two stages, and what its threads carry.

// Options are what a script's builtins work on, and their default arguments.
type Options struct {
	Engine      *engine.Engine
	Open        func(path string) (*imagelist.List, error) // "" for the run's own list
	WriteFailed func(path string, lines []string) error    // "" for the run's own failed list
	Registry    func(host string, settings Registry) error
	Lookup      Lookup
	Print       io.Writer
	Log         *slog.Logger
	LookupEnv   func(name string) (string, bool)
	Clock       *Clock // nil for the machine's

	List      imagelist.Options
	Question  validate.Question
	Arguments map[string]any // of main: the values of its Flags, by name

	MaxSteps uint64 // after which a thread of the script is stopped, 0 for never

	Access source.Access // to files
}

// run is one execution of a script.
type run struct {
	Options
	script   source.Script
	loader   *source.Loader
	abort    context.CancelCauseFunc // ends ctx
	printing sync.Mutex
	byHand   atomic.Int64 // how many images scripts made
	ctx      context.Context
	revealed revealed

	failing sync.Mutex
	failed  map[string][][]*engine.Packed // what was given to write_failed, by path

	// Below, what changes only while top levels are executed, one at a time.
	sources diagnose.Sources // of the script and its modules, for errors
	modules map[string]*module

	world World        // of a test; nil in a run
	fakes atomic.Int32 // how many registries without a name the test made
}

// Run executes a script. status is what its main returned, if it did return
// an exit status. An error of the script tells where in the script; one that
// is context.Cause(ctx) says that ctx ended it.
func Run(ctx context.Context, script source.Script, o Options) (status *int, err error) {
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	r := newRun(ctx, abort, script, o)
	thread, end := r.thread(ctx, script.Name)
	defer end()
	r.modules[filepath.Clean(script.Name)] = &module{} // what it loads must not load it
	globals, err := r.execute(thread, source.Dialect, script)
	if err != nil {
		return nil, r.explain(ctx, err)
	}
	main, ok := globals["main"].(starlark.Callable)
	if !ok {
		return nil, fmt.Errorf("script %s has no function main: its top level declares, and main does the work:\n\ndef main():\n    write_failed(parallel(validate, load_list()))", script.Name)
	}
	arguments, err := r.arguments()
	if err != nil {
		return nil, err
	}
	var value starlark.Value
	err = engine.Guard(func() (err error) {
		value, err = starlark.Call(thread, main, nil, arguments)
		return err
	})
	if err != nil {
		r.fail(thread, starlark.None, err)
		return nil, r.explain(ctx, err)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return r.exitStatus(value)
}

// execute runs the top level of a script or a module, and freezes what it made.
func (r *run) execute(thread *starlark.Thread, dialect *syntax.FileOptions, script source.Script) (globals starlark.StringDict, err error) {
	builtins := r.builtins()
	err = engine.Guard(func() (err error) {
		globals, err = starlark.ExecFileOptions(dialect, thread, script.Name, script.Source, builtins)
		return err
	})
	return globals, diagnose.OfferNames(err, builtins.Keys())
}

// newRun returns the execution of a script that ctx ends; abort ends ctx.
func newRun(ctx context.Context, abort context.CancelCauseFunc, script source.Script, o Options) *run {
	return &run{Options: o, script: script, ctx: ctx, abort: abort, failed: map[string][][]*engine.Packed{},
		loader: source.NewLoader(script, o.Access), sources: diagnose.Sources{script.Name: script.Source}, modules: map[string]*module{}}
}

// arguments are main's, from the script's flags.
func (r *run) arguments() ([]starlark.Tuple, error) {
	var arguments []starlark.Tuple
	for name, value := range r.Arguments {
		v, err := toStarlark(value)
		if err != nil {
			return nil, err
		}
		arguments = append(arguments, starlark.Tuple{starlark.String(name), v})
	}
	return arguments, nil
}

// toStarlark returns the value of a flag as a value of Starlark.
func toStarlark(value any) (starlark.Value, error) {
	switch v := value.(type) {
	case string:
		return starlark.String(v), nil
	case int:
		return starlark.MakeInt(v), nil
	case float64:
		return starlark.Float(v), nil
	case bool:
		return starlark.Bool(v), nil
	case []string:
		items := make([]starlark.Value, len(v))
		for i, s := range v {
			items[i] = starlark.String(s)
		}
		return starlark.NewList(items), nil
	}
	return nil, fmt.Errorf("a flag of type %T", value)
}

func (r *run) exitStatus(value starlark.Value) (*int, error) {
	switch value := value.(type) {
	case starlark.NoneType:
		return nil, nil
	case starlark.Int:
		if status, err := starlark.AsInt32(value); err == nil && status >= 0 && status <= 255 {
			return &status, nil
		}
	}
	return nil, fmt.Errorf("main of script %s returned %s: want None, or an exit status from 0 to 255", r.script.Name, r.revealed.hide(value.String()))
}

// Keys of a thread's locals.
const (
	contextLocal = "mvrun.context"
	taskLocal    = "mvrun.task"
	depthLocal   = "mvrun.depth"  // how many calls of parallel the thread is in
	promptLocal  = "mvrun.prompt" // the *Session that the thread executes an input of
)

// thread makes a thread that ends with ctx. end must be called by whoever
// runs it, when it is done.
func (r *run) thread(ctx context.Context, name string) (*starlark.Thread, func()) {
	thread := &starlark.Thread{
		Name: name,
		Load: r.load,
		Print: func(_ *starlark.Thread, message string) {
			r.printing.Lock()
			defer r.printing.Unlock()
			fmt.Fprintln(r.Print, message)
		},
	}
	if r.Clock != nil {
		startime.SetNow(thread, r.Clock.now)
	}
	if r.MaxSteps > 0 { // 0 would be no steps at all
		thread.SetMaxExecutionSteps(r.MaxSteps)
		thread.OnMaxSteps = func(thread *starlark.Thread) {
			thread.Cancel(fmt.Sprintf("the script took more than %d steps (--max-steps)", r.MaxSteps))
		}
	}
	task := r.Engine.Begin()
	thread.SetLocal(contextLocal, ctx)
	thread.SetLocal(taskLocal, task)
	stop := context.AfterFunc(ctx, func() { thread.Cancel(context.Cause(ctx).Error()) })
	return thread, func() {
		stop()
		task.End()
	}
}

func contextOf(thread *starlark.Thread) context.Context {
	return thread.Local(contextLocal).(context.Context)
}

func taskOf(thread *starlark.Thread) *engine.Task {
	return thread.Local(taskLocal).(*engine.Task)
}

// explain returns ctx's cause if that is what ended the script, else the
// script's own error.
func (r *run) explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return newScriptError(r.sources, &r.revealed, err)
}
