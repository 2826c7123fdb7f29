package starlib

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"mvrun/engine"
	"mvrun/starlib/source"
)

// Tests of scripts: the functions test_* of a file. For each of them the file
// is executed again, in a world of its own, so that tests share nothing.

// World is what a test has to itself besides the usual builtins.
type World interface {
	// AddRegistry adds a registry, which the test's images are looked up in
	// from then on. It fails if there is one of that name.
	AddRegistry(FakeRegistry) error
	// RunScript runs a script on the test's registries, as the command would.
	// What goes wrong in it is an outcome; an error says that it could not be
	// run, or that ctx ended it.
	RunScript(ctx context.Context, s ScriptRun) (ScriptOutcome, error)
}

// testPrefix is how the name of a test begins.
const testPrefix = "test_"

// TestNames returns the names of a file's tests, in its order.
func TestNames(ctx context.Context, file source.Script, o Options, w World) ([]string, error) {
	var names []string
	err := inFile(ctx, file, o, w, func(_ *starlark.Thread, globals starlark.StringDict) error {
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

// RunTest runs one test of a file. An error says how it failed, and where.
func RunTest(ctx context.Context, file source.Script, name string, o Options, w World) error {
	return inFile(ctx, file, o, w, func(thread *starlark.Thread, globals starlark.StringDict) error {
		_, err := starlark.Call(thread, globals[name], nil, nil)
		return err
	})
}

// inFile executes a test file's top level, then do with what it declares.
func inFile(ctx context.Context, file source.Script, o Options, w World, do func(*starlark.Thread, starlark.StringDict) error) error {
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	r := newRun(ctx, abort, file, o)
	r.world = w
	thread, end := r.thread(ctx, file.Name)
	globals, err := r.execute(thread, source.Dialect, file)
	if err == nil {
		err = engine.Guard(func() error { return do(thread, globals) })
	}
	end()
	r.Engine.Sync() // what the test says comes before what is said of it
	if err == nil {
		return context.Cause(ctx) // what it found may be due to that
	}
	return r.testError(ctx, err)
}

// testError is the error of a test for who reads its report.
func (r *run) testError(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, engine.ErrInterrupted) {
		return cause
	}
	message := newScriptError(r.sources, &r.revealed, err).Error()
	if failed := (*assertion)(nil); errors.As(err, &failed) && failed.detail != "" {
		message += "\n" + strings.TrimRight(failed.detail, "\n")
	}
	if cause != nil && !strings.Contains(message, cause.Error()) {
		message = cause.Error() + ", and then:\n" + message
	}
	return &scriptError{message, err}
}

// testBuiltins are those that only tests, and what they load, have.
func (r *run) testBuiltins() starlark.StringDict {
	return starlark.StringDict{
		"assert":        assertModule,
		"fake_image":    starlark.NewBuiltin("fake_image", fakeImage),
		"fake_registry": starlark.NewBuiltin("fake_registry", r.fakeRegistry),
		"run":           starlark.NewBuiltin("run", r.runScript),
	}
}
