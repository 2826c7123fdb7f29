package starlib

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode/utf8"

	"go.starlark.net/syntax"

	"mvrun/starlib/nearest"
)

// Where scripts come from.

//go:embed scripts/*.star
var scripts embed.FS

// Each module by its name: beside it lies its test, which is none.
//
//go:embed modules/lists.star modules/retry.star
var modules embed.FS

// Script is a program to run.
type Script struct {
	Name    string // its path, or its name among the bundled ones
	Source  string
	Bundled bool
}

// SHA256 returns the hash of the script's source, and of the modules that it
// loads, in hexadecimal digits. allowPaths are folders, besides its own, that it
// may load from. What cannot be read counts for nothing: it ends the run.
func (s Script) SHA256(allowPaths []string) string {
	sum := sha256.New()
	r := newRun(context.Background(), nil, s, Options{AllowPaths: allowPaths})
	seen := map[string]bool{}
	var add func(Script)
	add = func(script Script) {
		io.WriteString(sum, script.Source)
		tree, err := fileOptions.Parse(script.Name, script.Source, 0)
		if err != nil {
			return
		}
		for _, statement := range tree.Stmts {
			load, ok := statement.(*syntax.LoadStmt)
			if !ok {
				continue
			}
			file, err := r.moduleName(script.Name, load.ModuleName())
			if err != nil || seen[file] {
				continue
			}
			seen[file] = true
			if module, err := r.module(file); err == nil {
				add(module)
			}
		}
	}
	add(s)
	return hex.EncodeToString(sum.Sum(nil))
}

// maxScript is the largest script that is read: more is a mistake.
const maxScript = 1 << 20

// Find returns the script at a path, else the bundled one of that name. others
// are words that the user may have meant instead, for the error.
func Find(name string, others ...string) (Script, error) {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		script, err := Bundled(name)
		if err != nil {
			return Script{}, fmt.Errorf("there is no script %s, neither on disk nor bundled%s", name, nearest.DidYouMean(name, append(others, Names()...)))
		}
		return script, nil
	}
	if err != nil {
		return Script{}, fmt.Errorf("opening the script: %w", err)
	}
	return read(f, name)
}

// read reads and closes a script's file.
func read(f *os.File, name string) (Script, error) {
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return Script{}, fmt.Errorf("opening the script: %w", err)
	case info.IsDir():
		return Script{}, fmt.Errorf("script %s is a directory: give the name of a file", name)
	}
	return Read(f, name)
}

// Read reads a script, which is to be called name.
func Read(r io.Reader, name string) (Script, error) {
	source, err := io.ReadAll(io.LimitReader(r, maxScript+1))
	switch {
	case err != nil:
		return Script{}, fmt.Errorf("reading the script %s: %w", name, err)
	case len(source) > maxScript:
		return Script{}, fmt.Errorf("script %s is larger than %d bytes, which is the most that a script may have", name, maxScript)
	case !utf8.Valid(source), bytes.IndexByte(source, 0) >= 0: // the parser takes a NUL for the end
		return Script{}, fmt.Errorf("script %s is not UTF-8 text", name)
	}
	// Editors of Windows begin a file with a byte-order mark.
	return Script{Name: name, Source: strings.TrimPrefix(string(source), "\ufeff")}, nil
}

// Bundled returns a bundled script.
func Bundled(name string) (Script, error) {
	source, err := scripts.ReadFile("scripts/" + name)
	if err != nil {
		return Script{}, fmt.Errorf("there is no bundled script %s: there is %s", name, strings.Join(Names(), " and "))
	}
	return Script{Name: name, Source: string(source), Bundled: true}, nil
}

// Names returns the names of the bundled scripts.
func Names() []string { return names(scripts, "scripts/*.star") }

// Modules returns the bundled modules, and what scripts write before their
// names.
func Modules() (files fs.FS, prefix string) {
	files, err := fs.Sub(modules, "modules")
	if err != nil {
		panic(err) // the name is constant
	}
	return files, bundledPrefix
}

func moduleNames() []string {
	found := names(modules, "modules/*.star")
	for i, name := range found {
		found[i] = bundledPrefix + name
	}
	return found
}

func names(files embed.FS, pattern string) []string {
	paths, err := fs.Glob(files, pattern)
	if err != nil {
		panic(err) // the pattern is constant
	}
	for i, p := range paths {
		paths[i] = path.Base(p)
	}
	return paths
}
