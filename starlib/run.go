package starlib

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	"go.starlark.net/starlark"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/starlib/source"
	"mvrun/validate"
)

// Options are everything that a script's builtins use: the engine, registries and
// files, and the defaults of their arguments.
type Options struct {
	Engine   *engine.Engine
	Lookup   Lookup
	Registry func(host string, settings RegistrySettings) error
	// Open opens a list in a format; path "" means the run's own list, and format "" that of the run.
	Open        func(path, format string) (*imagelist.List, error)
	FailedList  string                                  // path of the run's own failed list
	WriteFailed func(path string, lines []string) error // "" means the run's own failed list
	ReadFile    func(path string) (string, error)       // returns a whole file
	WriteFile   func(path, content string) error        // replaces a file in one step
	Print       io.Writer
	Log         *slog.Logger
	LookupEnv   func(name string) (string, bool)
	AllowEnv    []string                  // the only variables that env may read; empty means all
	Redact      func(words string) string // hides what a registry may have repeated of users' secrets; may be nil
	Clock       *Clock                    // nil means the clock of the machine

	Access source.Access // which files the script may use
	Files  Files         // finds the file for a path that the script names; nil means the file at that path

	List      imagelist.Options
	Question  validate.Question
	Arguments map[string]any // the arguments for main, by the names of its parameters

	MaxSteps     uint64 // how many steps a thread of the script may take; 0 means no limit
	MaxStepsHint string // how a user sets MaxSteps, for the message of a script that was stopped

	AllowEnvHint string // how a user adds a variable to AllowEnv, for the message of env

	Extra starlark.StringDict // more builtins, such as those of tests
}

// Run executes a script: its top level, then its function main. status is the exit
// status that main returned, or nil if main returned none.
//
// If ctx ended the script, the error is context.Cause(ctx). If the script failed,
// it is a *ScriptError.
func Run(ctx context.Context, script source.Script, o Options) (status *int, err error) {
	e := newExecution(script, o)
	var returned starlark.Value
	err = e.do(ctx, script.Name, func(thread *starlark.Thread) error {
		globals, err := e.declare(thread)
		if err != nil {
			return err
		}
		main, ok := globals["main"].(starlark.Callable)
		if !ok {
			return &ScriptError{message: fmt.Sprintf("script %s has no function main: its top level declares, and main does the work:\n\n"+
				"def main():\n    write_failed(parallel(validate, load_list()))", script.Name)}
		}
		arguments, err := e.arguments()
		if err != nil {
			return err
		}
		err = engine.Guard(func() (err error) {
			returned, err = starlark.Call(thread, main, nil, arguments)
			return err
		})
		if err != nil {
			e.recordFailure(thread, nil, err)
		}
		return err
	})
	if err != nil {
		return nil, causeOf(err)
	}
	return e.exitStatus(returned)
}

// Execute executes the top level of a script, and then calls fn instead of main.
// If the script failed, or if ctx ended it, the error is a *ScriptError. If ctx
// ended but fn still succeeded, the error is context.Cause(ctx).
func Execute(ctx context.Context, script source.Script, o Options, fn func(thread *starlark.Thread, globals starlark.StringDict) error) error {
	e := newExecution(script, o)
	return e.do(ctx, script.Name, func(thread *starlark.Thread) error {
		globals, err := e.declare(thread)
		if err != nil {
			return err
		}
		return fn(thread, globals)
	})
}

// declare executes the script's top level.
func (e *execution) declare(thread *starlark.Thread) (starlark.StringDict, error) {
	e.modules[filepath.Clean(e.script.Name)] = &module{} // a module that loads the script is then a cycle
	return e.topLevel(thread, source.Dialect, e.script)
}

// arguments returns the arguments for main.
func (e *execution) arguments() ([]starlark.Tuple, error) {
	var arguments []starlark.Tuple
	for name, value := range e.Arguments {
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

// exitStatus returns the exit status that main returned, or nil if it returned
// None.
func (e *execution) exitStatus(value starlark.Value) (*int, error) {
	switch value := value.(type) {
	case starlark.NoneType:
		return nil, nil
	case starlark.Int:
		if status, err := starlark.AsInt32(value); err == nil && status >= 0 && status <= 255 {
			return &status, nil
		}
	}
	return nil, fmt.Errorf("main of script %s returned %s: want None, or an exit status from 0 to 255", e.script.Name, e.secrets.hide(value.String()))
}
