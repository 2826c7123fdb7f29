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
	"mvrun/engine/results"
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

// writtenReport is a report of a test.
type writtenReport struct {
	outcomes []*results.Outcome
	err      error // that writing it returns
}

// withReport adds a report.
func withReport(c *Config, path string) *writtenReport {
	r := &writtenReport{}
	c.Reports = append(c.Reports, Report{Flag: "--report", Path: path, Write: func(w io.Writer, outcome *results.Outcome) error {
		r.outcomes = append(r.outcomes, outcome)
		fmt.Fprintf(w, "%d images", outcome.Summary.Images)
		return r.err
	}})
	return r
}

// TestReport shows that a report gets what the run has found out, with a results file and
// without, and that nothing else is left behind.
func TestReport(t *testing.T) {
	for _, resultsFile := range []string{"r.jsonl", "", "-"} {
		temporary := t.TempDir()
		t.Setenv("TMPDIR", temporary)
		c, stderr := newConfig(t)
		c.Results = resultsFile
		r := withReport(&c, "report.md")
		status, err := Run(t.Context(), c)
		if status != ExitFailed || err != nil || len(r.outcomes) != 1 {
			t.Fatalf("%d, %v, %d reports\n%s", status, err, len(r.outcomes), stderr)
		}
		outcome := r.outcomes[0]
		end := outcome.Summary
		if end.Images != 2 || end.Status[validate.Fail] != 1 || end.FailedList != "failed.txt" || end.FailedLines != 1 || end.Requests == 0 || end.ExitStatus != ExitFailed || len(outcome.Notices) > 0 {
			t.Errorf("the report got %+v", outcome)
		}
		if got, err := os.ReadFile("report.md"); string(got) != "2 images" || err != nil {
			t.Errorf("the report holds %q, %v", got, err)
		}
		if left, err := os.ReadDir(temporary); len(left) > 0 || err != nil {
			t.Errorf("the run has left %v, %v", left, err)
		}
	}
}

// TestEarlierReport shows that the report of an earlier run is gone once an image is
// validated, and stays if none is.
func TestEarlierReport(t *testing.T) {
	for _, images := range []bool{false, true} {
		c, _ := newConfig(t)
		if err := os.WriteFile("report.md", []byte("of yesterday"), 0o666); err != nil {
			t.Fatal(err)
		}
		withReport(&c, "report.md")
		looked := false
		c.Program = func(ctx context.Context, script source.Script, o starlib.Options) (*int, error) {
			if images {
				if _, err := starlib.Run(ctx, script, o); err != nil {
					return nil, err
				}
				o.Engine.Sync()
			}
			looked = true
			if _, err := os.Stat("report.md"); (err == nil) == images {
				t.Errorf("images validated: %t, the report of yesterday: %v", images, err)
			}
			return nil, errors.New("killed")
		}
		if _, err := Run(t.Context(), c); err == nil || !looked {
			t.Errorf("%v", err)
		}
	}
}

// TestReportNeverOverwrites shows that no file of the table replaces another one,
// and that nothing is touched where that would happen.
func TestReportNeverOverwrites(t *testing.T) {
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
		{"another report", func(c *Config) { withReport(c, "a.md"); withReport(c, "a.md") }, "--report a.md would overwrite --report"},
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

// TestReportInSandbox shows that a test of a script writes nothing outside its
// folder.
func TestReportInSandbox(t *testing.T) {
	c, stderr := newConfig(t)
	if err := os.Mkdir("box", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename("list.txt", "box/list.txt"); err != nil {
		t.Fatal(err)
	}
	withReport(&c, "report.md")
	c.Sandbox = movedTo("box")
	before := tree(t)
	if status, err := Run(t.Context(), c); status != ExitFailed || err != nil {
		t.Fatalf("%d, %v\n%s", status, err, stderr)
	}
	if after := tree(t); !slices.Equal(after, before) {
		t.Errorf("outside, there is now %q", after)
	}
	for _, name := range []string{"report.md", "failed.txt", "r.jsonl"} {
		if _, err := os.Stat(filepath.Join("box", name)); err != nil {
			t.Error(err)
		}
	}
}

// TestReportInSession shows that a session, whose script a person types, has
// reports, too.
func TestReportInSession(t *testing.T) {
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
	if len(r.outcomes) != 1 || r.outcomes[0].Summary.Images != 1 {
		t.Errorf("the report got %+v", r.outcomes)
	}
}

// TestReportAfterInterruption shows that a report is written although the run was
// interrupted, and says so.
func TestReportAfterInterruption(t *testing.T) {
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
	if len(r.outcomes) != 1 {
		t.Fatalf("%d reports", len(r.outcomes))
	}
	outcome := r.outcomes[0]
	const want = "the run was interrupted: 2 lines were not reached"
	if s := outcome.Summary; !s.Interrupted() || s.FailedLines != 2 || s.ExitStatus != ExitInterrupted || len(outcome.Notices) != 1 || outcome.Notices[0] != want {
		t.Errorf("the report got %+v", outcome)
	}
}

// TestFinishFails shows that a sink that cannot finish fails the run, and keeps
// no other sink from finishing.
func TestFinishFails(t *testing.T) {
	c, stderr := newConfig(t)
	first, second := withReport(&c, "first.md"), withReport(&c, "second.md")
	first.err = errors.New("no room")
	if _, err := Run(t.Context(), c); err == nil || err.Error() != "writing the report first.md (--report): no room" {
		t.Errorf("got %v", err)
	}
	if len(second.outcomes) != 1 || !strings.Contains(stderr.String(), "2 images in") {
		t.Errorf("the second report was written %d times; the screen shows\n%s", len(second.outcomes), stderr)
	}
	if _, err := os.Stat("first.md"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a part of the first report is there: %v", err)
	}
}

// TestOpenFails shows that a run that cannot be opened leaves nothing open.
func TestOpenFails(t *testing.T) {
	c, _ := newConfig(t)
	withReport(&c, "report.md")
	t.Setenv("TMPDIR", "/nowhere")
	c.Results = ""
	if _, err := Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), "making a temporary file for the reports") {
		t.Errorf("got %v", err)
	}
	c.Reports, c.Results = nil, "r.jsonl"
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
