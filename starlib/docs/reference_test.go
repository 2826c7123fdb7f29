package docs_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/starlib"
	"mvrun/starlib/diagnose"
	"mvrun/starlib/docs"
	"mvrun/starlib/param"
	"mvrun/starlib/scripttest"
	"mvrun/starlib/source"
	"mvrun/validate"
)

// These tests compare the reference with the names, arguments, values and words that
// scripts can really use. They get these from the running builtins.

func reference(t *testing.T) docs.Reference {
	t.Helper()
	r, err := docs.Read(source.Modules())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// builtinNames returns the names of the builtins of scripts and of tests.
func builtinNames() []string { return append(starlib.BuiltinNames(), scripttest.BuiltinNames()...) }

// builtins returns the builtins of scripts and of tests.
func builtins(t *testing.T) map[string]starlark.Value {
	expressions := map[string]string{}
	for _, name := range builtinNames() {
		expressions[name] = name
	}
	return evaluate(t, expressions)
}

// exampleValues returns one value for each type that has a page in the reference.
func exampleValues(t *testing.T) map[string]starlark.HasAttrs {
	values := map[string]starlark.HasAttrs{}
	for name, value := range evaluate(t, map[string]string{
		"image":              `image("a.example/app", "b.example/app", "1")`,
		"image_list":         `load_list()`,
		"result":             `run("validate.star").results[0]`,
		"platform":           `run("validate.star").results[0].platforms[0]`,
		"attempt":            `attempt(list)`,
		"inspection":         `inspect("a.example/app:1")`,
		"inspected_platform": `inspect("a.example/app:1").platforms[0]`,
		"referrer":           `referrers("a.example/app:1")[0]`,
		"match":              `re.search("a", "a")`,
		"duration":           `time.parse_duration("1s")`,
		"time":               `time.now()`,
		"fake_image":         `fake_image()`,
		"fake_registry":      `fake_registry()`,
		"outcome":            `run("validate.star")`,
	}) {
		withAttrs, ok := value.(starlark.HasAttrs)
		if !ok {
			withAttrs = noAttrs{value}
		}
		values[name] = withAttrs
	}
	return values
}

// noAttrs is a value without attributes.
type noAttrs struct{ starlark.Value }

func (noAttrs) Attr(string) (starlark.Value, error) { return nil, nil }
func (noAttrs) AttrNames() []string                 { return nil }

// evaluate returns the values that a test of a script gets for expressions.
func evaluate(t *testing.T, expressions map[string]string) map[string]starlark.Value {
	t.Helper()
	file := source.Script{Name: "reference" + source.TestSuffix, Source: "def test_it():\n"}
	for name, expression := range expressions {
		file.Source += fmt.Sprintf("    keep(%q, %s)\n", name, expression)
	}
	values := map[string]starlark.Value{}
	keep := func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		name, _ := starlark.AsString(args[0])
		values[name] = args[1]
		return starlark.None, nil
	}
	e := engine.New(engine.Options{Jobs: 1, Timeout: time.Minute, Stop: func(error) {}})
	defer e.Close(nil)
	o := starlib.Options{
		Engine: e, Lookup: registryOfOne{}, Print: io.Discard,
		Open: func(_, _ string) (*imagelist.List, error) {
			return imagelist.Parse("list.txt", strings.NewReader("a.example/app b.example/app 1\n"), 0)
		},
		Extra: starlark.StringDict{"keep": starlark.NewBuiltin("keep", keep)},
	}
	if err := scripttest.RunTest(t.Context(), file, "test_it", o, worldOfOne{}); err != nil {
		t.Fatal(err)
	}
	return values
}

// registryOfOne is a Lookup that finds one image with one referrer everywhere.
type registryOfOne struct{}

func (registryOfOne) Inspect(context.Context, string, string) (*validate.Inspection, error) {
	return &validate.Inspection{Manifest: &validate.Manifest{}, Config: &validate.Config{}}, nil
}

func (registryOfOne) Tags(context.Context, string) ([]string, error) { return nil, nil }

func (registryOfOne) Referrers(context.Context, string, string) ([]validate.Descriptor, error) {
	return []validate.Descriptor{{}}, nil
}

// worldOfOne is a World whose scripts have one result with one platform.
type worldOfOne struct{}

func (worldOfOne) AddRegistry(scripttest.FakeRegistry) error { return nil }

func (worldOfOne) RunScript(context.Context, scripttest.ScriptRun) (scripttest.ScriptOutcome, error) {
	return scripttest.ScriptOutcome{Results: []*engine.Result{{Image: new(imagelist.Image), Platforms: []validate.PlatformVerdict{{}}}}}, nil
}

