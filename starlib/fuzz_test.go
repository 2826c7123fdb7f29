package starlib

import (
	"context"
	"io"
	"regexp"
	"testing"
	"time"
	"unicode/utf8"

	"mvrun/starlib/signature"
	"mvrun/starlib/source"
)

// bombs matches scripts that may need all memory within a few steps. Nothing in this
// process can stop them, so they are left out.
var bombs = regexp.MustCompile(`[0-9a-fA-F_]{4}|<<|\*|e[0-9]|\+=|extend|join|replace`)

// goTypes matches names of Go types, which no message should show to a user.
var goTypes = regexp.MustCompile(`\*?\b(starlib|source|param|re|diagnose|signature|starlark|starlarkstruct|syntax|resolve|imagelist|engine|validate|runtime)\.[A-Z]|internal error|goroutine|0xc0`)

// FuzzScript looks for a script that makes signature.Of or Run panic, or for which a
// message names a Go type.
func FuzzScript(f *testing.F) {
	for _, name := range source.Names() {
		script, err := source.Bundled(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(script.Source)
	}
	for _, name := range source.ModuleNames() {
		f.Add("load(\"" + name + "\", \"x\")\ndef main(): return x")
	}
	for _, text := range []string{
		"def main():\n  write_failed([validate(image('a', 'b', 'c'))])",
		"def f(i):\n  return attempt(validate, i, arch = ['amd64']).value\ndef main(x = 1):\n  return len(parallel(f, load_list(), on_result = print))",
		"x = []\ndef main():\n  x.append(1)",
		"def main():\n  parallel(lambda i: parallel(lambda j: fail(j), [i]), [1, 'a', None, {}])",
		"registry('a.b', endpoint = env('SECRET'), username = 'x', password = env('SECRET'))\ndef main():\n  return env('NO', 3)",
		"def main():\n  return re.sub('(a)', lambda m: m.group(1), 'banana', count = 1) + str(re.split(',', 'a,b'))",
		"def main():\n  r = waive(validate(image('a', 'b', 'c')), 'why')\n  return [getattr(r, a) for a in dir(r)] == r.platforms",
		"def main():\n  sleep('1ms')\n  log.info(json.encode(struct(a = [1, {}])), time.now(), math.pi)\n  return hash('a') in {image('a', 'b', 'c'): 1}",
		"def main(a, b = 0.5, c = ['x'], d = True):\n  'Args:\\n  a: is\\n'\n  [][1 if a else {}[b]]",
		"def main():\n  print(attempt(tags, 'a.b/c'), attempt(referrers, 'a.b/c:1'))\n  inspect('a.b/c:1').labels",
		"def main():\n  i = list(load_list())[0]\n  return i == i.replace(tag = '2') or i < i",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || len(text) > 4096 || bombs.MatchString(text) || goTypes.MatchString(text) {
			return
		}
		script := source.Script{Name: "fuzz.star", Source: text}
		described, err := signature.Of(script)
		if err != nil && goTypes.MatchString(err.Error()) {
			t.Errorf("signature.Of: %v", err)
		}
		o := offline(t, 2, io.Discard)
		o.MaxSteps = 10000
		o.Arguments = map[string]any{}
		for _, flag := range described.Flags {
			o.Arguments[flag.Name] = flag.Default
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err = Run(ctx, script, o); err != nil && goTypes.MatchString(err.Error()) {
			t.Errorf("Run: %v", err)
		}
	})
}

// FuzzSession does the same as FuzzScript, for the inputs and completions of a session.
func FuzzSession(f *testing.F) {
	f.Add("x = [1]\nparallel(lambda i: x, x)\nx.append(2)\n_.a")
	f.Add("def f(y):\n  return y\n\nfor i in [1, 2]:\n  print(f(i))\n\njson.en")
	f.Add("load('@mvrun//lists.star', 'unique')\nunique([image('a', 'b', 'c')])\nregistry('a.b')")
	f.Fuzz(func(t *testing.T, typed string) {
		if !utf8.ValidString(typed) || len(typed) > 4096 || bombs.MatchString(typed) || goTypes.MatchString(typed) {
			return
		}
		o := offline(t, 2, io.Discard)
		o.MaxSteps = 10000
		s, err := NewSession(t.Context(), source.Script{}, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, answer := range talk(t, s, typed) {
			if goTypes.MatchString(answer) {
				t.Error(answer)
			}
		}
		start, _ := s.Complete(typed)
		if start < 0 || start > len(typed) || !utf8.ValidString(typed[:start]) {
			t.Errorf("completed from %d", start)
		}
	})
}
