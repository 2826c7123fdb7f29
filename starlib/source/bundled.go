package source

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

//go:embed scripts/*.star
var scripts embed.FS

// The modules are named one by one, because the same folder has their tests, which
// must not be embedded.
//
//go:embed modules/dates.star modules/lists.star modules/retry.star
var modules embed.FS

// bundledPrefix is the beginning of the names by which scripts load embedded
// modules.
const bundledPrefix = "@mvrun//"

// Bundled returns an embedded script.
func Bundled(name string) (Script, error) {
	source, err := scripts.ReadFile("scripts/" + name)
	if err != nil {
		return Script{}, fmt.Errorf("there is no bundled script %s: there is %s", name, strings.Join(Names(), " and "))
	}
	return Script{Name: name, Source: string(source), Bundled: true}, nil
}

// Names returns the names of the embedded scripts.
func Names() []string { return baseNames(scripts, "scripts/*.star") }

// ModuleNames returns the names by which scripts load the embedded modules.
func ModuleNames() []string {
	found := baseNames(modules, "modules/*.star")
	for i, name := range found {
		found[i] = bundledPrefix + name
	}
	return found
}

// Modules returns the files of the embedded modules. The name of a module is the
// prefix and the name of its file.
func Modules() (files fs.FS, prefix string) {
	files, err := fs.Sub(modules, "modules")
	if err != nil {
		panic(err) // the name is constant
	}
	return files, bundledPrefix
}

func baseNames(files embed.FS, pattern string) []string {
	paths, err := fs.Glob(files, pattern)
	if err != nil {
		panic(err) // the pattern is constant
	}
	for i, p := range paths {
		paths[i] = path.Base(p)
	}
	return paths
}
