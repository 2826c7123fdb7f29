package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestImports checks that packages import only packages of the layers below.
func TestImports(t *testing.T) {
	// For each package: our packages that it may import, directly or indirectly.
	allowed := map[string][]string{
		"mvrun/validate":                 {},
		"mvrun/engine/imagelist":         {},
		"mvrun/engine/imagelist/formats": {"mvrun/engine/imagelist"},
		"mvrun/engine/await":             {},
		"mvrun/engine/room":              {"mvrun/validate"},
		"mvrun/engine":                   {"mvrun/validate", "mvrun/engine/imagelist", "mvrun/engine/await", "mvrun/engine/room", "mvrun/engine/level"},
		"mvrun/engine/registry":          {"mvrun/validate", "mvrun/engine/imagelist", "mvrun/engine/await", "mvrun/engine/room", "mvrun/engine/level", "mvrun/engine/registry/access", "mvrun/engine/registry/mirrors", "mvrun/engine/registry/wire"},
		"mvrun/engine/registry/mirrors":  {"mvrun/engine/imagelist"},
		"mvrun/engine/registry/access":   {"mvrun/validate", "mvrun/engine/imagelist", "mvrun/engine/await", "mvrun/engine/level", "mvrun/engine/registry/wire"},
		"mvrun/engine/registry/wire":     {"mvrun/validate", "mvrun/engine/imagelist", "mvrun/engine/await", "mvrun/engine/level"},
		"mvrun/engine/registry/memory":   {"mvrun/validate"},
		"mvrun/engine/results":           {"mvrun/validate", "mvrun/engine/imagelist", "mvrun/engine/await", "mvrun/engine/room", "mvrun/engine/level", "mvrun/engine"},
		"mvrun/engine/report":            {"mvrun/validate", "mvrun/engine/imagelist", "mvrun/engine/await", "mvrun/engine/room", "mvrun/engine/level", "mvrun/engine", "mvrun/engine/results", "mvrun/engine/report/junit", "mvrun/engine/report/webpage"},
		"mvrun/engine/report/webpage":    {"mvrun/validate", "mvrun/engine/imagelist", "mvrun/engine/await", "mvrun/engine/room", "mvrun/engine/level", "mvrun/engine", "mvrun/engine/results"},
		"mvrun/engine/report/junit":      {},
		"mvrun/engine/sink":              {"mvrun/validate", "mvrun/engine/imagelist", "mvrun/engine/await", "mvrun/engine/room", "mvrun/engine/level", "mvrun/engine", "mvrun/engine/disk"},
		"mvrun/engine/level":             {},
		"mvrun/engine/disk":              {},
		"mvrun/starlib": {"mvrun/validate", "mvrun/engine/imagelist", "mvrun/engine/await", "mvrun/engine/room", "mvrun/engine/level", "mvrun/engine",
			"mvrun/starlib/diagnose", "mvrun/starlib/nearest", "mvrun/starlib/csv", "mvrun/starlib/param", "mvrun/starlib/re", "mvrun/starlib/yaml", "mvrun/starlib/source"},
		"mvrun/starlib/check": {"mvrun/validate", "mvrun/engine/imagelist", "mvrun/engine/await", "mvrun/engine/room", "mvrun/engine/level", "mvrun/engine", "mvrun/starlib",
			"mvrun/starlib/diagnose", "mvrun/starlib/docstring", "mvrun/starlib/nearest", "mvrun/starlib/csv", "mvrun/starlib/param", "mvrun/starlib/re", "mvrun/starlib/yaml",
			"mvrun/starlib/scripttest", "mvrun/starlib/signature", "mvrun/starlib/source"},
		"mvrun/starlib/diagnose":  {"mvrun/starlib/nearest", "mvrun/starlib/source"},
		"mvrun/starlib/docs":      {"mvrun/starlib/docstring", "mvrun/starlib/nearest"},
		"mvrun/starlib/docstring": {},
		"mvrun/starlib/nearest":   {},
		"mvrun/starlib/param":     {"mvrun/starlib/nearest"},
		"mvrun/starlib/re":        {"mvrun/starlib/nearest", "mvrun/starlib/param"},
		"mvrun/starlib/csv":       {"mvrun/starlib/nearest", "mvrun/starlib/param"},
		"mvrun/starlib/yaml":      {"mvrun/starlib/nearest", "mvrun/starlib/param"},
		"mvrun/starlib/scripttest": {"mvrun/validate", "mvrun/engine/imagelist", "mvrun/engine/await", "mvrun/engine/room", "mvrun/engine/level", "mvrun/engine", "mvrun/starlib",
			"mvrun/starlib/diagnose", "mvrun/starlib/nearest", "mvrun/starlib/csv", "mvrun/starlib/param", "mvrun/starlib/re", "mvrun/starlib/yaml", "mvrun/starlib/source"},
		"mvrun/starlib/signature": {"mvrun/starlib/docstring", "mvrun/starlib/nearest", "mvrun/starlib/source"},
		"mvrun/starlib/source":    {"mvrun/starlib/nearest"},
	}
	// For each package: packages of others that it must not import.
	forbidden := map[string][]string{
		"mvrun/engine":      {"net/http", "go.starlark.net/starlark"},
		"mvrun/engine/sink": {"net/http", "go.starlark.net/starlark"},
	}
	for pkg := range allowed {
		if strings.HasPrefix(pkg, "mvrun/starlib") {
			forbidden[pkg] = []string{"net/http"}
		}
	}
	// These packages may import only the standard library.
	standardOnly := []string{"mvrun/validate", "mvrun/engine/imagelist", "mvrun/engine/await"}
	for pkg, ours := range allowed {
		out, err := exec.Command("go", "list", "-deps", pkg).Output()
		if err != nil {
			t.Fatalf("go list -deps %s: %v", pkg, err)
		}
		for dep := range strings.FieldsSeq(string(out)) {
			standard := !strings.Contains(strings.Split(dep, "/")[0], ".") && !strings.HasPrefix(dep, "mvrun/")
			switch {
			case dep == pkg:
			case strings.HasPrefix(dep, "mvrun/") && !slices.Contains(ours, dep):
				t.Errorf("%s must not import %s", pkg, dep)
			case slices.Contains(forbidden[pkg], dep):
				t.Errorf("%s must not depend on %s", pkg, dep)
			case slices.Contains(standardOnly, pkg) && !standard && !strings.HasPrefix(dep, "vendor/"):
				t.Errorf("%s must import nothing but the standard library, not %s", pkg, dep)
			}
		}
	}
	out, err := exec.Command("go", "list", "mvrun/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.FieldsSeq(string(out)) {
		if _, ok := allowed[pkg]; !ok && !strings.HasPrefix(pkg, "mvrun/cmd/") {
			t.Errorf("%s: say above what it may reach", pkg)
		}
		name := pkg[strings.LastIndexByte(pkg, '/')+1:]
		if slices.Contains([]string{"util", "utils", "common", "helpers"}, name) {
			t.Errorf("%s: a package is called after what it is for", pkg)
		}
	}
}

// TestHeavyModules checks that the main module does not need the heavy libraries with
// which tests compare mvrun. They belong to the module testdata/oracle.
func TestHeavyModules(t *testing.T) {
	required, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, heavy := range []string{"github.com/distribution/", "github.com/containers/", "go.podman.io/", "k8s.io/", "sigs.k8s.io/", "github.com/chromedp/"} {
		if strings.Contains(string(required), "\t"+heavy) {
			t.Errorf("go.mod requires %s…: tests that need such a library belong to testdata/oracle", heavy)
		}
	}
}
