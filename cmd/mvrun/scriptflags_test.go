package main

import (
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/starlib/source"
)

// FuzzSignature gives main any parameters. They become flags, or there is an error
// that says what is wrong with the script.
func FuzzSignature(f *testing.F) {
	for _, parameters := range []string{
		"team, max_failures = 0, ratio = 0.5, dry = False, skip = [\"a\", \"b\"], least = -1, text = \"$x ${y}\"",
		"a, a = 1", "x = True, no_x = 1", "_ = 1, __ = 2", "h, help", "jobs = 3", "ä = 'ä'", "x = []", "x = ['']", "x = 1e400", "x = 1 << 3", "*args", "a, *, b = 1", "**k",
		"x = '`\\'\\\"', y = '\\n'", "x = 9223372036854775807", "x = None", "x = 'a' # Args:\n",
	} {
		f.Add("fuzz.star", parameters, "the docstring\n\nArgs:\n  x: ${what} it's \"for\"\n  a: b", "--x=1")
	}
	f.Add("$a`b\"c{d}", "x = 1", "", "--no-x")
	goTypes := regexp.MustCompile(`\*?\b(starlib|source|signature|starlark|kong|reflect|strconv)\.[A-Z]|panic|goroutine`)
	f.Fuzz(func(t *testing.T, name, parameters, doc, argument string) {
		text := "def main(" + parameters + "):\n    '''" + doc + "'''\n"
		if !utf8.ValidString(name+text) || goTypes.MatchString(name+text+argument) {
			return
		}
		c := job.Console{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, LookupEnv: func(string) (string, bool) { return "", false }}
		for _, arguments := range [][]string{{"run", "x.star"}, {"run", "x.star", "--help"}, {"run", "x.star", argument}} {
			line, err := scriptCommandLine(source.Script{Name: name, Source: text}, c)
			if err == nil {
				if _, err = parse(line.Kong, arguments); err == nil {
					line.own.arguments()
					line.own.named()
				}
			}
			if err != nil && goTypes.MatchString(err.Error()) {
				t.Errorf("%q: %v", arguments, err)
			}
		}
	})
}
