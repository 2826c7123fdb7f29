package starlib

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"mvrun/starlib/diagnose"
	"mvrun/starlib/param"
)

// Builtins that have nothing to do with images.

// attempt is attempt(fn, *args): a call whose error is a value.
func (r *run) attempt(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("%s: want a function to call, and its arguments", b.Name())
	}
	fn, ok := args[0].(starlark.Callable)
	if !ok {
		return nil, fmt.Errorf("%s: got %s, want a function; write attempt(fn, argument), not attempt(fn(argument))", b.Name(), args[0].Type())
	}
	if thread.CallStackDepth() > maxDepth { // attempt(attempt, …) is no recursion that Starlark sees
		return nil, fmt.Errorf("%s: more than %d calls are nested in one another", b.Name(), maxDepth)
	}
	value, err := starlark.Call(thread, fn, args[1:], kwargs)
	if ctx := contextOf(thread); ctx.Err() != nil {
		return nil, context.Cause(ctx) // nobody outlives the run
	}
	outcome := starlark.StringDict{"ok": starlark.Bool(err == nil), "value": starlark.None, "error": starlark.None}
	if err != nil {
		outcome["error"] = starlark.String(r.revealed.hide(diagnose.InnermostMessage(err)))
	} else {
		outcome["value"] = value
	}
	return starlarkstruct.FromStringDict(starlark.String("attempt"), outcome), nil
}

// env is env(name, default): a variable of the environment.
func (r *run) env(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name string
	var missing starlark.Value
	if err := param.Unpack(b, args, kwargs, "name", &name, "default?", &missing); err != nil {
		return nil, err
	}
	if value, ok := r.LookupEnv(name); ok {
		r.revealed.add(name, value)
		return starlark.String(value), nil
	}
	if missing == nil {
		return nil, fmt.Errorf("%s: %s is not set: set it, or give a default, env(%q, default = …)", b.Name(), name, name)
	}
	return missing, nil
}

// sleep is sleep(duration), which an interruption ends.
func (r *run) sleep(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var wait param.Duration
	if err := param.Unpack(b, args, kwargs, "duration", &wait); err != nil {
		return nil, err
	}
	ctx := contextOf(thread)
	if r.Clock != nil {
		r.Clock.advance(time.Duration(wait))
		wait = 0
	}
	timer := time.NewTimer(time.Duration(wait))
	defer timer.Stop()
	select {
	case <-timer.C:
		return starlark.None, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// log is the module of log.debug, log.info, log.warn and log.error, which
// write their arguments as print does, to the log.
func (r *run) log() starlark.Value {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	members := starlark.StringDict{}
	for name, level := range levels {
		members[name] = starlark.NewBuiltin("log."+name, func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if len(kwargs) > 0 {
				return nil, fmt.Errorf("%s: want no arguments with names", b.Name())
			}
			r.Log.Log(contextOf(thread), level, r.revealed.hide(printed(args)))
			return starlark.None, nil
		})
	}
	return &starlarkstruct.Module{Name: "log", Members: members}
}

// printed writes values as print does.
func printed(values starlark.Tuple) string {
	var line []byte
	for i, v := range values {
		if i > 0 {
			line = append(line, ' ')
		}
		if s, ok := starlark.AsString(v); ok {
			line = append(line, s...)
		} else {
			line = append(line, v.String()...)
		}
	}
	return string(line)
}
