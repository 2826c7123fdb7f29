package diagnose

import (
	"errors"
	"testing"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"

	"mvrun/starlib/source"
)

func TestOfferNames(t *testing.T) {
	for text, want := range map[string]string{
		"valdate":                        "undefined: valdate (did you mean validate?)",
		"lne([])":                        "undefined: lne (did you mean len?)",
		"true":                           "undefined: true (did you mean True?)",
		"def vallidate(): pass\nvalidat": "undefined: validat (did you mean validate?)",
		"def check2(): pass\nchekc2":     "undefined: chekc2 (did you mean check2?)",
		"sum([])":                        "undefined: sum (Starlark has no sum: add in a loop)",
		"xyzzy":                          "undefined: xyzzy",
	} {
		_, _, err := starlark.SourceProgramOptions(source.Dialect, "x.star", text, func(name string) bool { return name == "validate" })
		var list resolve.ErrorList
		if err = OfferNames(err, []string{"validate"}); !errors.As(err, &list) {
			t.Fatalf("%s: %v", text, err)
		}
		if list[0].Msg != want {
			t.Errorf("%s: got %q, want %q", text, list[0].Msg, want)
		}
	}
}
