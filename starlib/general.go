package starlib

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"mvrun/engine/await"
	"mvrun/starlib/diagnose"
	"mvrun/starlib/param"
)

// attempt implements attempt(fn, *args). It calls fn, and returns an error of fn as a
// value.
func (e *execution) attempt(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("%s: want a function to call, and its arguments", b.Name())
	}
	fn, ok := args[0].(starlark.Callable)
	if !ok {
		return nil, fmt.Errorf("%s: got %s, want a function; write attempt(fn, argument), not attempt(fn(argument))", b.Name(), args[0].Type())
	}
	if thread.CallStackDepth() > maxDepth { // Starlark does not notice that attempt(attempt, …) is recursive
		return nil, fmt.Errorf("%s: more than %d calls are nested in one another", b.Name(), maxDepth)
	}
	value, err := starlark.Call(thread, fn, args[1:], kwargs)
	if ctx := Context(thread); ctx.Err() != nil {
		return nil, context.Cause(ctx) // the run has ended, and the script must end, too
	}
	outcome := starlark.StringDict{"ok": starlark.Bool(err == nil), "value": starlark.None, "error": starlark.None}
	if err != nil {
		outcome["error"] = starlark.String(e.secrets.hide(diagnose.InnermostMessage(err)))
	} else {
		outcome["value"] = value
	}
	return starlarkstruct.FromStringDict(starlark.String("attempt"), outcome), nil
}

// env implements env(name, default, secret). It returns a variable of the environment. The
// value is hidden where it would be shown, unless secret is False. If two calls disagree
// about a variable, it is a secret.
func (e *execution) env(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name string
	var fallback starlark.Value
	secret := true
	if err := param.Unpack(b, args, kwargs, "name", &name, "default?", &fallback, "secret?", &secret); err != nil {
		return nil, err
	}
	if len(e.AllowEnv) > 0 && !slices.Contains(e.AllowEnv, name) { // also with a default, which would hide that
		return nil, fmt.Errorf("%s: this run lets scripts read %s, and not %s%s", b.Name(), joinAnd(e.AllowEnv), name, hintFor(e.AllowEnvHint, name))
	}
	if value, ok := e.LookupEnv(name); ok {
		if secret {
			e.secrets.add(name, value)
		}
		return starlark.String(value), nil
	}
	if fallback == nil {
		return nil, fmt.Errorf("%s: %s is not set: set it, or give a default, env(%q, default = …)", b.Name(), name, name)
	}
	return fallback, nil
}

// joinAnd writes words as a list: "a, b and c".
func joinAnd(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// hintFor returns " (--allow-env NAME would allow it)", or "" without a hint.
func hintFor(hint, name string) string {
	if hint == "" {
		return ""
	}
	return fmt.Sprintf(" (%s %s would allow it)", hint, name)
}

// sleep implements sleep(duration). It returns early if the thread's context ends.
func (e *execution) sleep(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var wait param.Duration
	if err := param.Unpack(b, args, kwargs, "duration", &wait); err != nil {
		return nil, err
	}
	ctx := Context(thread)
	if e.Clock != nil {
		e.Clock.advance(time.Duration(wait))
		wait = 0
	}
	if await.Sleep(ctx, time.Duration(wait)) != nil {
		return nil, context.Cause(ctx)
	}
	return starlark.None, nil
}

// log returns the module log. Its functions write their arguments to the log, in the
// same way as print writes them to standard output.
func (e *execution) log() starlark.Value {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	members := starlark.StringDict{}
	for name, level := range levels {
		members[name] = starlark.NewBuiltin("log."+name, func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if len(kwargs) > 0 {
				return nil, fmt.Errorf("%s: want no arguments with names", b.Name())
			}
			e.Log.Log(Context(thread), level, continued(e.secrets.hide(printed(args))))
			return starlark.None, nil
		})
	}
	return &starlarkstruct.Module{Name: "log", Members: members}
}

// continued returns a text whose lines after the first are indented. So a script cannot
// write what looks like a line of the log itself, for example by a label of an image.
func continued(text string) string { return strings.ReplaceAll(text, "\n", "\n    ") }

// printed returns the values as the line that print would write.
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
