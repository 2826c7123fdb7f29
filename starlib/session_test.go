package starlib

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/starlib/source"
	"mvrun/validate"
)

// nowhere stands for registries that nobody can reach.
type nowhere struct{}

func (nowhere) Read(context.Context, imagelist.Image, validate.Need) (validate.Fact, int, error) {
	return validate.Fact{}, 0, errOffline
}

func (nowhere) Inspect(context.Context, string, string) (*validate.Inspection, error) {
	return nil, errOffline
}

func (nowhere) Tags(context.Context, string) ([]string, error) { return nil, errOffline }

func (nowhere) Referrers(context.Context, string, string) ([]validate.Descriptor, error) {
	return nil, errOffline
}

var errOffline = errors.New("there is no network")

// offline returns the options of a script that reaches no network and no file.
func offline(t testing.TB, jobs int, printed io.Writer) Options {
	run := engine.New(engine.Options{Registry: nowhere{}, Jobs: jobs, Timeout: defaultTimeout, Stop: func(error) {}})
	t.Cleanup(func() { run.Close(nil) })
	return Options{
		Engine: run,
		Lookup: nowhere{},
		Open: func(_, _ string) (*imagelist.List, error) {
			return imagelist.Parse("list.txt", strings.NewReader("a b 1\nc d 2\n"), 0)
		},
		WriteFailed: func(string, []string) error { return nil },
		Registry:    func(string, RegistrySettings) error { return nil },
		Print:       printed,
		Log:         slog.New(slog.DiscardHandler),
		LookupEnv:   func(name string) (string, bool) { return "hunter2", name == "SECRET" },
		List:        imagelist.Options{DefaultProject: "library"},
		Question:    validate.Question{Arch: []string{"amd64"}, OS: []string{"linux"}, Rules: "hangar", Depth: "manifests"},
	}
}

const defaultTimeout = 1 << 40

// talk types lines into a session, and returns the value or the error of each
// input.
func talk(t *testing.T, s *Session, text string) []string {
	t.Helper()
	lines := strings.Split(text, "\n")
	var answers []string
	for {
		input, err := s.Read(func(bool) (string, error) {
			if len(lines) == 0 {
				return "", io.EOF
			}
			line := lines[0]
			lines = lines[1:]
			return line, nil
		})
		if err == io.EOF {
			return answers
		}
		shown := ""
		if err == nil {
			shown, err = s.Eval(t.Context(), input)
		}
		if err != nil {
			shown = err.Error()
		}
		answers = append(answers, shown)
	}
}

func newSession(t *testing.T, script source.Script) (*Session, *strings.Builder) {
	t.Helper()
	var printed strings.Builder
	s, err := NewSession(t.Context(), script, offline(t, 4, &printed))
	if err != nil {
		t.Fatal(err)
	}
	return s, &printed
}

func TestSession(t *testing.T) {
	for name, test := range map[string]struct {
		typed string
		want  []string // a part of each answer; "" means no answer
	}{
		"values":                     {"1 + 1\n_ * 3\nNone\nx = 'a'\nx", []string{"2", "6", "", "", `"a"`}},
		"several on a line":          {"x = 1; y = 2\n(x, y)", []string{"", "(1, 2)"}},
		"a block ends blank":         {"def f():\n  return 3\n\nf()", []string{"", "3"}},
		"a block ends with spaces":   {"def f():\n  return 3\n   \nf()", []string{"", "3"}},
		"a block ends with the next": {"def f():\n  return 3\nf()\nf() + 1", []string{"", "3", "4"}},
		"a block after a block":      {"def f():\n  return 3\ndef g():\n  return f()\ng()", []string{"", "", "3"}},
		"a block ends with the file": {"if True:\n  x = 3", []string{""}},
		"brackets":                   {"[\n\n1,\n2]", []string{"[1, 2]"}},
		"left open":                  {"x = (1,", []string{"got end of file, want ')'"}},
		"loops":                      {"s = 0\nfor i in range(4):\n  s += i\n\ns", []string{"", "", "6"}},
		"assigned again":             {"x = 1\nx = 2\nx", []string{"", "", "2"}},
		"an error has its own line":  {"def f():\n  return [][1]\n\ny = 1\nf()", []string{"", "", "<input 1>:2:12: index 1 out of range: empty list\n      return [][1]\n               ^\ncalled from, the innermost first:\n  <input 1>:2:12 in f\n  <input 3>:1:2 in <expr>"}},
		"a wrong name":               {"validat\nx = 1", []string{"undefined: validat", ""}},
		"syntax":                     {"x = = 1\n2", []string{"<input 1>:1:5: got '='", "2"}},
		"modules":                    {"load('@mvrun//lists.star', 'unique')\nunique([1, 1])", []string{"", ""}},
		"parallel":                   {"parallel(lambda x: x + 1, [1, 2])\nx = parallel(str, [1])\nx", []string{"[2, 3]", "", `["1"]`}},
		"parallel in a function":     {"def main():\n  return parallel(lambda x: x + 1, [1, 2])\n\nmain()", []string{"", "[2, 3]"}},
		"registry":                   {"registry('docker.io', requests_per_second = 1)\nparallel(lambda h: registry(h), ['a.b'])", []string{"", "registry: a callback of parallel may not use registry"}},
		"results":                    {"validate(image('a', 'b.c/d', '1'))", []string{"result(docker.io/library/a:1: error unreachable)"}},
		"lists":                      {"[i.tag for i in load_list()]", []string{`["1", "2"]`}},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := newSession(t, source.Script{})
			got := talk(t, s, test.typed)
			if len(got) != len(test.want) {
				t.Fatalf("%d answers %q, want %d", len(got), got, len(test.want))
			}
			for i, want := range test.want {
				if want == "" && name != "modules" && got[i] != "" || !strings.Contains(got[i], want) {
					t.Errorf("answer %d is %q, want %q", i+1, got[i], want)
				}
			}
		})
	}
}

