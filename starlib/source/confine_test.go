package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfine(t *testing.T) {
	root := t.TempDir()
	for _, folder := range []string{"work/deep", "own", "shared", "outside"} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"work/out": "../outside", "work/in": "../shared"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(root, "work"))
	root, err := filepath.EvalSymlinks(root) // the path of the temporary folder may have a link
	if err != nil {
		t.Fatal(err)
	}
	l := NewLoader(Script{Name: "../own/s.star"}, Access{Folders: []string{"../shared"}, Named: []string{"../outside/named"}, FolderHint: "ALLOW"})
	for path, want := range map[string]string{
		"new":                "new",
		"./deep//new":        "deep/new",
		"nowhere/new":        "nowhere/new",
		"../own/lib.star":    "../own/lib.star",
		"../shared/new":      "../shared/new",
		"in/new":             filepath.Join(root, "shared/new"),
		"../outside/named":   "../outside/named",
		"../outside/./named": "", // the user named this file, but wrote the path differently
		"../outside/x":       "",
		"out/x":              "",
		"deep/../../x":       "",
	} {
		got, err := l.Confine(path)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v, want %q", path, got, err, want)
		}
	}
	_, err = l.Confine("out/x")
	for _, part := range []string{"out/x, which leads to " + filepath.Join(root, "outside/x"), "(ALLOW " + filepath.Join(root, "outside") + " would allow it)"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v: want %q", err, part)
		}
	}
	if _, err := NewLoader(Script{}, Access{}).Confine("../x"); err == nil || strings.Contains(err.Error(), "would allow it") {
		t.Errorf("got %v, want an error without a hint", err)
	}
}

func TestName(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("policy", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("policy", "link"); err != nil {
		t.Fatal(err)
	}
	l := NewLoader(Script{Name: "policy/s.star"}, Access{})
	for _, test := range []struct{ from, written, want string }{
		{"policy/s.star", "lib.star", "policy/lib.star"},
		{"policy/s.star", "../link/lib.star", "policy/lib.star"}, // the first name of the same file
		{"policy/lib.star", "./s.star", "policy/s.star"},
		{"policy/s.star", "@mvrun//retry.star", "@mvrun//retry.star"},
		{"@mvrun//retry.star", "lists.star", "@mvrun//lists.star"},
		{"policy/s.star", "@other//x.star", ""},
	} {
		got, err := l.Name(test.from, test.written)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s in %s: %q, %v, want %q", test.written, test.from, got, err, test.want)
		}
	}
}
