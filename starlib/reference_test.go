package starlib

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"mvrun/engine"
	"mvrun/starlib/diagnose"
	"mvrun/starlib/docs"
	"mvrun/starlib/param"
	"mvrun/starlib/re"
	"mvrun/starlib/source"
	"mvrun/validate"
)

// The reference has to tell of all that scripts can use, and of nothing else.

func reference(t *testing.T) docs.Reference {
	t.Helper()
	r, err := docs.Read(source.Modules())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// everyBuiltin are those of scripts and of tests.
func everyBuiltin() starlark.StringDict { return (&run{world: noWorld{}}).builtins() }

// noWorld is a test's world in which nothing happens.
type noWorld struct{ World }

// exampleValues are the values of which the reference has a page, made as
// their builtins make them.
func exampleValues(t *testing.T) map[string]starlark.HasAttrs {
	unpacked := &engine.Result{Platforms: []validate.PlatformVerdict{{}}}
	result := &Result{unpacked.Pack(&unpacked.Image)}
	outcome, err := (&run{}).attempt(threadFor(t), starlark.NewBuiltin("attempt", nil), starlark.Tuple{starlark.Universe["list"]}, nil)
	if err != nil {
		t.Fatal(err)
	}
	match, err := starlark.Call(threadFor(t), re.Module.Members["search"], starlark.Tuple{starlark.String("a"), starlark.String("a")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	inspection := newInspection(&run{}, "example.com/app", "1", &validate.Inspection{Manifest: &validate.Manifest{}, Config: &validate.Config{}})
	return map[string]starlark.HasAttrs{
		"inspection":         inspection,
		"inspected_platform": inspection.platforms[0],
		"referrer":           newReferrer(validate.Descriptor{}).(starlark.HasAttrs),

		"image":         &Image{},
		"image_list":    noAttrs{&imageList{}},
		"result":        result,
		"platform":      platformValues(unpacked.Platforms).(*starlark.List).Index(0).(starlark.HasAttrs),
		"attempt":       outcome.(starlark.HasAttrs),
		"match":         match.(starlark.HasAttrs),
		"duration":      startime.Duration(0),
		"fake_image":    noAttrs{&fakeImageValue{}},
		"fake_registry": &fakeRegistryValue{},
		"outcome":       outcomeValue(ScriptOutcome{}),
		"time":          startime.Time{},
	}
}

// noAttrs is a value without attributes.
type noAttrs struct{ starlark.Value }

func (noAttrs) Attr(string) (starlark.Value, error) { return nil, nil }
func (noAttrs) AttrNames() []string                 { return nil }

func threadFor(t *testing.T) *starlark.Thread {
	thread := &starlark.Thread{Name: t.Name()}
	thread.SetLocal(contextLocal, t.Context())
	return thread
}

// namesOf are the names of entries of some kinds, without those of operators.
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
			t.Errorf("%s: the reference has %s, and scripts have not", what, name)
		}
	}
}

