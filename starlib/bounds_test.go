package starlib

import (
	"strings"
	"testing"
)

// TestCheckJSON shows which JSON a script may decode.
func TestCheckJSON(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, test := range []struct {
		name, text string
		ok         bool
	}{
		{"an object", `{"a": [1, 2, {"b": null}]}`, true},
		{"nested as deep as allowed", deep(maxNesting), true},
		{"nested deeper", deep(maxNesting + 1), false},
		{"objects nested deeper", strings.Repeat(`{"a":`, maxNesting+1), false},
		{"seven million brackets", strings.Repeat("[", 7_000_000), false},
		{"brackets side by side", "[" + strings.Repeat("[],", 5000) + "[]]", true},
		{"brackets in a string", `"` + strings.Repeat("[", 5000) + `"`, true},
		{"brackets behind a quoted quote", `"\"` + strings.Repeat("[", 5000) + `"`, true},
		{"brackets behind a quoted backslash", `"\\"` + strings.Repeat("[", 5000), false},
		{"too long", strings.Repeat(" ", maxDecoded+1), false},
	} {
		if err := checkJSON(test.text); (err == nil) != test.ok {
			t.Errorf("%s: got %v", test.name, err)
		}
	}
}