// namesOf returns the names of the entries of some kinds, without operators.
func namesOf(entries []*docs.Entry, kinds ...docs.Kind) []string {
	var found []string
	for _, e := range entries {
		if slices.Contains(kinds, e.Kind) && !strings.Contains(e.Name, "__") {
			found = append(found, e.Name)
		}
	}
	slices.Sort(found)
	return found
}

func same(t *testing.T, what string, documented, there []string) {
	t.Helper()
	there = slices.Sorted(slices.Values(there))
	for _, name := range there {
		if !slices.Contains(documented, name) {
			t.Errorf("%s: the reference has no %s: say what it is for below starlib/docs/reference", what, name)
		}
	}
	for _, name := range documented {
		if !slices.Contains(there, name) {
			t.Errorf("%s: the reference has %s, but scripts do not", what, name)
		}
	}
}

func TestReferenceHasEveryName(t *testing.T) {
	r := reference(t)
	same(t, "predeclared", namesOf(r, docs.Builtin, docs.Testing, docs.Module), builtinNames())
	same(t, "modules to load", namesOf(r, docs.Bundled), source.ModuleNames())

	constants := []string{"None", "True", "False"}
	same(t, "the language", namesOf(r, docs.Language),
		slices.DeleteFunc(starlark.Universe.Keys(), func(name string) bool { return slices.Contains(constants, name) }))

	values, builtins := exampleValues(t), builtins(t)
	var pages []string
	for name := range values {
		pages = append(pages, name)
	}
	same(t, "values", namesOf(r, docs.Value), pages)
	for _, e := range r {
		var value starlark.HasAttrs
		switch e.Kind {
		case docs.Value:
			value = values[e.Name]
		case docs.Module:
			value = builtins[e.Name].(starlark.HasAttrs)
		default:
			continue
		}
		if value == nil {
			continue
		}
		attributes := value.AttrNames()
		for i, name := range attributes {
			attributes[i] = e.Name + "." + name
		}
		same(t, string(e.Kind)+" "+e.Name, namesOf(e.Members, docs.Attribute, docs.Function), attributes)
	}
}

// TestReferenceHasEveryArgument compares the arguments in the reference with those of
// the builtins. It calls each builtin with an unknown argument: the error names all
// parameters.
func TestReferenceHasEveryArgument(t *testing.T) {
	asked := 0
	for name, fn := range functions(t) {
		parameters, ok := parametersOf(fn)
		if !ok {
			// These accept any names or no names, or they are builtins of the library,
			// whose errors do not name the parameters.
			if !slices.Contains([]string{"attempt", "struct"}, name) && !strings.HasPrefix(name, "log.") &&
				!strings.HasPrefix(name, "json.") && !strings.HasPrefix(name, "math.") && !strings.HasPrefix(name, "time.") {
				t.Errorf("%s does not use param.Unpack for its arguments", name)
			}
			continue
		}
		asked++
		entries, err := reference(t).Lookup(name)
		if err != nil {
			t.Error(err)
			continue
		}
		documented := documentedParameters(entries[0]) // if a function and a value have the same name, the function comes first
		if !slices.Equal(documented, parameters) {
			t.Errorf("the reference of %s has the arguments %q, want %q", name, documented, parameters)
		}
	}
	if asked < 15 {
		t.Errorf("only %d builtins named their arguments", asked)
	}
}

// functions returns all functions that Go implements: builtins, functions of modules,
// and methods of values. It leaves out methods of values of the Starlark library.
func functions(t *testing.T) map[string]*starlark.Builtin {
	all := map[string]*starlark.Builtin{}
	add := func(name string, value starlark.Value) {
		if fn, ok := value.(*starlark.Builtin); ok {
			all[name] = fn
		}
	}
	for name, value := range builtins(t) {
		add(name, value)
		if module, ok := value.(*starlarkstruct.Module); ok {
			for member, value := range module.Members {
				add(name+"."+member, value)
			}
		}
	}
	for name, value := range exampleValues(t) {
		if name == "time" || name == "duration" {
			continue
		}
		for _, attribute := range value.AttrNames() {
			member, err := value.Attr(attribute)
			if err != nil {
				t.Fatal(err)
			}
			add(name+"."+attribute, member)
		}
	}
	return all
}

// parametersOf returns the parameters of a function. The names of optional ones
// end in "?". ok is false if the error of the function does not name them.
func parametersOf(fn *starlark.Builtin) (parameters []string, ok bool) {
	_, err := starlark.Call(&starlark.Thread{}, fn, nil, []starlark.Tuple{{starlark.String("no_such_argument"), starlark.None}})
	var unknown *param.UnknownArgument
	if !errors.As(err, &unknown) {
		return nil, false
	}
	for _, p := range unknown.Params {
		parameters = append(parameters, strings.Replace(p, "??", "?", 1)) // "??" also means optional
	}
	return parameters, true
}

