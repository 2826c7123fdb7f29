package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"go.starlark.net/syntax"
)

func TestInWords(t *testing.T) {
	for python, want := range map[string]string{
		"str":                            "string",
		"str | list[str]":                "string or list of strings",
		"float | None":                   "number or None",
		"ImageList":                      "image_list",
		"list[str | None]":               "list of strings or None",
		"list[R]":                        "list",
		"Iterable[Image]":                "list of images",
		"Callable[[T], R]":               "function",
		"Callable[[R], Any] | None":      "function or None",
		"dict[str, list[Image]]":         "dict",
		"str | Callable[[Match], str]":   "string or function",
		"tuple[str | None, ...] | Match": "tuple or match",
	} {
		if err := CheckType(python); err != nil {
			t.Error(err)
		}
		if got := inWords(python); got != want {
			t.Errorf("%s in words is %q, want %q", python, got, want)
		}
	}
	for _, wrong := range []string{"string", "Imag", "list[Imag]", "list[str", "Callable[[Imag], str]", "", "image"} {
		if CheckType(wrong) == nil {
			t.Errorf("%q passes for a type", wrong)
		}
	}
}

// world is a bundled module for tests.
var world = fstest.MapFS{"greet.star": {Data: []byte(`"""Greetings."""

def _own(x):
    pass

def hello(name, *rest, greeting = "hello", **more):
    """Says hello.

    Args:
      name (str): who is
        greeted
      *rest (str): who else
      greeting (str): how
      **more (Any): what
        else: nobody knows

    Returns:
      str: the text
    """
`)}}

func read(t *testing.T) Reference {
	t.Helper()
	r, err := Read(world, "@test//")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReadModule(t *testing.T) {
	found, err := read(t).Lookup("greet")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Name != "@test//greet.star" || len(found[0].Members) != 1 {
		t.Fatalf("got %+v", found)
	}
	hello := found[0].Members[0]
	if got, want := hello.signature(), `hello(name, *rest, greeting = "hello", **more)`; got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
	if got, want := hello.Params[3].Text, "what else: nobody knows"; got != want {
		t.Errorf("**more is %q, want %q", got, want)
	}
	if hello.Type != "str" || hello.Return != "the text" || hello.From != "@test//greet.star" {
		t.Errorf("got %+v", hello)
	}
}

func TestReadWrongArgument(t *testing.T) {
	_, err := Read(fstest.MapFS{"x.star": {Data: []byte("def f(a):\n    \"\"\"Does.\n\n    Args:\n      a (str): this\n      b (str): that\n    \"\"\"\n")}}, "@test//")
	if err == nil || !strings.Contains(err.Error(), "x.star:1:1: the docstring of f has an argument b") {
		t.Errorf("got %v", err)
	}
}

func TestLookup(t *testing.T) {
	r := read(t)
	for name, want := range map[string]string{
		"validate":          "validate",
		"validate()":        "validate",
		"VALIDATE":          "validate",
		"image":             "image image",
		"time":              "time time",
		"re.search":         "re.search",
		"search":            "re.search",
		"match":             "match",
		"status":            "outcome.status result.status",
		"Result.Status":     "result.status",
		"replace":           "image.replace",
		"hello":             "hello",
		"greet.star":        "@test//greet.star",
		"@test//greet.star": "@test//greet.star",
		"rules":             "rules",
		"len":               "len",
		"__add__":           "",
		"rslt":              "the reference has no rslt; did you mean result? (\"mvrun docs\" lists what it has)",
		"xyzzy":             "the reference has no xyzzy (\"mvrun docs\" lists what it has)",
	} {
		found, err := r.Lookup(name)
		var names []string
		for _, e := range found {
			names = append(names, e.Name)
		}
		got := strings.Join(names, " ")
		if err != nil && want != "" {
			got = err.Error()
		}
		if got != want {
			t.Errorf("Lookup(%q) is %q, want %q", name, got, want)
		}
	}
}

// TestLinesFit looks for lines that are wider than a terminal. Lines of code do not
// count, because they are not wrapped.
func TestLinesFit(t *testing.T) {
	r := read(t)
	pages := map[string]string{"the overview": r.Overview()}
	for _, e := range r.all() {
		pages[e.Name+string(e.Kind)], _, _ = strings.Cut(Text([]*Entry{e}), "    Example:\n")
	}
	for name, page := range pages {
		for line := range strings.Lines(page) {
			code := strings.HasPrefix(line, "    ") && strings.HasSuffix(name, "topic")
			if len([]rune(strings.TrimRight(line, "\n"))) > width && !code {
				t.Errorf("%s has a line of more than %d columns: %s", name, width, line)
			}
		}
	}
}

// TestReturnsAreText finds returns whose second line is indented: it would be shown as code.
func TestReturnsAreText(t *testing.T) {
	for _, e := range read(t).all() {
		if strings.Contains(e.Return, "\n ") {
			t.Errorf("what %s returns has an indented line: %q", e.Name, e.Return)
		}
	}
}

// TestTopicsParse parses the scripts in topics. An indented text counts as a script if
// it begins with a definition or a docstring.
func TestTopicsParse(t *testing.T) {
	scripts := 0
	for _, e := range read(t).ofKind(Topic) {
		var code strings.Builder
		for line := range strings.Lines(e.Text + "\nend") {
			if strings.HasPrefix(line, "\t") || strings.TrimSpace(line) == "" {
				code.WriteString(strings.TrimPrefix(line, "\t"))
				continue
			}
			if block := strings.TrimSpace(code.String()); block != "" && !strings.HasPrefix(block, "mvrun ") {
				scripts++
				if _, err := (&syntax.FileOptions{}).Parse(e.Name, block, 0); err != nil {
					t.Errorf("topic %s: %v", e.Name, err)
				}
			}
			code.Reset()
		}
	}
	if scripts < 3 {
		t.Errorf("%d scripts were found in the topics", scripts)
	}
}

func TestStubCompiles(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("CI has to install python3")
		}
		t.Skip("python3 is not installed, so nothing reads the stub: install Debian's package python3")
	}
	file := filepath.Join(t.TempDir(), "mvrun.pyi")
	if err := os.WriteFile(file, []byte(read(t).Stub()), 0o666); err != nil {
		t.Fatal(err)
	}
	// This replaces a type checker: every name in an annotation must be defined.
	const check = `
import ast, builtins, sys
tree = ast.parse(open(sys.argv[1]).read())
known = set(dir(builtins))
for node in ast.walk(tree):
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        known.add(node.name)
    elif isinstance(node, ast.ImportFrom):
        known.update(a.name for a in node.names)
    elif isinstance(node, ast.Assign):
        known.update(t.id for t in node.targets)
    elif isinstance(node, ast.AnnAssign):
        known.add(node.target.id)
    elif isinstance(node, ast.arg):
        known.add(node.arg)
for node in ast.walk(tree):
    if isinstance(node, ast.Name) and node.id not in known:
        sys.exit("undefined: %s, line %d" % (node.id, node.lineno))
    if isinstance(node, ast.FunctionDef) and node.returns is None:
        sys.exit("%s has no type" % node.name)
`
	if out, err := exec.Command(python, "-c", check, file).CombinedOutput(); err != nil {
		t.Errorf("the stub is no Python: %v\n%s", err, out)
	}
}
