package job

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/engine/registry/memory"
	"mvrun/starlib"
	"mvrun/starlib/source"
	"mvrun/validate"
)

// newConfig returns a run over two images in a folder of its own: team/good is
// mirrored, team/bad is not.
func newConfig(t *testing.T) (c Config, stderr *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	src, dst := memory.New(), memory.New()
	amd64 := validate.Platform{OS: "linux", Architecture: "amd64"}
	src.PushImage("team/good", "1", memory.Image{Platform: amd64, Content: "good"})
	src.PushImage("team/bad", "1", memory.Image{Platform: amd64, Content: "bad"})
	dst.PushImage("team/good", "1", memory.Image{Platform: amd64, Content: "good"})
	network := &memory.Network{}
	if err := errors.Join(network.Add("src.example", src), network.Add("dst.example", dst)); err != nil {
		t.Fatal(err)
	}
	list := ""
	for _, name := range []string{"good", "bad"} {
		list += fmt.Sprintf("src.example/team/%s dst.example/team/%s 1\n", name, name)
	}
	if err := os.WriteFile("list.txt", []byte(list), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("own.star", []byte("def main():\n    write_failed(parallel(validate, load_list()))\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	script, err := source.Find("own.star")
	if err != nil {
		t.Fatal(err)
	}
	stderr = &bytes.Buffer{}
	return Config{
		Script: script, List: "list.txt", Failed: "failed.txt", Results: "r.jsonl",
		Question: validate.Question{Arch: []string{"amd64"}, OS: []string{"linux"}, Rules: validate.Content, Depth: validate.Manifests},
		Jobs:     2, Timeout: time.Minute, Progress: "never", Version: "test", Network: network, Once: true,
		Console: Console{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: stderr, LookupEnv: func(string) (string, bool) { return "", false }},
	}, stderr
}

// report is a sink with an end, as a later report will be.
type report struct {
	path    string
	written int
	ends    []engine.Summary
}

func (r *report) Write(*engine.Result) error { r.written++; return nil }

func (r *report) Finish(s engine.Summary) error {
	r.ends = append(r.ends, s)
	return os.WriteFile(r.path, fmt.Appendf(nil, "%d images", s.Images), 0o666)
}

// withReport adds a row to the table of files.
func withReport(c *Config, path string) *report {
	r := &report{}
	c.Outputs = append(c.Outputs, Output{Flag: "--report", Path: path, Open: func(path string) (engine.Sink, error) {
		r.path = path
		return r, nil
	}})
	return r
}

// TestOutput shows that a file which is added to the table needs nothing else.
func TestOutput(t *testing.T) {
	c, stderr := newConfig(t)
	r := withReport(&c, "report.md")
	status, err := Run(t.Context(), c)
	if status != ExitFailed || err != nil {
		t.Fatalf("%d, %v\n%s", status, err, stderr)
	}
	if r.written != 2 || len(r.ends) != 1 {
		t.Fatalf("%d results, and %d ends", r.written, len(r.ends))
	}
	end := r.ends[0]
	if end.Images != 2 || end.Status[validate.Fail] != 1 || end.FailedList != "failed.txt" || end.FailedLines != 1 || end.Requests == 0 {
		t.Errorf("the report got the summary %+v", end)
	}
	if got, err := os.ReadFile("report.md"); string(got) != "2 images" || err != nil {
		t.Errorf("the report holds %q, %v", got, err)
	}
}

// TestOutputNeverOverwrites shows that no file of the table replaces another one,
// and that nothing is touched where that would happen.
func TestOutputNeverOverwrites(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(c *Config)
		want   string
	}{
		{"the list", func(c *Config) { withReport(c, "list.txt") }, "--report list.txt would overwrite -f: give it another name"},
		{"the list, by another path", func(c *Config) { withReport(c, "./x/../list.txt") }, "would overwrite -f"},
		{"the list, by a link", func(c *Config) { os.Symlink("list.txt", "link"); withReport(c, "link") }, "--report link would overwrite -f"},
		{"the script", func(c *Config) { withReport(c, "own.star") }, "--report own.star would overwrite the script"},
		{"the failed list", func(c *Config) { withReport(c, "failed.txt") }, "--report failed.txt would overwrite -o"},
		{"the results", func(c *Config) { withReport(c, "r.jsonl") }, "--report r.jsonl would overwrite --results"},
		{"another output", func(c *Config) { withReport(c, "a.md"); withReport(c, "a.md") }, "--report a.md would overwrite --report"},
		{"a folder", func(c *Config) { withReport(c, ".") }, "--report . cannot be written: it is a directory"},
		{"no folder", func(c *Config) { withReport(c, "nowhere/a.md") }, "--report nowhere/a.md cannot be written: no such file or directory"},
		{"results over the failed list", func(c *Config) { c.Results = "failed.txt" }, "--results failed.txt would overwrite -o"},
		{"a folder that is none", func(c *Config) { c.AllowDirs = []string{"list.txt"} }, "--allow-path list.txt: there is no such folder"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, _ := newConfig(t)
			if err := os.Mkdir("x", 0o777); err != nil {
				t.Fatal(err)
			}
			before := tree(t)
			test.change(&c)
			if status, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%d, %v, want %q", status, err, test.want)
			}
			os.Remove("link")
			if after := tree(t); !slices.Equal(after, before) {
				t.Errorf("the folder held %q, and holds %q now", before, after)
			}
		})
	}
}

