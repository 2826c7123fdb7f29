package starlib

import (
	"go.starlark.net/starlark"

	"mvrun/starlib/source"
)

// module is a module that was loaded. globals and err are nil while its top
// level is being executed.
type module struct {
	globals starlark.StringDict
	err     error
}

// load implements the statement load. The first top level that needs a module
// executes it, on a thread of its own; later ones get the same globals.
func (r *run) load(thread *starlark.Thread, written string) (starlark.StringDict, error) {
	from := thread.CallFrame(0).Pos.Filename()
	name, err := r.loader.Name(from, written)
	if err != nil {
		return nil, err
	}
	if known, ok := r.modules[name]; ok {
		if known.globals == nil && known.err == nil {
			return nil, &source.CycleError{Module: name, From: from}
		}
		return known.globals, known.err
	}
	script, err := r.loader.ReadModule(name)
	if err != nil {
		return nil, err
	}
	r.sources[name] = script.Source
	m := &module{}
	r.modules[name] = m
	child, end := r.thread(contextOf(thread), name)
	defer end()
	m.globals, m.err = r.execute(child, source.Dialect, script)
	return m.globals, m.err
}
