package diagnose

import (
	"testing"
	"unicode/utf8"
)

func TestWithoutPasswords(t *testing.T) {
	for line, want := range map[string]string{
		`registry("r", username = "u", password = "hunter2")`: `registry("r", username = "u", password = "*******")`,
		`registry("r", "", "u", "hunter2", pasword = "x")`:    `registry("r", "", "*", "*******", pasword = "x")`,
		`registry("r", token_server = "a", ca = "b")`:         `registry("r", token_server = "a", ca = "b")`,
		`env("CORP_PASSWORD", default = "hunter2")`:           `env("CORP_PASSWORD", default = "*******")`,
		`env("CORP_PASSWORD", 'hunter2')`:                     `env("CORP_PASSWORD", '*******')`,
		`x = {"password": r"hunter2", 'token' : 'a'}`:         `x = {"password": r"*******", 'token' : '*'}`,
		`password = """hunter2""", ca = "no.pem")`:            `password = """*******""", ca = "no.pem")`,
		`MY_TOKEN = """hunter2`:                               `MY_TOKEN = """*******`,
		`password = "a\"b" + "c"`:                             `password = "****" + "c"`,
		`password = "é"`:                                      `password = "*"`,
		`fail("the password: ", "b")`:                         `fail("the password: ", "b")`,
		`it's`:                                                `it's`,
		`password = "`:                                        `password = "`,
		`secret = '\`:                                         `secret = '*`,
	} {
		if got := withoutPasswords(line); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", line, got, want)
		}
	}
}

func FuzzWithoutPasswords(f *testing.F) {
	f.Add(`registry("r", password = r"a\"b", token = '''x')`)
	f.Fuzz(func(t *testing.T, line string) {
		if got := withoutPasswords(line); utf8.RuneCountInString(got) != utf8.RuneCountInString(line) {
			t.Errorf("%q becomes %q: the caret would be at another place", line, got)
		}
	})
}
