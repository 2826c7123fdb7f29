package starlib

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"go.starlark.net/starlark"

	"mvrun/starlib/nearest"
)

// Modules: what scripts load.

// bundledPrefix is how scripts name modules that mvrun brings.
const bundledPrefix = "@mvrun//"

// module is a loaded file. While it is being executed, globals are nil.
type module struct {
	globals starlark.StringDict
	err     error
}

// load is what the statement load calls: another file, relative to the one
// that loads it, or a bundled module. Each is executed once, by the thread of
// the top level that needs it first.
func (r *run) load(thread *starlark.Thread, name string) (starlark.StringDict, error) {
	from := thread.CallFrame(0).Pos.Filename()
	file, err := r.moduleName(from, name)
	if err != nil {
		return nil, err
	}
	if known, ok := r.modules[file]; ok {
		if known.globals == nil && known.err == nil {
			return nil, loadsItself(file, from)
		}
		return known.globals, known.err
	}
	script, err := r.module(file)
	if err != nil {
		return nil, err
	}
	r.sources[file] = script.Source
	m := &module{}
	r.modules[file] = m
	child, end := r.thread(contextOf(thread), file)
	defer end()
	m.globals, m.err = r.execute(child, fileOptions, script)
	return m.globals, m.err
}

func loadsItself(file, from string) error {
	if file == from {
		return fmt.Errorf("%s loads itself: what it defines is there without that", file)
	}
	return fmt.Errorf("%s loads itself, by way of %s: move what both need to a third file", file, from)
}

// moduleName returns the path of a module, or its name if it is bundled.
func (r *run) moduleName(from, name string) (string, error) {
	switch {
	case strings.HasPrefix(name, bundledPrefix):
		return name, nil
	case strings.HasPrefix(name, "@"):
		return "", fmt.Errorf("there is no module %s: the bundled ones are %s", name, strings.Join(moduleNames(), " and "))
	case strings.HasPrefix(from, bundledPrefix):
		return bundledPrefix + path.Join(path.Dir(strings.TrimPrefix(from, bundledPrefix)), name), nil
	case filepath.IsAbs(name):
		return r.firstName(filepath.Clean(name)), nil
	}
	return r.firstName(filepath.Join(filepath.Dir(from), name)), nil
}

// firstName returns the path by which a file became known, so that it is one
// module, whatever other paths lead to it.
func (r *run) firstName(file string) string {
	target, _ := followed(file)
	if _, ok := r.files[target]; !ok {
		r.files[target] = file
	}
	return r.files[target]
}

// module reads a module.
func (r *run) module(file string) (Script, error) {
	if name, ok := strings.CutPrefix(file, bundledPrefix); ok {
		source, err := modules.ReadFile(path.Join("modules", name))
		if err != nil {
			return Script{}, fmt.Errorf("there is no bundled module %s%s", file, nearest.DidYouMean(file, moduleNames()))
		}
		return Script{Name: file, Source: string(source), Bundled: true}, nil
	}
	path, err := r.checkPath(file)
	if err != nil {
		return Script{}, err
	}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return Script{}, fmt.Errorf("there is no file %s%s", file, nearest.DidYouMean(file, scriptsBeside(path)))
	case err != nil:
		return Script{}, err
	}
	return read(f, file)
}

// scriptsBeside returns the scripts in a file's folder.
func scriptsBeside(file string) []string {
	found, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		return nil // there is none, either
	}
	var names []string
	for _, f := range found {
		if filepath.Ext(f.Name()) == ".star" {
			names = append(names, filepath.Join(filepath.Dir(file), f.Name()))
		}
	}
	return names
}
