package report

import (
	"runtime"
	"testing"
)

// TestPlaces shows where code reviews find a list.
func TestPlaces(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the paths of this test are those of Unix")
	}
	for _, test := range []struct {
		root, folder, name string
		path               string
		inside             bool
		uri, gitLab        string
	}{
		{"/builds/app", "/builds/app", "list.txt", "list.txt", true, "list.txt", "list.txt"},
		{"/builds/app", "/builds/app", "./lists/a.txt", "lists/a.txt", true, "lists/a.txt", "lists/a.txt"},
		{"/builds/app", "/builds/app/ci", "../list.txt", "list.txt", true, "list.txt", "list.txt"},
		{"/builds/app", "/builds/app", "/builds/app/lists/a b.txt", "lists/a b.txt", true, "lists/a%20b.txt", "lists/a b.txt"},
		{"/builds/app", "/builds/app", "../other/list.txt", "/builds/other/list.txt", false, "file:///builds/other/list.txt", "builds/other/list.txt"},
		{"/builds/app", "/builds/app", "/tmp/list.txt", "/tmp/list.txt", false, "file:///tmp/list.txt", "tmp/list.txt"},
		{"/builds/app", "/builds/app", "/builds/app2/list.txt", "/builds/app2/list.txt", false, "file:///builds/app2/list.txt", "builds/app2/list.txt"},
		{"", "/work", "list.txt", "list.txt", true, "list.txt", "list.txt"},
		{"/work", "/work", "a:b#c?d%.txt", "a:b#c?d%.txt", true, "a%3Ab%23c%3Fd%25.txt", "a:b#c?d%.txt"},
		{"/work", "/work", "..list.txt", "..list.txt", true, "..list.txt", "..list.txt"},
	} {
		path, inside := relative(test.root, test.folder, test.name)
		p := place{path: path, inside: inside, isFile: true, line: 1}
		if path != test.path || inside != test.inside || p.uri() != test.uri || p.relative() != test.gitLab {
			t.Errorf("%+v: %s, inside %t, %s, %s", test, path, inside, p.uri(), p.relative())
		}
	}
}
