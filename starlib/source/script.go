package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"go.starlark.net/syntax"

	"mvrun/starlib/nearest"
)

// Dialect is the dialect of Starlark for scripts and modules. Loops are allowed only
// in functions, not at the top level.
var Dialect = &syntax.FileOptions{Set: true}

// Script is a script or a module.
type Script struct {
	Name    string // the path of its file, or the name of the embedded script
	Source  string
	Bundled bool // whether it is embedded in the program
}

// TestSuffix is the end of the name of every file with tests of scripts.
const TestSuffix = "_test.star"

// IsTest reports whether a file has tests of scripts.
func (s Script) IsTest() bool { return strings.HasSuffix(s.Name, TestSuffix) }

// MaxSize is the greatest number of bytes of a script. A user who names a larger file
// has probably made a mistake.
const MaxSize = 1 << 20

// Find returns the script at a path. If there is no such file, Find returns the
// bundled script of that name. others are more names for the "did you mean" of the
// error, such as those of commands.
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
	return readFile(f, name)
}

// readFile reads and closes the file of a script.
func readFile(f *os.File, name string) (Script, error) {
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

// Read reads a script. name becomes its name.
func Read(r io.Reader, name string) (Script, error) {
	source, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	switch {
	case err != nil:
		return Script{}, fmt.Errorf("reading the script %s: %w", name, err)
	case len(source) > MaxSize:
		return Script{}, fmt.Errorf("script %s is larger than %d bytes, which is the most that a script may have", name, MaxSize)
	case !utf8.Valid(source), bytes.IndexByte(source, 0) >= 0: // a NUL would end the script for the parser
		return Script{}, fmt.Errorf("script %s is not UTF-8 text", name)
	}
	// Some editors on Windows begin a file with a byte-order mark.
	return Script{Name: name, Source: strings.TrimPrefix(string(source), "\ufeff")}, nil
}