// TestSessionFreezes shows that calls of parallel share no value that can change. With
// -race it would find such a change.
func TestSessionFreezes(t *testing.T) {
	for name, typed := range map[string]string{
		"a global":                   "x = []\nparallel(lambda i: x.append(i), range(100))",
		"of this input":              "x = []; parallel(lambda i: x.append(i), range(100))",
		"by a function":              "x = []\ndef f(i):\n  x.append(i)\n\nparallel(f, range(100))",
		"which has another name now": "x = []\ndef f(i):\n  x.append(i)\n\nx = None\nparallel(f, range(100))",
		"by a builtin":               "x = []\nparallel(x.append, range(100))",
		"by a function of this input, called by a builtin": "x = []; f = lambda: x.append(1); parallel(attempt(lambda: (lambda g: g())).value, [f] * 100)",
		"the last value":            "[]\nparallel(lambda i: _.append(i), range(100))",
		"within a statement":        "x = {}\ny = parallel(lambda i: x.update(a = i), range(100))",
		"within a function":         "def f():\n  x = []\n  parallel(lambda i: x.append(i), range(100))\n\nf()",
		"after an earlier parallel": "parallel(str, [1])\nx = []\nparallel(lambda i: x.append(i), range(100))",
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := newSession(t, source.Script{})
			answers := talk(t, s, typed)
			if last := answers[len(answers)-1]; !strings.Contains(last, "frozen") || !strings.Contains(last, "calls of parallel run at once") {
				t.Errorf("got %q, want an error that says that the value is frozen, and why", answers)
			}
		})
	}
	s, _ := newSession(t, source.Script{})
	if got := talk(t, s, "x = []\nparallel(str, [1])\ny = list(x)\ny.append(1)\ny"); got[4] != "[1]" {
		t.Errorf("what is made after parallel cannot change: %q", got)
	}
}

// TestSessionScript shows that a session has the globals of its script. They are frozen
// as in a run, and main is not called.
func TestSessionScript(t *testing.T) {
	s, printed := newSession(t, source.Script{Name: "policy.star", Source: "WANTED = []\nprint('declared')\ndef main():\n    return parallel(lambda x: x, [1])\n"})
	if got := talk(t, s, "WANTED.append(1)\nmain()\nWANTED = 3\nWANTED"); !strings.Contains(got[0], "frozen list") || got[1] != "[1]" || got[3] != "3" {
		t.Errorf("got %q", got)
	}
	if printed.String() != "declared\n" {
		t.Errorf("printed %q", printed)
	}
	if _, err := NewSession(t.Context(), source.Script{Name: "broken.star", Source: "x = y\n"}, offline(t, 1, io.Discard)); err == nil || !strings.Contains(err.Error(), "broken.star:1:5: undefined: y") {
		t.Errorf("got %v", err)
	}
}

