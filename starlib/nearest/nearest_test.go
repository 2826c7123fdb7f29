package nearest

import "testing"

func TestName(t *testing.T) {
	names := []string{"validate", "validate.star", "load_list", "len", "re", "json", "True", "arch"}
	for wrong, want := range map[string]string{
		"valdate":  "validate",
		"lne":      "len",
		"loadlist": "load_list",
		"archs":    "arch",
		"true":     "True",
		"Validate": "validate",
		"x":        "",
		"foo":      "",
		"requests": "",
		"":         "",
	} {
		if got := Name(wrong, names); got != want {
			t.Errorf("Name(%q) is %q, want %q", wrong, got, want)
		}
	}
}
