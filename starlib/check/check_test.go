package check_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mvrun/starlib/check"
	"mvrun/starlib/source"
)

// TestOurScriptsAreClean checks the scripts of this repository, because users copy
// them.
func TestOurScriptsAreClean(t *testing.T) {
	var scripts []source.Script
	for pattern, prefix := range map[string]string{"../source/scripts/*.star": "", "../source/modules/*.star": "@mvrun//", "../../examples/*.star": "../../examples/"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no files %s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			scripts = append(scripts, source.Script{Name: prefix + filepath.Base(file), Source: string(text)})
		}
	}
	for _, f := range check.Check(scripts, check.Options{}) {
		t.Errorf("%s:%d:%d: %s [%s]", f.Path, f.Line, f.Column, f.Message, f.Rule)
	}
}

func TestFix(t *testing.T) {
	for name, test := range map[string]struct{ source, want string }{
		"spaces":              {"x=1\ndef  f( a,b=2 ):\n  return [ a,b ]\n", "x = 1\n\ndef f(a, b = 2):\n    return [a, b]\n"},
		"no newline":          {"x = 1", "x = 1\n"},
		"quotes":              {`x = ['a', 'b"c', 'd\'e', r'f\d', '''g''']` + "\n", `x = ["a", 'b"c', "d'e", r"f\d", """g"""]` + "\n"},
		"other scripts":       {"x = 'é'\ny = 'a\\u00e9é'\nz = '\\ué'\n", "x = 'é'\ny = 'a\\u00e9é'\nz = '\\ué'\n"},
		"letters beyond":      {"x = 'é'\ny = '\\u00e9é'\n", "x = \"é\"\ny = \"\\u00e9é\"\n"},
		"tabs":                {"def f(a):\n\tif a:\n\t\treturn 1\n\treturn 2\n", "def f(a):\n    if a:\n        return 1\n    return 2\n"},
		"tabs in a docstring": {"def f(a):\n\t\"\"\"Does it.\n\n\tArgs:\n\t  a: what\n\t\"\"\"\n\treturn a\n", "def f(a):\n    \"\"\"Does it.\n\n    Args:\n      a: what\n    \"\"\"\n    return a\n"},
		"tabs in a string":    {"x = \"\"\"a\n\tb\"\"\"\ndef f():\n\treturn x\n", "x = \"\"\"a\n\tb\"\"\"\n\ndef f():\n    return x\n"},
		"CRLF":                {"x=1\r\ny = 2\r\n", "x = 1\r\ny = 2\r\n"},
		"comments":            {"x=1 # one\n\n\n# two\ny=2\n", "x = 1  # one\n\n# two\ny = 2\n"},
		"unused loads":        {"load(\"@mvrun//lists.star\", \"unique\", \"matching\")\nload(\"@mvrun//retry.star\", \"retry\")\nx = unique\n", "load(\"@mvrun//lists.star\", \"unique\")\n\nx = unique\n"},
		"order of loads":      {"load(\"z.star\", \"z\")\nload(\"a.star\", \"a\")\nx = [a, z]\n", "load(\"z.star\", \"z\")\nload(\"a.star\", \"a\")\n\nx = [a, z]\n"},
		"undefined":           {"x=y\n", "x = y\n"},
		"not Starlark":        {"x = =\n", "x = =\n"},
		"bytes":               {"x  = b\"a\"\n", "x  = b\"a\"\n"},
		"nothing":             {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := check.Fix(source.Script{Name: "s.star", Source: test.source}, check.Options{}); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestCheckPlaces shows that a finding names a place in the script as the user wrote
// it. Check changes the text before it gives it to buildtools.
func TestCheckPlaces(t *testing.T) {
	text := "\"\"\"Tabs.\"\"\"\n\ndef main():\n\tif True:\n\t\tunused = 1\n\twrite_failed([])\n"
	for _, f := range check.Check([]source.Script{{Name: "s.star", Source: text}}, check.Options{}) {
		if f.Rule == "unused-variable" {
			if f.Line != 5 || f.Column != 3 || f.EndColumn != 9 {
				t.Errorf("%+v, want line 5, columns 3 to 9", f)
			}
			return
		}
	}
	t.Error("the unused variable was not found")
}

// TestCheckNested shows that Check refuses a script for which buildtools would need
// hours.
func TestCheckNested(t *testing.T) {
	text := "\"\"\"Long.\"\"\"\n\nx = " + strings.Repeat("1 + ", 200_000) + "1\n"
	found := check.Check([]source.Script{{Name: "s.star", Source: text}}, check.Options{})
	if len(found) != 1 || found[0].Rule != "format" || !strings.Contains(found[0].Message, "nested too deep") || found[0].Fixable {
		t.Errorf("got %+v", found)
	}
}

func FuzzCheck(f *testing.F) {
	for _, pattern := range []string{"../source/scripts/*.star", "../source/modules/*.star", "../../examples/*.star", "../../testdata/script/*.txtar"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			for part := range strings.SplitSeq(string(text), "\n-- ") { // the files of a txtar archive
				_, script, _ := strings.Cut(part, " --\n")
				f.Add(script)
			}
			f.Add(string(text))
		}
	}
	f.Add("load('a', 'b') # \x00c\n\ndef")
	f.Add("def f():\n\treturn 'é\\\n\t'\r\nx = b'a'")
	f.Fuzz(func(t *testing.T, text string) {
		script := source.Script{Name: "s.star", Source: text}
		o := check.Options{
			Flags: []string{"jobs"}, Builtins: map[string][]check.Parameter{"waive": {{Name: "result", Required: true}, {Name: "reason"}}},
			Returns: map[string]string{"validate": "Result", "waive": "Result", "load_list": "list[Image]"},
			Values: map[string]check.Value{
				"Result": {Name: "result", Attributes: map[string]check.Attribute{"image": {Type: "Image"}}},
				"Image":  {Name: "image", Attributes: map[string]check.Attribute{"replace": {Type: "Image", IsFunction: true}}},
			},
		}
		lines := strings.Count(text, "\n") + strings.Count(text, "\r") + 1
		for _, finding := range check.Check([]source.Script{script}, o) {
			if finding.Line < 1 || finding.Line > lines || finding.Column < 1 || finding.Message == "" {
				t.Errorf("%+v names no place in the script", finding)
			}
			finding.Show(text)
		}
		script.Source = check.Fix(script, o)
		fixed := check.Check([]source.Script{script}, o)
		if i := slices.IndexFunc(fixed, func(f check.Finding) bool { return f.Fixable }); i >= 0 {
			t.Errorf("after a fix there is %+v in\n%s", fixed[i], script.Source)
		}
	})
}
