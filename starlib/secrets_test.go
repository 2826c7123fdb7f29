package starlib

import "testing"

func TestHide(t *testing.T) {
	var s secrets
	for _, v := range []variable{{"PASSWORD", "hunter2"}, {"LONG", "hunter2-of-corp"}, {"QUOTED", `a"b\c`}, {"SHORT", "yes"}, {"HOST", "reg.corp:5000"}, {"PLACE", "other.corp/mirror"}, {"EMPTY", ""}} {
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
		"hunter2/team":                   `env("PASSWORD")/team`,
	} {
		if got := s.hide(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
