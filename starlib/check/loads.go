package check

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/syntax"

	"mvrun/starlib/nearest"
	"mvrun/starlib/source"
)

// checkedModule describes a module to the files that load it.
type checkedModule struct {
	names      []string // the names that the module defines
	hasEffects bool     // whether loading it does more than define names, such as calling registry
	err        error    // why the module cannot be loaded
}

// badLoad says what is wrong with a load statement, or with one of its names.
type badLoad struct {
	start, end syntax.Position
	message    string
}

// checkLoads adds a finding for each mistake in a load statement.
func (c *checker) checkLoads() {
	for _, bad := range c.badLoads(c.tree, c.script.Name, []string{filepath.Clean(c.script.Name)}) {
		c.add(ruleBadLoad, bad.start, bad.end, bad.message)
	}
}

// badLoads returns the mistakes in the load statements of a file. chain are the files
// whose load statements led to this file; the last one is the file itself.
func (c *checker) badLoads(tree *syntax.File, from string, chain []string) []badLoad {
	var all []badLoad
	for _, statement := range tree.Stmts {
		load, ok := statement.(*syntax.LoadStmt)
		if !ok {
			continue
		}
		start, end := load.Module.Span()
		name, err := c.loader.Name(from, load.ModuleName())
		if err != nil {
			all = append(all, badLoad{start, end, err.Error()})
			continue
		}
		m := c.module(name, chain)
		if m.err != nil {
			all = append(all, badLoad{start, end, m.err.Error()})
			continue
		}
		for _, ident := range load.From {
			// The resolver itself refuses a name with an underscore.
			if strings.HasPrefix(ident.Name, "_") || slices.Contains(m.names, ident.Name) {
				continue
			}
			start, end := ident.Span()
			all = append(all, badLoad{start, end, fmt.Sprintf("%s has no %s%s", name, ident.Name, nearest.DidYouMean(ident.Name, m.names))})
		}
	}
	return all
}

// module returns a module. The first call for a module reads it, and all modules
// that it loads.
func (c *checker) module(name string, chain []string) *checkedModule {
	if slices.Contains(chain, name) {
		return &checkedModule{err: &source.CycleError{Module: name, From: chain[len(chain)-1]}}
	}
	if m, ok := c.modules[name]; ok {
		return m
	}
	m := &checkedModule{}
	c.modules[name] = m
	script, err := c.loader.ReadModule(name)
	if err != nil {
		m.err = err
		return m
	}
	tree, err := parse(script, c.testing)
	if faults := faults(script, err); len(faults) > 0 {
		m.err = fmt.Errorf("%s: %s", faults[0].Pos, faults[0].Message)
		return m
	}
	if bad := c.badLoads(tree, name, append(slices.Clip(chain), name)); len(bad) > 0 {
		m.err = fmt.Errorf("%s: %s", bad[0].start, bad[0].message)
		return m
	}
	for _, global := range tree.Module.(*resolve.Module).Globals {
		m.names = append(m.names, global.First.Name)
	}
	m.hasEffects = c.hasEffects(tree, name)
	return m
}

// hasEffects reports whether executing the top level of a file does more than
// define names. This is so if the file, or a module that it loads, has a statement
// that is only an expression, such as a call of registry.
func (c *checker) hasEffects(tree *syntax.File, from string) bool {
	return slices.ContainsFunc(tree.Stmts, func(statement syntax.Stmt) bool {
		switch s := statement.(type) {
		case *syntax.ExprStmt:
			_, docstring := s.X.(*syntax.Literal)
			return !docstring
		case *syntax.LoadStmt:
			return c.loadHasEffects(s.ModuleName(), from)
		}
		return false
	})
}

// loadHasEffects reports whether loading a module does more than define names. It
// returns false if the module is not known.
func (c *checker) loadHasEffects(written, from string) bool {
	name, err := c.loader.Name(from, written)
	if err != nil {
		return false
	}
	m, ok := c.modules[name]
	return ok && m.hasEffects
}
