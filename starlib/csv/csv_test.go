package csv_test

import (
	"strings"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"mvrun/starlib/csv"
)

func eval(t *testing.T, expression, text string) (starlark.Value, error) {
	t.Helper()
	return starlark.EvalOptions(&syntax.FileOptions{}, &starlark.Thread{}, "test.star", expression,
		starlark.StringDict{"csv": csv.Module, "x": starlark.String(text)})
}

func TestDecode(t *testing.T) {
	for _, test := range []struct{ call, text, want string }{
		{"csv.decode(x)", "a,b\n1,\"two, \"\"quoted\"\"\"\n", `[["a", "b"], ["1", "two, \"quoted\""]]`},
		{"csv.decode(x, header = True)", "name,until\nnginx,2027-03-31\nredis\n", `[{"name": "nginx", "until": "2027-03-31"}, {"name": "redis", "until": ""}]`},
		{`csv.decode(x, comma = ";")`, "a;b\r\n1;2,5\r\n", `[["a", "b"], ["1", "2,5"]]`},
		{`csv.decode(x, comma = "\t")`, "a\tb\n", `[["a", "b"]]`},
		{"csv.decode(x)", "\ufeffa\n", `[["a"]]`},
		{"csv.decode(x)", "", `[]`},
		{"csv.decode(x, header = True)", "", `[]`},
	} {
		if got, err := eval(t, test.call, test.text); err != nil || got.String() != test.want {
			t.Errorf("%s of %q: got %v, %v, want %s", test.call, test.text, got, err, test.want)
		}
	}
}

func TestBad(t *testing.T) {
	for call, want := range map[string]string{
		`csv.decode("a,\"b")`:             "csv.decode: ",
		`csv.decode("a", comma = ",,")`:   `comma is ",,": want one character`,
		`csv.decode("a", comma = "")`:     `comma is "": want one character`,
		`csv.encode(["a"])`:               "rows[0]: got a string",
		`csv.encode([{"a": 1}])`:          "rows[0]: got a dict",
		`csv.decode("," * (5 * 1000000))`: "more than 4194304 fields",
	} {
		if got, err := eval(t, call, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v, want an error with %q", call, got, err, want)
		}
	}
}

func TestEncode(t *testing.T) {
	got, err := eval(t, `csv.encode([["a", 1, None], ("b, \"c\"", True, 2.5)])`, "")
	if want := starlark.String("a,1,\n\"b, \"\"c\"\"\",True,2.5\n"); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}
