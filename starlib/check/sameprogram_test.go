package check

import (
	"testing"

	"mvrun/starlib/source"
)

// TestSameProgram shows which formatted scripts count as the same program as the
// original.
func TestSameProgram(t *testing.T) {
	const before = `load("a.star", "a", "b")

def f(x):
    """Does
       it."""
    return [(x + 1), 'é', 10000000000000000000000, 1.5, a, b]
`
	for name, test := range map[string]struct {
		after     string
		dropLoads bool
		same      bool
	}{
		"the same": {before, false, true},
		"another layout": {`load("a.star", "a")
load("a.star", "b")
def f(x):
  """Does it."""
  return [x + 1, "\u00e9", 10000000000000000000000, 1.50, a, b]`, false, true},
		"broken":          {"def f(", false, false},
		"another string":  {"load(\"a.star\", \"a\", \"b\")\ndef f(x):\n  'Does it.'\n  return [x + 1, 'e', 10000000000000000000000, 1.5, a, b]", false, false},
		"another number":  {"load(\"a.star\", \"a\", \"b\")\ndef f(x):\n  'Does it.'\n  return [x + 1, 'é', 10000000000000000000001, 1.5, a, b]", false, false},
		"another name":    {"load(\"a.star\", \"a\", \"b\")\ndef f(x):\n  'Does it.'\n  return [x + 1, 'é', 10000000000000000000000, 1.5, b, a]", false, false},
		"another order":   {"load(\"a.star\", \"a\", \"b\")\ndef f(x):\n  'Does it.'\n  return [1 + x, 'é', 10000000000000000000000, 1.5, a, b]", false, false},
		"one item less":   {"load(\"a.star\", \"a\", \"b\")\ndef f(x):\n  'Does it.'\n  return [x + 1, 'é', 10000000000000000000000, 1.5, a]", false, false},
		"other docstring": {"load(\"a.star\", \"a\", \"b\")\ndef f(x):\n  'Does that.'\n  return [x + 1, 'é', 10000000000000000000000, 1.5, a, b]", false, false},
		"another load":    {"load(\"b.star\", \"a\", \"b\")\ndef f(x):\n  'Does it.'\n  return [x + 1, 'é', 10000000000000000000000, 1.5, a, b]", true, false},
		"undefined":       {"load(\"a.star\", \"a\")\ndef f(x):\n  'Does it.'\n  return [x + 1, 'é', 10000000000000000000000, 1.5, a, b]", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := sameProgram(source.Script{Name: "s.star", Source: before}, test.after, test.dropLoads); (err == nil) != test.same {
				t.Errorf("got %v, want same: %v", err, test.same)
			}
		})
	}
	if err := sameProgram(source.Script{Source: "load('a.star', 'a', 'b')\nx = a"}, "load('a.star', 'a')\nx = a", true); err != nil {
		t.Errorf("an unused load may be removed, but: %v", err)
	}
	if err := sameProgram(source.Script{Source: "load('a.star', 'a', 'b')\nx = a"}, "load('a.star', 'a')\nx = a", false); err == nil {
		t.Error("a load was removed that should stay")
	}
}
