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

// ScriptRun is a run of a script that a test asks for.
type ScriptRun struct {
	Script string   // relative to the test's file, or the name of a bundled one
	List   string   // given on standard input
	Flags  []string // as on the command line
	Env    map[string]string
	Now    time.Time // what the script's clock shows first; zero for the machine's time
}

// ScriptOutcome is what a script that a test ran returned and wrote.
type ScriptOutcome struct {
	Status  int    // exit status
	Output  string // standard output
	Log     string // standard error
	Failed  []string
	Results []*engine.Result  // the last of each image, in the list's order
	Files   map[string]string // those in the test's folder, by name
}

// runScript is run(script, list, flags, env, now).
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

// outcomeValue returns an outcome as the test sees it.
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
		_ = files.SetKey(starlark.String(name), starlark.String(o.Files[name])) // never fails: the dict is new, and strings are hashable
	}
	return starlarkstruct.FromStringDict(starlark.String("outcome"), starlark.StringDict{
		"status": starlark.MakeInt(o.Status),
		"output": starlark.String(o.Output), "log": starlark.String(o.Log),
		"failed": starlark.NewList(failed), "results": starlark.NewList(results), "files": files,
	})
}

// listText is the text of an image list. Tests may also write it as a list of
// lines.
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
