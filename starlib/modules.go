package starlib

import (
	"go.starlark.net/starlark"

	"mvrun/starlib/source"
)

// module is a module that was loaded. globals and err are both nil while its top
// level runs.
type module struct {
	globals starlark.StringDict
	err     error
}

// load implements the statement load. The first file that loads a module executes
// the module on a new thread. Later files get the same globals.
func (e *execution) load(thread *starlark.Thread, written string) (starlark.StringDict, error) {
	from := thread.CallFrame(0).Pos.Filename()
	name, err := e.loader.Name(from, written)
	if err != nil {
		return nil, err
	}
	if known, ok := e.modules[name]; ok {
		if known.globals == nil && known.err == nil {
			return nil, &source.CycleError{Module: name, From: from}
		}
		return known.globals, known.err
	}
	script, err := e.loader.ReadModule(name)
	if err != nil {
		return nil, err
	}
	e.sources[name] = script.Source
	m := &module{}
	e.modules[name] = m
	child, end := e.thread(Context(thread), name)
	defer end()
	m.globals, m.err = e.topLevel(child, source.Dialect, script)
	return m.globals, m.err
}
