package yaml_test

import (
	"strings"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"mvrun/starlib/yaml"
)

func eval(t testing.TB, expression string, text string) (starlark.Value, error) {
	t.Helper()
	return starlark.EvalOptions(&syntax.FileOptions{}, &starlark.Thread{}, "test.star", expression,
		starlark.StringDict{"yaml": yaml.Module, "x": starlark.String(text)})
}

func TestDecode(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", "None"},
		{"a: 1\nb: [x, 2.5, true, null, ~]\n", `{"a": 1, "b": ["x", 2.5, True, None, None]}`},
		{"z: 1\na: 2\n", `{"z": 1, "a": 2}`}, // in the order of the text
		{"date: 2026-11-26\nversion: 1.10\n", `{"date": "2026-11-26", "version": 1.1}`},
		{"n: 18446744073709551616\nh: 0x1F\nu: 1_000\n", `{"n": 18446744073709551616, "h": 31, "u": 1000}`},
		{"yes: no\non: off\n", `{"yes": "no", "on": "off"}`}, // YAML 1.2: no booleans
		{"1: one\ntrue: two\n", `{1: "one", True: "two"}`},
		{"base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\n", `{"base": {"x": 1, "y": 2}, "use": {"y": 3, "x": 1}}`},
		{"a: &a [1]\nb: *a\n", `{"a": [1], "b": [1]}`},
		{"text: |\n  two\n  lines\n", `{"text": "two\nlines\n"}`},
		{"{\"json\": [1, {}]}", `{"json": [1, {}]}`},
	} {
		got, err := eval(t, "yaml.decode(x)", test.text)
		if err != nil || got.String() != test.want {
			t.Errorf("%q: got %v, %v, want %s", test.text, got, err, test.want)
		}
	}
}

func TestDecodeBad(t *testing.T) {
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := range 9 {
		name := string(rune('0' + i + 1))
		before := "*a" + string(rune('0'+i))
		bomb += "a" + name + ": &a" + name + " [" + strings.Repeat(before+",", 9) + before + "]\n"
	}
	for _, test := range []struct{ text, want string }{
		{"a: 1\na: 2\n", `line 2: the key "a" stands twice`},
		{"a: [1\n", "line "},
		{"? [a]\n: 1\n", "line 1: a list or a mapping cannot be a key"},
		{"a: 1\n---\nb: 2\n", "the text has 2 documents: all = True returns a list of them"},
		{strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "lie inside each other"},
		{"a: &a [*a]\n", "lie inside each other"},
		{bomb, "more than 4194304 values"},
		{"<<: 1\n", "<< wants a mapping"},
	} {
		if got, err := eval(t, "yaml.decode(x)", test.text); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.40q: got %v, %v, want an error with %q", test.text, got, err, test.want)
		}
		if got, err := eval(t, `yaml.decode(x, "none")`, test.text); err != nil || got != starlark.String("none") {
			t.Errorf("%.40q with a default: got %v, %v", test.text, got, err)
		}
	}
}

func TestDocuments(t *testing.T) {
	got, err := eval(t, "yaml.decode(x, all = True)", "a: 1\n---\n- b\n---\n")
	if err != nil || got.String() != `[{"a": 1}, ["b"], None]` {
		t.Errorf("got %v, %v", got, err)
	}
}

// What is written can be read again.
func TestEncode(t *testing.T) {
	for _, value := range []string{
		`{"a": 1, "b": ["x", 2.5, True, None], "c": {}}`, `"true"`, `"1"`, `"null"`, `"- a: b"`, `"two\nlines"`, `[1, [2, []]]`, `1 << 70`, `1e300`, `"\u2028"`, `{1: "one"}`,
	} {
		got, err := eval(t, "yaml.decode(yaml.encode("+value+")) == "+value, "")
		if err != nil || got != starlark.True {
			t.Errorf("%s: got %v, %v", value, got, err)
		}
	}
	if got, err := eval(t, `yaml.encode({"b": [1, "x"], "a": None})`, ""); err != nil || got != starlark.String("b:\n  - 1\n  - x\na: null\n") {
		t.Errorf("got %v, %v", got, err)
	}
	for _, value := range []string{`len`, `{"a": len}`} {
		if got, err := eval(t, "yaml.encode("+value+")", ""); err == nil {
			t.Errorf("%s: got %v", value, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"a: 1", "- &a [1]\n- *a", "<<: {a: 1}", "? a\n: b", "!!binary x", "a: !!int x", "--- \n..."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := eval(t, "yaml.decode(x, None, all = True)", text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