func TestReferenceHasEveryName(t *testing.T) {
	r := reference(t)
	same(t, "predeclared", namesOf(r, docs.Builtin, docs.Testing, docs.Module), everyBuiltin().Keys())
	same(t, "modules to load", namesOf(r, docs.Bundled), source.ModuleNames())

	constants := []string{"None", "True", "False"}
	same(t, "the language", namesOf(r, docs.Language),
		slices.DeleteFunc(starlark.Universe.Keys(), func(name string) bool { return slices.Contains(constants, name) }))

	values := exampleValues(t)
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
			value = everyBuiltin()[e.Name].(starlark.HasAttrs)
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

// TestReferenceHasEveryArgument asks each builtin for its parameters, by an
// argument that none has.
func TestReferenceHasEveryArgument(t *testing.T) {
	asked := 0
	check := func(name string, value starlark.Value) {
		fn, ok := value.(*starlark.Builtin)
		if !ok {
			return
		}
		_, err := starlark.Call(threadFor(t), fn, nil, []starlark.Tuple{{starlark.String("no_such_argument"), starlark.None}})
		var unknown *param.UnknownArgument
		if !errors.As(err, &unknown) {
			// These take any names, or none; those of the library do not tell.
			if !slices.Contains([]string{"attempt", "struct"}, name) && !strings.HasPrefix(name, "log.") &&
				!strings.HasPrefix(name, "json.") && !strings.HasPrefix(name, "math.") && !strings.HasPrefix(name, "time.") {
				t.Errorf("%s does not use unpack for its arguments: %v", name, err)
			}
			return
		}
		asked++
		entries, err := reference(t).Lookup(name)
		if err != nil {
			t.Error(err)
			return
		}
		entry := entries[0] // a function stands before a value of its name
		var documented []string
		for _, p := range entry.Params {
			switch {
			case p.Name == "*":
			case p.Default != "":
				documented = append(documented, p.Name+"?")
			default:
				documented = append(documented, p.Name)
			}
		}
		var taken []string
		for _, p := range unknown.Params {
			taken = append(taken, strings.Replace(p, "??", "?", 1)) // None is as if it were left out
		}
		if !slices.Equal(documented, taken) {
			t.Errorf("the reference of %s has the arguments %q, want %q", name, documented, taken)
		}
	}
	for name, value := range everyBuiltin() {
		check(name, value)
		if module, ok := value.(*starlarkstruct.Module); ok {
			for member, value := range module.Members {
				check(name+"."+member, value)
			}
		}
	}
	for name, value := range exampleValues(t) {
		if name == "time" || name == "duration" {
			continue // of the library
		}
		for _, attribute := range value.AttrNames() {
			member, err := value.Attr(attribute)
			if err != nil {
				t.Fatal(err)
			}
			check(name+"."+attribute, member)
		}
	}
	if asked < 15 {
		t.Errorf("only %d builtins told their arguments", asked)
	}
}

// TestReferenceIsWhole looks for what an entry lacks.
func TestReferenceIsWhole(t *testing.T) {
	var check func(e *docs.Entry)
	check = func(e *docs.Entry) {
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
			if e.Kind != docs.Language && p.Name != "*" && (p.Type == "" || p.Text == "") {
				t.Errorf("argument %s of %s is not documented: NAME (TYPE): TEXT", p.Name, e.Name)
			}
			if err := docs.CheckType(p.Type); p.Type != "" && err != nil {
				t.Errorf("argument %s of %s: %v", p.Name, e.Name, err)
			}
		}
		if err := docs.CheckType(e.Type); e.Type != "" && err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
		if (e.Kind == docs.Builtin || e.Kind == docs.Testing) && e.Example == "" {
			t.Errorf("%s has no example", e.Name)
		}
		if e.Example != "" {
			builtins := everyBuiltin()
			if _, _, err := starlark.SourceProgramOptions(source.Dialect, e.Name, e.Example, builtins.Has); err != nil {
				t.Errorf("the example of %s: %v", e.Name, diagnose.OfferNames(err, builtins.Keys()))
			}
		}
		for _, m := range e.Members {
			check(m)
		}
	}
	for _, e := range reference(t) {
		check(e)
	}
}

// TestReferenceHasEveryWord compares the topics with the words of package
// validate.
func TestReferenceHasEveryWord(t *testing.T) {
	topics := map[string]string{"Status": "reasons", "Reason": "reasons", "Match": "reasons", "Rules": "rules", "Depth": "depth"}
	files, err := filepath.Glob("../validate/*.go")
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
	text, err := os.ReadFile(filepath.Join("docs", "reference", "topics", topic+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "\n  - "+word+": ") {
		t.Errorf("topic %s does not explain %q", topic, word)
	}
}

// TestReferenceHasMethods compares the methods that a topic lists with those
// that there are.
func TestReferenceHasMethods(t *testing.T) {
	text, err := os.ReadFile("docs/reference/topics/starlark.txt")
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
