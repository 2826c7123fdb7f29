package starlib

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

// Whether what scripts load is there.

// checkedModule is a module as far as those who load it care.
type checkedModule struct {
	names []string // what it defines
	acts  bool     // loading it does something besides: it calls what it likes, such as registry
	err   error    // why it cannot be loaded
}

// badLoad is a load statement that cannot work, or a name of it.
type badLoad struct {
	start, end syntax.Position
	message    string
}

func (c *checker) checkLoads() {
	for _, bad := range c.badLoads(c.tree, c.script.Name, []string{filepath.Clean(c.script.Name)}) {
		c.add(ruleBadLoad, bad.start, bad.end, bad.message)
	}
}

// badLoads checks the load statements of a file. chain are the files that are
// being loaded, the file itself the last.
func (c *checker) badLoads(tree *syntax.File, from string, chain []string) []badLoad {
	var all []badLoad
	for _, statement := range tree.Stmts {
		load, ok := statement.(*syntax.LoadStmt)
		if !ok {
			continue
		}
		name := load.Module.Value.(string)
		start, end := load.Module.Span()
		file, err := c.loader.Name(from, name)
		if err != nil {
			all = append(all, badLoad{start, end, err.Error()})
			continue
		}
		m := c.module(file, chain)
		if m.err != nil {
			all = append(all, badLoad{start, end, m.err.Error()})
			continue
		}
		for _, ident := range load.From {
			// A name with an underscore was refused by the resolver.
			if strings.HasPrefix(ident.Name, "_") || slices.Contains(m.names, ident.Name) {
				continue
			}
			start, end := ident.Span()
			all = append(all, badLoad{start, end, fmt.Sprintf("%s has no %s%s", file, ident.Name, nearest.DidYouMean(ident.Name, m.names))})
		}
	}
	return all
}

// module reads a module and those that it loads, each once.
func (c *checker) module(file string, chain []string) *checkedModule {
	if slices.Contains(chain, file) {
		return &checkedModule{err: &source.CycleError{Module: file, From: chain[len(chain)-1]}}
	}
	if m, ok := c.modules[file]; ok {
		return m
	}
	m := &checkedModule{}
	c.modules[file] = m
	script, err := c.loader.ReadModule(file)
	if err != nil {
		m.err = err
		return m
	}
	tree, err := parse(script, c.testing)
	for _, e := range parseErrors(script, err) {
		m.err = fmt.Errorf("%s: %s", e.Pos, e.Message)
		return m
	}
	for _, bad := range c.badLoads(tree, file, append(slices.Clip(chain), file)) {
		m.err = fmt.Errorf("%s: %s", bad.start, bad.message)
		return m
	}
	for _, global := range tree.Module.(*resolve.Module).Globals {
		m.names = append(m.names, global.First.Name)
	}
	m.acts = c.acts(tree, file)
	return m
}

// acts says whether executing a file's top level does more than define names:
// it, or a module that it loads, has calls of their own.
func (c *checker) acts(tree *syntax.File, from string) bool {
	return slices.ContainsFunc(tree.Stmts, func(statement syntax.Stmt) bool {
		switch s := statement.(type) {
		case *syntax.ExprStmt:
			_, docstring := s.X.(*syntax.Literal)
			return !docstring
		case *syntax.LoadStmt:
			return c.loadActs(s.Module.Value.(string), from)
		}
		return false
	})
}

// loadActs says whether loading a module does more than define names, as far
// as is known.
func (c *checker) loadActs(name, from string) bool {
	file, err := c.loader.Name(from, name)
	if err != nil {
		return false
	}
	m, ok := c.modules[file]
	return ok && m.acts
}