func documentedParameters(entry *docs.Entry) []string {
	var parameters []string
	for _, p := range entry.Params {
		switch {
		case p.Name == "*":
		case p.Default != "":
			parameters = append(parameters, p.Name+"?")
		default:
			parameters = append(parameters, p.Name)
		}
	}
	return parameters
}

// TestReferenceIsComplete checks that entries have a text, types and examples.
func TestReferenceIsComplete(t *testing.T) {
	for _, e := range reference(t) {
		checkEntry(t, e)
	}
}

func checkEntry(t *testing.T, e *docs.Entry) {
	if e.Summary == "" {
		t.Errorf("%s has no text", e.Name)
	}
	if e.Kind == docs.Attribute && e.Type == "" {
		t.Errorf("attribute %s has no type: NAME (TYPE): TEXT", e.Name)
	}
	if e.Return != "" && e.Type == "" {
		t.Errorf("what %s returns has no type: TYPE: TEXT", e.Name)
	}
	for _, p := range e.Params {
		checkParameter(t, e, p)
	}
	if err := docs.CheckType(e.Type); e.Type != "" && err != nil {
		t.Errorf("%s: %v", e.Name, err)
	}
	if (e.Kind == docs.Builtin || e.Kind == docs.Testing) && e.Example == "" {
		t.Errorf("%s has no example", e.Name)
	}
	if e.Example != "" {
		checkExample(t, e)
	}
	for _, m := range e.Members {
		checkEntry(t, m)
	}
}

func checkParameter(t *testing.T, e *docs.Entry, p docs.Param) {
	if e.Kind != docs.Language && p.Name != "*" && (p.Type == "" || p.Text == "") {
		t.Errorf("argument %s of %s is not documented: NAME (TYPE): TEXT", p.Name, e.Name)
	}
	if err := docs.CheckType(p.Type); p.Type != "" && err != nil {
		t.Errorf("argument %s of %s: %v", p.Name, e.Name, err)
	}
}

func checkExample(t *testing.T, e *docs.Entry) {
	isBuiltin := func(name string) bool { return slices.Contains(builtinNames(), name) }
	if _, _, err := starlark.SourceProgramOptions(source.Dialect, e.Name, e.Example, isBuiltin); err != nil {
		t.Errorf("the example of %s: %v", e.Name, diagnose.OfferNames(err, builtinNames()))
	}
}

// TestReferenceHasEveryWord compares the topics with the words of package
// validate.
func TestReferenceHasEveryWord(t *testing.T) {
	topics := map[string]string{"Status": "reasons", "Reason": "reasons", "Match": "reasons", "Rules": "rules", "Depth": "depth"}
	files, err := filepath.Glob("../../validate/*.go")
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]int{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			kind, _ := spec.Type.(*ast.Ident)
			word, _ := spec.Values[0].(*ast.BasicLit)
			if kind != nil && word != nil && topics[kind.Name] != "" {
				words[topics[kind.Name]]++
				hasWord(t, topics[kind.Name], strings.Trim(word.Value, `"`))
			}
			return true
		})
	}
	if words["reasons"] < 20 || words["rules"] == 0 || words["depth"] == 0 {
		t.Errorf("too few words were found: %v", words)
	}
}

func hasWord(t *testing.T, topic, word string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("reference", "topics", topic+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "\n  - "+word+": ") {
		t.Errorf("topic %s does not explain %q", topic, word)
	}
}

// TestReferenceHasMethods compares the methods that a topic lists with the methods that
// exist.
func TestReferenceHasMethods(t *testing.T) {
	text, err := os.ReadFile("reference/topics/starlark.txt")
	if err != nil {
		t.Fatal(err)
	}
	for kind, value := range map[string]starlark.HasAttrs{
		"strings": starlark.String(""), "lists": starlark.NewList(nil), "dicts": starlark.NewDict(0), "sets": starlark.NewSet(0),
	} {
		_, listed, found := strings.Cut(string(text), "- Of "+kind+":")
		listed, _, _ = strings.Cut(listed, ".")
		if !found {
			t.Errorf("the methods of %s are not listed", kind)
		}
		for method := range strings.SplitSeq(listed, ",") {
			if !slices.Contains(value.AttrNames(), strings.TrimSpace(method)) {
				t.Errorf("%s have no method %q", kind, strings.TrimSpace(method))
			}
		}
	}
}
