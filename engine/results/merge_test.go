package results

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// partFile describes a results file of a test.
type partFile struct {
	shard   *Shard
	change  func(*Header)
	results []engine.Result
	end     engine.Summary
	noEnd   bool
}

// write writes the file into a folder and returns its path.
func (p partFile) write(t testing.TB, folder, name string) string {
	t.Helper()
	header := Header{Run: "7", RunFrom: "CI_PIPELINE_ID", Version: "1", List: "list.txt", ListSHA256: new("x"), ListLines: new(4), Script: "s.star", ScriptSHA256: "p", Shard: p.shard,
		Question: Question{Rules: validate.Content, Depth: validate.Manifests, Sample: "100%"}, Started: moment}
	if p.change != nil {
		p.change(&header)
	}
	path := filepath.Join(folder, name)
	file, err := Create(path, header, hints)
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range p.results {
		if err := file.Write(&result); err != nil {
			t.Fatal(err)
		}
	}
	if p.noEnd {
		err = file.Close()
	} else {
		counts := engine.Summarize(func(yield func(*engine.Result) bool) {
			for i := range p.results {
				if !yield(&p.results[i]) {
					return
				}
			}
		})
		p.end.Images, p.end.Status, p.end.Waived = counts.Images, counts.Status, counts.Waived
		err = file.Finish(p.end)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// lineResult returns a result of a line of list.txt.
func lineResult(number int, status validate.Status, reason validate.Reason) engine.Result {
	name := fmt.Sprintf("app%d", number)
	return engine.Result{Status: status, Reason: reason, Question: "q", Terms: engine.Terms{Rules: validate.Content, Depth: validate.Manifests}, Started: moment, Attempts: 1,
		Image: &imagelist.Image{List: "list.txt", Number: number, LineNumber: number + 1, Line: name + " r.io/" + name + " 1", Source: "docker.io/library/" + name, Destination: "r.io/" + name, Tag: "1"}}
}

// twoParts are the files of a run in two parts.
func twoParts() [2]partFile {
	return [2]partFile{
		{shard: &Shard{1, 2}, results: []engine.Result{lineResult(4, validate.Fail, validate.DigestDiffers), lineResult(1, validate.Pass, "")}, end: engine.Summary{Lines: 2, Requests: 5, ExitStatus: 1, Elapsed: time.Second}},
		{shard: &Shard{2, 2}, results: []engine.Result{lineResult(3, validate.Error, validate.Unreachable), lineResult(2, validate.Pass, "")}, end: engine.Summary{Lines: 2, Requests: 7, ExitStatus: 3, Elapsed: time.Second}},
	}
}

// TestMerge shows what the parts of a run say together.
func TestMerge(t *testing.T) {
	parts, folder := twoParts(), t.TempDir()
	o, err := Merge([]string{parts[1].write(t, folder, "2"), parts[0].write(t, folder, "1")}, false)
	if err != nil {
		t.Fatal(err)
	}
	s := o.Summary
	got := fmt.Sprint(s.Images, s.Status, s.Reasons, s.Lines, s.Requests, s.OwnStatus, s.ExitStatus, s.ScriptStatus, len(o.Notices), s.Judged)
	const want = "4 map[error:1 fail:1 pass:2] map[error:map[unreachable:1] fail:map[digest-differs:1]] 4 12 1 1 <nil> 0 map[{content manifests false false}:map[:2 digest-differs:1]]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var numbers []int
	for r := range o.Records() {
		numbers = append(numbers, r.Number)
	}
	if fmt.Sprint(numbers) != "[1 2 3 4]" {
		t.Errorf("records of the lines %v", numbers)
	}
	if got := strings.Join(o.FailedLines(), "; "); got != "app3 r.io/app3 1; app4 r.io/app4 1" {
		t.Errorf("the failed list has %s", got)
	}
}

// TestEarly shows what is said of a part that ended early.
func TestEarly(t *testing.T) {
	for _, test := range []struct {
		end  End
		want string
	}{
		{End{Cause: new(causeDeadline), Unchecked: 7}, "the run's time was over before all images were checked: 7 lines were not reached"},
		{End{Cause: new(causeDeadline)}, "the run's time was over before all images were checked"},
		{End{Cause: new(causeScript), Unchecked: 1}, "the script failed: 1 line was not reached"},
		{End{Cause: new(causeScript)}, "the script failed"},
		{End{}, ""},
	} {
		if got := strings.Join((Part{End: &test.end}).early(), "; "); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// TestMergeRefused shows which files are not put together.
func TestMergeRefused(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(*[2]partFile)
		want    string
		partial string // the error with partial, "" for none
		status  int    // with partial
	}{
		{"a part that did not end", func(p *[2]partFile) { p[1].noEnd = true }, "part 2 of 2 (2) has no end: its run was killed, or is still under way", "", 1},
		{"an interrupted part", func(p *[2]partFile) {
			p[0].results = p[0].results[1:]
			p[0].end.Cause, p[0].end.ExitStatus, p[0].end.Unreached, p[0].end.LeftOut = engine.ErrInterrupted, 130, 1, 1
		}, "part 1 of 2 (1) was interrupted: 1 line was not reached", "", 3},
		{"a missing part", func(p *[2]partFile) { p[0].shard.Count, p[1].shard.Count = 3, 3 }, "part 3 of 3 is missing", "", 1},
		{"missing parts", func(p *[2]partFile) { p[0].shard.Count, p[1].shard.Count, p[1].shard.Index = 9, 9, 9 }, "7 of 9 parts are missing: 2, 3, 4, 5, 6, 7, 8", "", 1},
		{"one part twice", func(p *[2]partFile) { p[1].shard.Index = 1 }, "1 and 2 are both of part 1 of 2: name one of them", "1 and 2 are both of part 1 of 2: name one of them", 0},
		{"two whole runs", func(p *[2]partFile) { p[0].shard, p[1].shard = nil, nil }, "are both of the whole list", "are both of the whole list", 0},
		{"a whole run and a part", func(p *[2]partFile) { p[0].shard = nil }, "the number of parts differs (the whole list and 2)", "the number of parts differs", 0},
		{"another list", func(p *[2]partFile) { p[1].change = func(h *Header) { h.ListSHA256 = new("y") } }, "the list's SHA-256 differs (x and y)", "the list's SHA-256 differs", 0},
		{"another script", func(p *[2]partFile) { p[1].change = func(h *Header) { h.ScriptSHA256 = "q" } }, "the script's SHA-256 differs (p and q)", "the script's SHA-256 differs", 0},
		{"another question", func(p *[2]partFile) { p[1].change = func(h *Header) { h.Question.Depth = validate.Blobs } }, "the question, in depth, differs (manifests and blobs)", "the question, in depth, differs", 0},
		{"another source", func(p *[2]partFile) { p[1].change = func(h *Header) { h.Question.Source = "cache.io" } }, "the question, in source, differs (none and cache.io)", "the question, in source, differs", 0},
		{"another run", func(p *[2]partFile) { p[1].change = func(h *Header) { h.Run = "8" } }, "the run's id differs (CI_PIPELINE_ID=7 and CI_PIPELINE_ID=8)", "the run's id differs", 0},
		{"runs without an id, a day apart", func(p *[2]partFile) {
			p[0].change = func(h *Header) { h.Run, h.RunFrom = "a", "random" }
			p[1].change = func(h *Header) { h.Run, h.RunFrom, h.Started = "b", "random", moment.Add(25*time.Hour) }
		}, "the start, by more than 24 hours, differs", "the start, by more than 24 hours, differs", 0},
		{"parts with too few lines", func(p *[2]partFile) { p[1].end.Lines = 1 }, "the parts have 3 lines together, and the list has 4", "the parts have 3 lines together", 0},
		{"another list of the script", func(p *[2]partFile) {
			for i, sha256 := range []string{"a", "b"} {
				p[i].end.Lists = []engine.ListCount{{Name: "more.txt", SHA256: sha256, Lines: 2, Part: 1}}
			}
		}, "1 and 2 are not of one run: they have read different lists more.txt (SHA-256 a and b)", "different lists more.txt", 0},
		{"one image in two parts", func(p *[2]partFile) { p[1].results[0] = p[0].results[0] }, "list.txt:5 is in part 1 of 2 (1) and in part 2 of 2 (2)", "is in part 1 of 2", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			parts := twoParts()
			test.change(&parts)
			t.Chdir(t.TempDir())
			paths := []string{parts[0].write(t, ".", "1"), parts[1].write(t, ".", "2")}
			if _, err := Merge(paths, false); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			o, err := Merge(paths, true)
			switch {
			case test.partial != "":
				if err == nil || !strings.Contains(err.Error(), test.partial) {
					t.Errorf("partial: got %v\nwant %s", err, test.partial)
				}
			case err != nil:
				t.Errorf("partial: %v", err)
			case len(o.Notices) != 1 || o.Notices[0] != test.want || o.Summary.ExitStatus != test.status:
				t.Errorf("partial: exit status %d, notices %q", o.Summary.ExitStatus, o.Notices)
			}
		})
	}
}

// TestMergeNoResults shows what is said of files that are no results files.
func TestMergeNoResults(t *testing.T) {
	t.Chdir(t.TempDir())
	whole := partFile{results: twoParts()[0].results}.write(t, ".", "whole")
	for name, file := range map[string]struct{ content, want string }{
		"empty":  {"", "f is empty: its run has not begun to write, or another file was meant"},
		"list":   {"nginx r.io/nginx 1\n", "f is no results file of mvrun"},
		"json":   {"{}\n", "f is no results file of mvrun"},
		"old":    {`{"mvrun":"0.1"}` + "\n", "reading the results file f: it is of format 1, which mvrun 0.1 wrote"},
		"broken": {strings.Replace(content(t, whole), `"number":4`, `"number":"4"`, 1), "f:2 is no result of mvrun: number: "},
	} {
		if err := os.WriteFile("f", []byte(file.content), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Merge([]string{"f"}, true); err == nil || !strings.HasPrefix(err.Error(), file.want) {
			t.Errorf("%s: got %v, want %s", name, err, file.want)
		}
	}
	if _, err := Merge([]string{"none"}, true); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("no file: %v", err)
	}
}

// TestMergeStatus shows the exit status of a merged run.
func TestMergeStatus(t *testing.T) {
	for _, test := range []struct {
		name          string
		first, second int
		scripts       int // in how many parts the script returned the status
		results       [2]validate.Status
		own, want     int
	}{
		{"by the results", 1, 0, 0, [2]validate.Status{validate.Fail, validate.Pass}, 1, 1},
		{"by the script, which lets failures pass", 0, 0, 2, [2]validate.Status{validate.Fail, validate.Pass}, 1, 0},
		{"by the script, the worst", 3, 1, 2, [2]validate.Status{validate.Pass, validate.Pass}, 0, 1},
		{"by the script in one part alone", 1, 0, 1, [2]validate.Status{validate.Pass, validate.Pass}, 0, 1},
		{"by the script in one part alone, which lets failures pass", 0, 0, 1, [2]validate.Status{validate.Fail, validate.Pass}, 1, 1},
		{"a script that failed in a part", 0, 2, 0, [2]validate.Status{validate.Pass, validate.Pass}, 0, 2},
		{"could not be checked", 0, 3, 0, [2]validate.Status{validate.Pass, validate.Error}, 3, 3},
	} {
		parts, folder := twoParts(), t.TempDir()
		for i, status := range []int{test.first, test.second} {
			parts[i].results = []engine.Result{lineResult(i+1, test.results[i], "")}
			parts[i].end.ExitStatus = status
			if i < test.scripts {
				parts[i].end.ScriptStatus = &status
			}
		}
		o, err := Merge([]string{parts[0].write(t, folder, "1"), parts[1].write(t, folder, "2")}, false)
		if err != nil || o.Summary.OwnStatus != test.own || o.Summary.ExitStatus != test.want {
			t.Errorf("%s: %d, the results' %d, %v", test.name, o.Summary.ExitStatus, o.Summary.OwnStatus, err)
		}
	}
}

// TestMergeTwoDestinations shows that a line may be in two parts, if the script reads its
// list for two destinations.
func TestMergeTwoDestinations(t *testing.T) {
	parts, folder := twoParts(), t.TempDir()
	again := lineResult(4, validate.Fail, validate.DestinationMissing)
	again.Image.Destination = "other.io/app4"
	parts[1].results = append(parts[1].results, again)
	o, err := Merge([]string{parts[0].write(t, folder, "1"), parts[1].write(t, folder, "2")}, false)
	if err != nil || o.Summary.Images != 5 || o.Summary.Status[validate.Fail] != 2 {
		t.Fatalf("%+v, %v", o, err)
	}
	if got := strings.Join(o.FailedLines(), "; "); got != "app3 r.io/app3 1; app4 r.io/app4 1" {
		t.Errorf("the failed list has %s", got)
	}
}

// TestMergeMade shows that an image that a script made in several parts counts once,
// with its worst verdict.
func TestMergeMade(t *testing.T) {
	parts, folder := twoParts(), t.TempDir()
	for i, status := range []validate.Status{validate.Pass, validate.Fail} {
		parts[i].results = append(parts[i].results, engine.Result{Status: status, Started: moment, Image: &imagelist.Image{Source: "docker.io/library/made", Destination: "r.io/made", Tag: "1"}})
	}
	o, err := Merge([]string{parts[0].write(t, folder, "1"), parts[1].write(t, folder, "2")}, false)
	if err != nil || o.Summary.Images != 5 || o.Summary.Status[validate.Fail] != 2 {
		t.Fatalf("%+v, %v", o.Summary, err)
	}
	if got := o.FailedLines(); got[len(got)-1] != "docker.io/library/made r.io/made 1" {
		t.Errorf("the failed list has %q", got)
	}
}

// TestReadUnended shows that one file can be read as it stands, and that only the last
// results of an image count.
func TestReadUnended(t *testing.T) {
	file := partFile{results: []engine.Result{lineResult(1, validate.Fail, validate.DigestDiffers), lineResult(2, validate.Pass, ""), lineResult(1, validate.Pass, "")}, noEnd: true}
	path := file.write(t, t.TempDir(), "r")
	o, err := Read(path)
	if err != nil || o.Summary.Images != 2 || o.Summary.Status[validate.Pass] != 2 || o.Summary.ExitStatus != 3 {
		t.Fatalf("%+v, %v", o, err)
	}
	if want := path + " has no end: its run was killed, or is still under way"; len(o.Notices) != 1 || o.Notices[0] != want {
		t.Errorf("notices %q, want %s", o.Notices, want)
	}
}

// TestEndWaivers shows that a report of the counts names the first waived images, with the
// script's reasons.
func TestEndWaivers(t *testing.T) {
	file := partFile{results: []engine.Result{lineResult(1, validate.Pass, "")}, end: engine.Summary{Lines: 31}}
	for i := range 30 {
		waived := lineResult(i+2, validate.Fail, validate.DigestDiffers)
		waived.Waived = "known"
		file.results = append(file.results, waived)
	}
	o, err := Read(file.write(t, t.TempDir(), "r"))
	if err != nil {
		t.Fatal(err)
	}
	end := o.End(nil)
	if end.Waived != 30 || len(end.Waivers) != maxWaivers {
		t.Fatalf("%d images are waived, and %d named", end.Waived, len(end.Waivers))
	}
	if first := end.Waivers[0]; first.Number != 2 || first.Waived != "known" || first.Reason != validate.DigestDiffers {
		t.Errorf("the first is %+v", first)
	}
}
