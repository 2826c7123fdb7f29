package scripttest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"mvrun/engine"
	"mvrun/starlib"
	"mvrun/starlib/param"
)

// ScriptRun has the arguments with which a test runs a script.
type ScriptRun struct {
	Script string   // the path of the script relative to the test's file, or the name of a bundled script
	List   string   // the standard input of the script
	Flags  []string // words of the command line
	Env    map[string]string
	Now    time.Time // the time when the script begins; the zero time means the real time
}

// ScriptOutcome is the outcome of a script that a test ran.
type ScriptOutcome struct {
	Status  int               // the exit status
	Output  string            // the standard output
	Log     string            // the standard error
	Failed  []string          // the lines of the failed list
	Results []*engine.Result  // the last result of each image, in the order of the list
	Files   map[string]string // the contents of the files in the test's folder, by their names
}

// runScript implements run(script, list, flags, env, now).
func (t *test) runScript(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var s ScriptRun
	var lines listText
	var flags param.Strings
	var env param.StringDict
	var now param.Time
	if err := param.Unpack(b, args, kwargs, "script", &s.Script, "list?", &lines, "flags?", &flags, "env?", &env, "now?", &now); err != nil {
		return nil, err
	}
	if starlib.AtTopLevel(thread) {
		return nil, fmt.Errorf("%s: only tests may run scripts: the top level is executed for each of them", b.Name())
	}
	s.List, s.Flags, s.Env, s.Now = string(lines), flags, env, time.Time(now)
	ctx := starlib.Context(thread)
	outcome, err := t.world.RunScript(ctx, s)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return outcomeValue(outcome), nil
}

// outcomeValue returns the value that a test gets for an outcome.
func outcomeValue(o ScriptOutcome) starlark.Value {
	var failed, results []starlark.Value
	for _, line := range o.Failed {
		failed = append(failed, starlark.String(line))
	}
	for _, result := range o.Results {
		results = append(results, starlib.NewResult(result))
	}
	files := starlark.NewDict(len(o.Files))
	for _, name := range slices.Sorted(maps.Keys(o.Files)) {
		_ = files.SetKey(starlark.String(name), starlark.String(o.Files[name])) // cannot fail: the dict is new, and strings are hashable
	}
	return starlarkstruct.FromStringDict(starlark.String("outcome"), starlark.StringDict{
		"status": starlark.MakeInt(o.Status),
		"output": starlark.String(o.Output), "log": starlark.String(o.Log),
		"failed": starlark.NewList(failed), "results": starlark.NewList(results), "files": files,
	})
}

// listText is an argument that is the text of an image list. A test may also write it
// as a list of lines.
type listText string

// Unpack implements starlark.Unpacker.
func (l *listText) Unpack(v starlark.Value) error {
	if s, ok := starlark.AsString(v); ok {
		*l = listText(s)
		return nil
	}
	var lines param.Strings
	if err := lines.Unpack(v); err != nil {
		return err
	}
	*l = listText(strings.Join(lines, "\n"))
	return nil
}