// tree returns the files of the working directory and their content.
func tree(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*")
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range files {
		content, _ := os.ReadFile(file)
		files[i] += ": " + string(content)
	}
	return files
}

// TestScriptNeverReplacesOutput shows that a script cannot write its failed list
// over a file of the table.
func TestScriptNeverReplacesOutput(t *testing.T) {
	for _, path := range []string{"list.txt", "own.star", "r.jsonl", "report.md"} {
		c, _ := newConfig(t)
		withReport(&c, "report.md")
		c.Script.Source = fmt.Sprintf("def main():\n    write_failed(parallel(validate, load_list()), %q)\n", path)
		want := "the failed list would replace " + path
		if _, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// movedTo is a sandbox in which everything lies in one folder.
type movedTo string

func (m movedTo) Found(path string) string { return filepath.Join(string(m), path) }
func (m movedTo) Made(path string) string  { return filepath.Join(string(m), path) }

// TestOutputInSandbox shows that a test of a script writes nothing outside its
// folder.
func TestOutputInSandbox(t *testing.T) {
	c, stderr := newConfig(t)
	if err := os.Mkdir("box", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename("list.txt", "box/list.txt"); err != nil {
		t.Fatal(err)
	}
	r := withReport(&c, "report.md")
	c.Sandbox = movedTo("box")
	before := tree(t)
	if status, err := Run(t.Context(), c); status != ExitFailed || err != nil {
		t.Fatalf("%d, %v\n%s", status, err, stderr)
	}
	if after := tree(t); !slices.Equal(after, before) {
		t.Errorf("outside, there is now %q", after)
	}
	if r.path != filepath.Join("box", "report.md") {
		t.Errorf("the report is in %s", r.path)
	}
	for _, name := range []string{"report.md", "failed.txt", "r.jsonl"} {
		if _, err := os.Stat(filepath.Join("box", name)); err != nil {
			t.Error(err)
		}
	}
}

// TestOutputInSession shows that a session, whose script a person types, has the
// same sinks.
func TestOutputInSession(t *testing.T) {
	c, _ := newConfig(t)
	r := withReport(&c, "report.md")
	c.Session, c.Script = true, source.Script{}
	c.Program = func(ctx context.Context, _ source.Script, o starlib.Options) (*int, error) {
		list, err := o.Open("", "")
		if err != nil {
			return nil, err
		}
		line, err := list.At(ctx, 0)
		if err != nil {
			return nil, err
		}
		image, err := list.Image(line, imagelist.Options{})
		if err != nil {
			return nil, err
		}
		task := o.Engine.Begin()
		task.Validate(ctx, &image, c.Question)
		task.End()
		return new(int), nil
	}
	if status, err := Run(t.Context(), c); status != ExitOK || err != nil {
		t.Fatalf("%d, %v", status, err)
	}
	if r.written != 1 || len(r.ends) != 1 {
		t.Errorf("%d results, and %d ends", r.written, len(r.ends))
	}
}

// TestOutputAfterInterruption shows that a sink finishes although the run was
// interrupted, and learns why the run ended.
func TestOutputAfterInterruption(t *testing.T) {
	c, _ := newConfig(t)
	r := withReport(&c, "report.md")
	var interrupt context.CancelCauseFunc
	c.Interrupts = func(cancel context.CancelCauseFunc) func() {
		interrupt = cancel
		return func() {}
	}
	c.Program = func(ctx context.Context, script source.Script, o starlib.Options) (*int, error) {
		open := o.Open
		o.Open = func(path, format string) (*imagelist.List, error) {
			defer interrupt(engine.ErrInterrupted) // a run without a list has no lines left
			return open(path, format)
		}
		return starlib.Run(ctx, script, o)
	}
	status, err := Run(t.Context(), c)
	if status != ExitInterrupted || err != nil {
		t.Errorf("%d, %v", status, err)
	}
	if len(r.ends) != 1 || !r.ends[0].Interrupted() || r.ends[0].FailedLines != 2 {
		t.Errorf("the report got %+v", r.ends)
	}
}

// TestFinishFails shows that a sink that cannot finish fails the run, and keeps
// no other sink from finishing.
func TestFinishFails(t *testing.T) {
	c, stderr := newConfig(t)
	first := withReport(&c, "first.md")
	second := withReport(&c, "second.md")
	c.Program = func(ctx context.Context, script source.Script, o starlib.Options) (*int, error) {
		first.path = filepath.Join("first.md", "below a file")
		return starlib.Run(ctx, script, o)
	}
	if _, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), "first.md") {
		t.Errorf("got %v", err)
	}
	if len(second.ends) != 1 || !strings.Contains(stderr.String(), "2 images in") {
		t.Errorf("the second report ended %d times; the screen shows\n%s", len(second.ends), stderr)
	}
}

// TestOpenFails shows that a run that cannot be opened leaves nothing open.
func TestOpenFails(t *testing.T) {
	c, _ := newConfig(t)
	broken := errors.New("no room")
	c.Outputs = []Output{{Flag: "--report", Path: "report.md", Open: func(string) (engine.Sink, error) { return nil, broken }}}
	if _, err := Open(t.Context(), c); !errors.Is(err, broken) || !strings.Contains(err.Error(), "opening report.md (--report)") {
		t.Errorf("got %v", err)
	}
	c.Outputs = nil
	c.Resume = true
	if status, err := Run(t.Context(), c); status != ExitFailed || err != nil { // the results file would be locked
		t.Errorf("%d, %v", status, err)
	}
}

// TestListNames shows that a file with the name of a stream is another list than
// the stream: results are told apart by the names of their lists.
func TestListNames(t *testing.T) {
	c, stderr := newConfig(t)
	const name = "standard input"
	if err := errors.Join(os.Rename("list.txt", name), os.WriteFile("both.star", []byte(
		"def main():\n    write_failed(parallel(validate, list(load_list()) + list(load_list('"+name+"'))))\n"), 0o666)); err != nil {
		t.Fatal(err)
	}
	script, err := source.Find("both.star")
	if err != nil {
		t.Fatal(err)
	}
	c.Script, c.List, c.Console.Stdin = script, "-", strings.NewReader("src.example/team/good dst.example/team/good 1\n")
	status, err := Run(t.Context(), c)
	if status != ExitFailed || err != nil || !strings.Contains(stderr.String(), "3 images in") {
		t.Errorf("%d, %v:\n%s", status, err, stderr)
	}
}
