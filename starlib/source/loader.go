package source

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"go.starlark.net/syntax"

	"mvrun/starlib/nearest"
)

// Loader finds and reads the files of one script. Only Confine and Locate may be
// called from several goroutines at once.
type Loader struct {
	script Script
	access Access
	names  map[string]string // the names of the files seen so far, by their paths without symbolic links
}

// NewLoader returns the loader of a script.
func NewLoader(script Script, access Access) *Loader {
	l := &Loader{script: script, access: access, names: map[string]string{}}
	l.firstName(filepath.Clean(script.Name))
	return l
}

// Name returns the name of the module that a load statement names. from is the
// name of the file that has the statement, and written is the text in the
// statement.
//
// The name of a file is the first path that led to it, relative to the working
// directory. So a file has one name, even if several paths lead to it.
func (l *Loader) Name(from, written string) (string, error) {
	switch {
	case strings.HasPrefix(written, bundledPrefix):
		return written, nil
	case strings.HasPrefix(written, "@"):
		return "", fmt.Errorf("there is no module %s: the bundled ones are %s", written, strings.Join(ModuleNames(), " and "))
	case strings.HasPrefix(from, bundledPrefix):
		return bundledPrefix + path.Join(path.Dir(strings.TrimPrefix(from, bundledPrefix)), written), nil
	case filepath.IsAbs(written):
		return l.firstName(filepath.Clean(written)), nil
	}
	return l.firstName(filepath.Join(filepath.Dir(from), written)), nil
}

// firstName returns the first path that led to a file.
func (l *Loader) firstName(file string) string {
	target, _ := resolveLinks(file)
	if _, ok := l.names[target]; !ok {
		l.names[target] = file
	}
	return l.names[target]
}

// ReadModule reads a module whose name Name returned.
func (l *Loader) ReadModule(name string) (Script, error) {
	if file, ok := strings.CutPrefix(name, bundledPrefix); ok {
		source, err := modules.ReadFile(path.Join("modules", file))
		if err != nil {
			return Script{}, fmt.Errorf("there is no bundled module %s%s", name, nearest.DidYouMean(name, ModuleNames()))
		}
		return Script{Name: name, Source: string(source), Bundled: true}, nil
	}
	// A flag that names a file does not make the file a module, whose lines errors show.
	path, err := l.confine(filepath.Clean(name))
	if err != nil {
		return Script{}, err
	}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return Script{}, fmt.Errorf("there is no file %s%s", name, nearest.DidYouMean(name, scriptsBeside(path)))
	case err != nil:
		return Script{}, err
	}
	return readFile(f, name)
}

// scriptsBeside returns the paths of the scripts in the folder of a file.
func scriptsBeside(file string) []string {
	found, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		return nil // there is no such folder
	}
	var paths []string
	for _, f := range found {
		if filepath.Ext(f.Name()) == ".star" {
			paths = append(paths, filepath.Join(filepath.Dir(file), f.Name()))
		}
	}
	return paths
}

// CycleError says that a module loads itself, directly or through other modules.
type CycleError struct {
	Module string
	From   string // the file whose load statement closes the cycle
}

func (e *CycleError) Error() string {
	if e.Module == e.From {
		return fmt.Sprintf("%s loads itself: what it defines is there without that", e.Module)
	}
	return fmt.Sprintf("%s loads itself, by way of %s: move what both need to a third file", e.Module, e.From)
}

// SHA256 returns the hash, in hexadecimal digits, of the script and of all
// modules that it loads.
func (s Script) SHA256(access Access) string {
	sum := sha256.New()
	io.WriteString(sum, s.Source)
	for _, module := range s.Modules(access) {
		io.WriteString(sum, module.Source)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Modules returns the modules that the script loads, directly or through other
// modules, in the order of their load statements. A module that cannot be read is
// left out, because a run ends with an error when it loads that module.
func (s Script) Modules(access Access) []Script {
	var modules []Script
	loader := NewLoader(s, access)
	seen := map[string]bool{}
	var add func(Script)
	add = func(script Script) {
		tree, err := Dialect.Parse(script.Name, script.Source, 0)
		if err != nil {
			return
		}
		for _, statement := range tree.Stmts {
			load, ok := statement.(*syntax.LoadStmt)
			if !ok {
				continue
			}
			name, err := loader.Name(script.Name, load.ModuleName())
			if err != nil || seen[name] {
				continue
			}
			seen[name] = true
			if module, err := loader.ReadModule(name); err == nil {
				modules = append(modules, module)
				add(module)
			}
		}
	}
	add(s)
	return modules
}
