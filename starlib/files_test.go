package starlib

import (
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mvrun/engine/imagelist"
	"mvrun/starlib/source"
)

// movedFiles moves every file into a folder, and refuses the file "taken".
type movedFiles struct{}

func (movedFiles) Readable(path string) (string, error) { return "read/" + path, nil }

func (movedFiles) Writable(path string, _ bool) (string, error) {
	if path == "taken" {
		return "", errors.New("would replace the run's own")
	}
	return "written/" + path, nil
}

// TestFiles shows that every builtin refuses a path outside of the working
// directory, and that it gives all other paths to Files.
func TestFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	outside := filepath.Dir(t.TempDir())
	for name, test := range map[string]struct {
		source string
		files  Files
		want   []string // the paths that the builtins use
		err    string
	}{
		"no Files":         {"load_list('a')\nwrite_failed([], './b')\nregistry('x.y', ca = 'c')", nil, []string{"a", "b", "c"}, ""},
		"own lists":        {"load_list()\nwrite_failed([])", movedFiles{}, []string{"", ""}, ""},
		"load_list":        {"load_list('a')", movedFiles{}, []string{"read/a"}, ""},
		"write_failed":     {"write_failed([], 'b')", movedFiles{}, []string{"written/b"}, ""},
		"registry":         {"registry('x.y', ca = 'c', cert = 'd', key = 'e')", movedFiles{}, []string{"read/c", "read/d", "read/e"}, ""},
		"refused":          {"write_failed([], 'taken')", movedFiles{}, nil, "the failed list would replace the run's own"},
		"list outside":     {"load_list('" + outside + "')", movedFiles{}, nil, "load_list: a script may not use"},
		"failed outside":   {"write_failed([], '" + outside + "')", movedFiles{}, nil, "write_failed: a script may not use"},
		"registry outside": {"registry('x.y', ca = '" + outside + "')", movedFiles{}, nil, "registry: a script may not use"},
	} {
		t.Run(name, func(t *testing.T) {
			var used []string
			o := offline(t, 1, io.Discard)
			o.Files = test.files
			o.Open = func(path, _ string) (*imagelist.List, error) {
				used = append(used, path)
				return imagelist.Parse("list.txt", strings.NewReader("a b 1\n"), 0)
			}
			o.WriteFailed = func(path string, _ []string) error { used = append(used, path); return nil }
			o.Registry = func(_ string, s RegistrySettings) error {
				for _, path := range []string{s.CA, s.Cert, s.Key} {
					if path != "" {
						used = append(used, path)
					}
				}
				return nil
			}
			script := source.Script{Name: "s.star", Source: test.source + "\ndef main():\n    pass\n"}
			_, err := Run(t.Context(), script, o)
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Fatalf("got error %v, want %q", err, test.err)
			}
			if !slices.Equal(used, test.want) {
				t.Errorf("used %q, want %q", used, test.want)
			}
		})
	}
}

// TestMaxSteps shows the message of a script that took too many steps: with a hint
// at its end, and without a hint.
func TestMaxSteps(t *testing.T) {
	for hint, want := range map[string]string{
		"":        "the script took more than 1000 steps\n",
		"SETTING": "the script took more than 1000 steps (SETTING)\n",
	} {
		o := offline(t, 1, io.Discard)
		o.MaxSteps, o.MaxStepsHint = 1000, hint
		_, err := Run(t.Context(), source.Script{Name: "s.star", Source: "def main():\n    for _ in range(1 << 40):\n        pass\n"}, o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
