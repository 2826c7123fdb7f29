package scripttest

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"go.starlark.net/starlark"

	"mvrun/engine"
	"mvrun/starlib"
	"mvrun/starlib/source"
)

// World is everything that one test reaches outside its own file: its registries,
// and the scripts that it runs.
type World interface {
	// AddRegistry adds a registry, to which the test and its scripts can then send
	// requests. It returns an error if there is already a registry of that name.
	AddRegistry(FakeRegistry) error
	// RunScript runs a script on the test's registries, as the command would. If
	// the script fails, the outcome says so. RunScript returns an error only if
	// the script could not be run, or if ctx ended it.
	RunScript(ctx context.Context, s ScriptRun) (ScriptOutcome, error)
}

// testPrefix is the beginning of every test's name.
const testPrefix = "test_"

// TestNames returns the names of a file's tests in the order of the file.
func TestNames(ctx context.Context, file source.Script, o starlib.Options, w World) ([]string, error) {
	var names []string
	err := execute(ctx, file, o, w, func(_ *starlark.Thread, globals starlark.StringDict) error {
		line := func(name string) int32 { return globals[name].(*starlark.Function).Position().Line }
		for name, value := range globals {
			if _, ok := value.(*starlark.Function); ok && strings.HasPrefix(name, testPrefix) {
				names = append(names, name)
			}
		}
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(line(a), line(b)), cmp.Compare(a, b)) })
		return nil
	})
	return names, err
}

// RunTest runs one test of a file. Its error says how the test failed, and where.
func RunTest(ctx context.Context, file source.Script, name string, o starlib.Options, w World) error {
	return execute(ctx, file, o, w, func(thread *starlark.Thread, globals starlark.StringDict) error {
		_, err := starlark.Call(thread, globals[name], nil, nil)
		return err
	})
}

// execute executes the top level of a test file, and then calls fn.
func execute(ctx context.Context, file source.Script, o starlib.Options, w World, fn func(*starlark.Thread, starlark.StringDict) error) error {
	extra := builtins(w)
	maps.Copy(extra, o.Extra)
	o.Extra = extra
	err := starlib.Execute(ctx, file, o, fn)
	o.Engine.Sync() // the test's log comes before the report about the test
	if failed := (*starlib.ScriptError)(nil); errors.As(err, &failed) {
		return newFailure(failed)
	}
	return err
}

// failure is the error of a failed test, written for the report.
type failure struct {
	message string
	err     error
}

func (f *failure) Error() string { return f.message }
func (f *failure) Unwrap() error { return f.err }

// newFailure returns the error of a test that failed. If something outside ended
// the test, such as its time limit, the message says that first, because the
// failure may follow from it.
func newFailure(e *starlib.ScriptError) error {
	if errors.Is(e.Cause, engine.ErrInterrupted) {
		return e.Cause
	}
	message := e.Error()
	if failed := (*assertion)(nil); errors.As(e, &failed) && failed.detail != "" {
		message += "\n" + strings.TrimRight(failed.detail, "\n")
	}
	if e.Cause != nil && !strings.Contains(message, e.Cause.Error()) {
		message = e.Cause.Error() + ", and then:\n" + message
	}
	return &failure{message, e}
}

// test is one execution of a test file. Its methods are builtins.
type test struct {
	world World
	fakes atomic.Int32 // counts the registries for which the test gave no host
}

// builtins returns the builtins that only tests have, and the modules that tests
// load.
func builtins(w World) starlark.StringDict {
	t := &test{world: w}
	return starlark.StringDict{
		"assert":        assertModule,
		"fake_image":    starlark.NewBuiltin("fake_image", fakeImage),
		"fake_registry": starlark.NewBuiltin("fake_registry", t.fakeRegistry),
		"run":           starlark.NewBuiltin("run", t.runScript),
	}
}

// BuiltinNames returns the names that tests have besides those of every script.
func BuiltinNames() []string { return builtins(nil).Keys() }
