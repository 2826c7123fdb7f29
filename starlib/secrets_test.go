package starlib

import "testing"

func TestHide(t *testing.T) {
	var s secrets
	for _, v := range []variable{{"PASSWORD", "hunter2"}, {"LONG", "hunter2-of-corp"}, {"QUOTED", `a"b\c`}, {"SHORT", "yes"}, {"HOST", "reg.corp:5000"}, {"PLACE", "other.corp/mirror"}, {"EMPTY", ""},
		{"PADDED", "  s3cret value\n"}, {"LINES", "first line\nsecond line"}} {
		s.add(v.name, v.value)
		s.add(v.name, v.value)
	}
	for text, want := range map[string]string{
		"nothing":                        "nothing",
		"it is hunter2.":                 `it is env("PASSWORD").`,
		`it is "hunter2"`:                `it is env("PASSWORD")`,
		"hunter2-of-corp, hunter2":       `env("LONG"), env("PASSWORD")`,
		`plain a"b\c`:                    `plain env("QUOTED")`,
		`got "a\"b\\c"`:                  `got env("QUOTED")`,
		"yes":                            "yes",
		"reading reg.corp:5000/team/a:1": "reading reg.corp:5000/team/a:1",
		"reading other.corp/mirror/a:1":  "reading other.corp/mirror/a:1",
		"place: other.corp/mirror":       `place: env("PLACE")`,
		"registry: reg.corp:5000: wrong": `registry: env("HOST"): wrong`,
		"https://me:hunter2@reg.corp":    `https://me:env("PASSWORD")@reg.corp`,
		"without spaces: s3cret value.":  `without spaces: env("PADDED").`,
		"in a URL: s3cret+value":         `in a URL: env("PADDED")`,
		"Basic czNjcmV0IHZhbHVl":         `Basic env("PADDED")`,
		"one of: second line":            `one of: env("LINES")`,
		"hunter2/team":                   `env("PASSWORD")/team`,
	} {
		if got := s.hide(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