// TestSessionLoadsAgain shows that a user can correct a broken module during a session.
func TestSessionLoadsAgain(t *testing.T) {
	t.Chdir(t.TempDir())
	save := func(source string) {
		if err := os.WriteFile("lib.star", []byte(source), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	save("x = y\n")
	s, _ := newSession(t, source.Script{})
	if got := talk(t, s, "load('lib.star', 'x')"); !strings.Contains(got[0], "lib.star:1:5: undefined: y") {
		t.Errorf("got %q", got)
	}
	save("x = 3\n")
	if got := talk(t, s, "load('./lib.star', 'x')\nx"); got[1] != "3" {
		t.Errorf("got %q", got)
	}
}

// TestSessionInterrupted shows that ctx ends an input but not the session.
func TestSessionInterrupted(t *testing.T) {
	s, _ := newSession(t, source.Script{})
	talk(t, s, "def f():\n  for x in range(1 << 60):\n    attempt(str, x)\n")
	for _, typed := range []string{
		"[x for x in range(1 << 60)]", "[[y for y in range(1 << 60)] for x in range(1 << 60)]", "f()",
		"sleep('1h')", "attempt(sleep, '1h')", "parallel(lambda x: sleep('1h'), range(10))",
		"parallel(str, range(1 << 50))", "parallel(lambda x: [y for y in range(1 << 60)], range(10))",
	} {
		input, err := s.Read(func(bool) (string, error) { return "log.info('begun'); " + typed, nil })
		if err != nil {
			t.Fatal(err)
		}
		ctx, interrupt := context.WithCancelCause(t.Context())
		s.execution.Log = slog.New(whenCalled(func() { interrupt(engine.ErrInterrupted) }))
		if _, err := s.Eval(ctx, input); !errors.Is(err, engine.ErrInterrupted) {
			t.Errorf("%s: %v, want an interruption", typed, err)
		}
		interrupt(nil)
	}
	if got := talk(t, s, "1 + 1"); got[0] != "2" {
		t.Errorf("the session has ended: %q", got)
	}
}

// whenCalled is a log that calls a function.
type whenCalled func()

func (f whenCalled) Enabled(context.Context, slog.Level) bool  { return true }
func (f whenCalled) Handle(context.Context, slog.Record) error { f(); return nil }
func (f whenCalled) WithAttrs([]slog.Attr) slog.Handler        { return f }
func (f whenCalled) WithGroup(string) slog.Handler             { return f }

func TestComplete(t *testing.T) {
	s, _ := newSession(t, source.Script{})
	s.globals["inspected"] = &Inspection{}
	talk(t, s, "result = validate(image('a', 'b.c/d', '1'))\nresume = struct(inner = result)\nä = [1]")
	for _, test := range []struct {
		line  string
		start int
		want  string // the candidates, separated by spaces
	}{
		{"vali", 0, "validate("},
		{"x = [vali", 5, "validate("},
		{"re", 0, "re read_file( referrers( registry( reject( repr( result resume return reversed("},
		{"result.", 7, "attempts duration image match message ok platforms reason rejected status waived"},
		{"f(result.image.so", 15, "source source_reference source_tag"},
		{"inspected.d", 10, "digest"},
		{"inspected.size.", 15, ""}, // reading it may send a request
		{"resume.inner.im", 13, "image"},
		{"result.image.rep", 13, "replace("},
		{"json.", 5, "decode( encode( encode_indent( indent("},
		{"ä.app", 3, "append("},
		{"result.nothing.", 15, ""},
		{"nothing.", 8, ""},
		{"load_list().", 12, ""}, // the value is not known without a call
		{"x[0].a", 6, ""},
		{"\"vali", 5, ""},
		{"# vali", 6, ""},
		{"'it\\'s' + vali", 10, "validate("},
		{"", 0, "    "},
		{"  ", 2, "    "},
		{"f(", 2, ""},
	} {
		start, candidates := s.Complete(test.line)
		want := strings.Fields(test.want)
		if strings.TrimSpace(test.want) == "" && test.want != "" {
			want = []string{test.want}
		}
		if len(candidates) > 0 && start != test.start || !slices.Equal(candidates, want) {
			t.Errorf("%q: %d %q, want %d %q", test.line, start, candidates, test.start, want)
		}
	}
}

func TestReadErrors(t *testing.T) {
	s, _ := newSession(t, source.Script{})
	aborted := errors.New("aborted")
	first := true
	_, err := s.Read(func(more bool) (string, error) {
		if first = !first; !first {
			return "def f():", nil
		}
		if !more {
			t.Error("the second line does not continue the first")
		}
		return "", aborted
	})
	if err != aborted {
		t.Errorf("got %v, want the reader's own error", err)
	}
	if got := talk(t, s, "1"); got[0] != "1" {
		t.Errorf("got %q", got)
	}
}
