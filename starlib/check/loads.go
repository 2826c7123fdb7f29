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

// checkedModule is what those who load a module need to know of it.
type checkedModule struct {
	names []string // that it defines
	acts  bool     // whether loading it does more than define names, such as calling registry
	err   error    // why it cannot be loaded
}

// badLoad is a load statement that cannot work, or one of its names.
type badLoad struct {
	start, end syntax.Position
	message    string
}

// checkLoads finds load statements that cannot work.
func (c *checker) checkLoads() {
	for _, bad := range c.badLoads(c.tree, c.script.Name, []string{filepath.Clean(c.script.Name)}) {
		c.add(ruleBadLoad, bad.start, bad.end, bad.message)
	}
}

// badLoads returns the bad load statements of a file. chain are the files whose
// load statements led to the file; the file itself is the last.
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

// module returns a module. It reads the module, and those that the module loads,
// when it is first asked for.
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
	m.acts = c.acts(tree, name)
	return m
}

// acts reports whether executing the top level of a file does more than define
// names. It does if the file, or a module that it loads, has a statement that is
// only an expression, such as a call of registry.
func (c *checker) acts(tree *syntax.File, from string) bool {
	return slices.ContainsFunc(tree.Stmts, func(statement syntax.Stmt) bool {
		switch s := statement.(type) {
		case *syntax.ExprStmt:
			_, docstring := s.X.(*syntax.Literal)
			return !docstring
		case *syntax.LoadStmt:
			return c.loadActs(s.ModuleName(), from)
		}
		return false
	})
}

// loadActs reports whether loading a module does more than define names. It is
// false if the module is not known.
func (c *checker) loadActs(written, from string) bool {
	name, err := c.loader.Name(from, written)
	if err != nil {
		return false
	}
	m, ok := c.modules[name]
	return ok && m.acts
}
