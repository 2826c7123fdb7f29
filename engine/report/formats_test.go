package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
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
	"mvrun/engine/results"
	"mvrun/validate"
)

// moment is when the runs of these tests began.
var moment = time.Date(2026, 11, 26, 7, 0, 0, 0, time.UTC)

// reports are all formats, by the ends of the names of their golden files.
var reports = []struct {
	name  string
	write func(io.Writer, *results.Outcome, Options) error
}{
	{".xml", writeJUnit},
	{".csv", writeCSV},
	{".sarif", writeSARIF},
	{".md", writeMarkdown},
	{".summary.md", WriteStepSummary},
	{".gitlab.json", WriteGitLab},
	{".annotations.txt", WriteAnnotations},
}

// here is the folder of the package, which tests leave.
var here = func() string {
	folder, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return folder
}()

// options are those of these tests.
var options = Options{Root: "/builds/app", Folder: "/builds/app/ci", More: "in failed.txt", Advice: map[validate.Reason]string{
	validate.DestinationMissing: "mirror these images, then validate the failed list",
	validate.DigestDiffers:      "the source was rebuilt, or the mirror is old: mirror these images again",
	validate.InvalidLine:        "correct these lines of the list",
}}

// TestGolden shows every format of some runs.
func TestGolden(t *testing.T) {
	for name, outcome := range map[string]*results.Outcome{"passed": passed(t), "partial": partial(t), "hostile": hostile(t), "stream": stream(t)} {
		for _, report := range reports {
			got := writtenBy(t, report.write, outcome)
			path := filepath.Join(here, "testdata", name+report.name)
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := golden(t, name+report.name); !bytes.Equal(got, want) {
				t.Errorf("%s is not what is written now; UPDATE=1 rewrites it:\n%s", path, got)
			}
		}
	}
}

// golden returns a golden file.
func golden(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(here, "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// writtenBy returns the report of an outcome.
func writtenBy(t testing.TB, write func(io.Writer, *results.Outcome, Options) error, outcome *results.Outcome) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := write(&text, outcome, options); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// run describes a results file.
type run struct {
	header  results.Header
	results []engine.Result
	end     engine.Summary
}

// write writes the file into a folder.
func (r run) write(t testing.TB, path string) {
	t.Helper()
	header := results.Header{Run: "4711", RunFrom: "CI_PIPELINE_ID", Version: "1.2.3", List: "list.txt", ListSHA256: new("0f0f"), ListLines: new(12),
		Script: "validate.star", ScriptSHA256: "5c5c", Started: moment, Shard: r.header.Shard,
		Question: results.Question{Rules: validate.Hangar, Depth: validate.Manifests, Arch: []string{"amd64", "arm64"}, OS: []string{"linux"}, Sample: "100%"}}
	if r.header.Script != "" {
		header.List, header.ListSHA256, header.ListLines, header.Script = r.header.List, r.header.ListSHA256, r.header.ListLines, r.header.Script
	}
	file, err := results.Create(path, header, results.Hints{})
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range r.results {
		if err := file.Write(&result); err != nil {
			t.Fatal(err)
		}
	}
	counts := engine.Summarize(func(yield func(*engine.Result) bool) {
		for i := range r.results {
			if !yield(&r.results[i]) {
				return
			}
		}
	})
	r.end.Images, r.end.Status, r.end.Waived = counts.Images, counts.Status, counts.Waived
	if err := file.Finish(r.end); err != nil {
		t.Fatal(err)
	}
	// The end has the time at which it was written.
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, after, _ := strings.Cut(string(text), `"finished":"`)
	_, after, _ = strings.Cut(after, `"`)
	finished := moment.Add(r.end.Elapsed).Format(time.RFC3339)
	if err := os.WriteFile(path, []byte(before+`"finished":"`+finished+`"`+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// outcome returns the outcome of runs of the parts of a list. The files have relative
// names, which reports show.
func outcome(t testing.TB, runs ...run) *results.Outcome {
	t.Helper()
	t.Chdir(t.TempDir())
	paths := make([]string, len(runs))
	for i, r := range runs {
		paths[i] = fmt.Sprintf("r%d.jsonl", i+1)
		r.write(t, paths[i])
	}
	o, err := results.Merge(paths, true)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

const (
	oldDigest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	newDigest = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

// image returns the result of a line of list.txt.
func image(number int, name string, status validate.Status, reason validate.Reason, message string) engine.Result {
	r := engine.Result{Status: status, Reason: reason, Message: message, Question: "q", Terms: engine.Terms{Rules: validate.Hangar, Depth: validate.Manifests},
		Started: moment, Duration: 1234 * time.Millisecond, Attempts: 1, Requests: 4,
		Image: &imagelist.Image{List: "list.txt", Number: number, LineNumber: number + 2, Line: name + " registry.corp.example/team/" + name + " 1.27",
			Source: "docker.io/library/" + name, Destination: "registry.corp.example/team/" + name, Tag: "1.27"}}
	if status == validate.Pass {
		r.Match, r.SourceDigest, r.DestinationDigest = validate.Identical, newDigest, newDigest
		r.Platforms = []validate.PlatformVerdict{{Platform: "linux/amd64", Wanted: true, Source: newDigest, Destination: newDigest, Match: validate.Identical}}
	}
	return r
}

// passed is a run in which every image passed.
func passed(t testing.TB) *results.Outcome {
	return outcome(t, run{results: []engine.Result{image(1, "nginx", validate.Pass, "", ""), image(2, "redis", validate.Pass, "", "")},
		end: engine.Summary{Lines: 2, Requests: 8, Elapsed: 3 * time.Second}})
}

// partial is a run in three parts. The second one was interrupted, and the third one is
// missing.
func partial(t testing.TB) *results.Outcome {
	differs := image(2, "nginx", validate.Fail, validate.DigestDiffers, `source digest "`+newDigest+`" != dest digest "`+oldDigest+`"`)
	differs.SourceDigest, differs.DestinationDigest, differs.Warnings = newDigest, oldDigest, []string{"the first read of the config was short"}
	differs.Platforms = []validate.PlatformVerdict{
		{Platform: "linux/amd64", Wanted: true, Source: newDigest, Destination: oldDigest, Reason: validate.DigestDiffers, Message: "digests differ"},
		{Platform: "linux/arm64/v8", Wanted: true, Source: newDigest, Reason: validate.PlatformMissing, Message: "linux/arm64/v8 is not there"},
		{Platform: "windows/amd64", Source: newDigest, Reason: validate.PlatformMissing},
	}
	again := image(3, "nginx", validate.Pass, "", "")
	waivedImage := image(6, "grafana", validate.Fail, validate.DestinationMissing, "destination manifest does not exists")
	waivedImage.Waived = "decommissioned, see OPS-12"
	rejected := image(7, "busybox", validate.Fail, validate.Rejected, "older than 90 days")
	rejected.Rejected = "older than 90 days"
	rejectedFailure := image(9, "alpine", validate.Fail, validate.DestinationMissing, "destination manifest does not exists")
	rejectedFailure.Rejected = "not signed"
	invalid := engine.Result{Status: validate.Error, Reason: validate.InvalidLine, Message: "want SOURCE DESTINATION TAG, or one image such as nginx:1.27; this has 4 words", Started: moment,
		Image: &imagelist.Image{List: "list.txt", Number: 8, LineNumber: 10, Line: "bob:secret@hub.example/a b c d"}}
	made := image(0, "made", validate.Fail, validate.DestinationMissing, "destination manifest does not exists")
	made.Image = &imagelist.Image{Source: "docker.io/library/made", Destination: "registry.corp.example/made", Tag: oldDigest}
	return outcome(t,
		run{header: results.Header{Shard: &results.Shard{Index: 1, Count: 3}}, end: engine.Summary{Lines: 4, Requests: 20, Elapsed: 65 * time.Second, ExitStatus: 1, OwnStatus: 1},
			results: []engine.Result{differs, again, image(1, "postgres", validate.Fail, validate.DestinationMissing, "destination manifest does not exists"), waivedImage}},
		run{header: results.Header{Shard: &results.Shard{Index: 2, Count: 3}}, end: engine.Summary{Lines: 7, LeftOut: 3, Unreached: 3, Requests: 9, Elapsed: 50 * time.Second, ExitStatus: 130, Cause: engine.ErrInterrupted},
			results: []engine.Result{invalid, made, rejected, rejectedFailure, image(4, "redis", validate.Error, validate.Unreachable, "registry.corp.example is down: dial tcp: connection refused"),
				image(5, "windows", validate.Skip, validate.NoPlatform, "the source has none of linux/amd64, linux/arm64")}},
	)
}

// hostileText is what a registry may answer.
var hostileText = "=cmd|' /C calc'!A0 </script><img src=x onerror=alert(1)> ]]> \x1b[31mred\x1b[0m \u202eevil \x00\xff\r\n::error::forged\n| a | b \\| `code` ``x`` @team #1 https://evil.example [x](javascript:1) <!-- --> &amp; %0A 100% "

// hostile is a run of which every text comes from an enemy.
func hostile(t testing.TB) *results.Outcome {
	fail := image(1, "nginx", validate.Fail, validate.DigestDiffers, hostileText+strings.Repeat("A|`", 1<<20))
	fail.Platforms = []validate.PlatformVerdict{{Platform: hostileText, Wanted: true, Reason: validate.DigestDiffers, Message: hostileText}}
	fail.Image.Line = hostileText
	unread := image(2, "nginx", validate.Error, validate.Unreachable, "\n::warning::forged")
	accepted := image(3, "redis", validate.Fail, validate.DigestDiffers, "@cmd")
	accepted.Waived = hostileText
	rejected := image(4, "mysql", validate.Fail, validate.Rejected, hostileText)
	rejected.Rejected = hostileText
	invalid := engine.Result{Status: validate.Error, Reason: validate.InvalidLine, Message: "-1+1", Started: moment,
		Image: &imagelist.Image{List: "li,st:%\n::error::.txt", Number: 1, LineNumber: 1, Line: "'" + hostileText}}
	return outcome(t, run{results: []engine.Result{fail, unread, accepted, rejected, invalid}, end: engine.Summary{Lines: 5, Elapsed: time.Second, ExitStatus: 0, ScriptStatus: new(0), OwnStatus: 1}})
}

// stream is a run whose list came from standard input, and in which a script found a
// reason of its own for a bad exit status.
func stream(t testing.TB) *results.Outcome {
	r := image(1, "nginx", validate.Pass, "", "")
	r.Image.List = "standard input"
	return outcome(t, run{header: results.Header{List: "standard input", Script: "/opt/policies/prod.star"}, results: []engine.Result{r},
		end: engine.Summary{Lines: 1, Elapsed: time.Second, ExitStatus: 5, ScriptStatus: new(5)}})
}

// written returns the outcome of results that were written to a file and read again.
func written(t testing.TB, all ...engine.Result) *results.Outcome {
	t.Helper()
	path := filepath.Join(t.TempDir(), "r.jsonl")
	run{results: all, end: engine.Summary{Lines: len(all), ExitStatus: 1, OwnStatus: 1}}.write(t, path)
	o, err := results.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// FuzzFormats shows that readers get back every text in its cleaned form, whatever
// stands in it, and that it forges nothing around it.
func FuzzFormats(f *testing.F) {
	for _, text := range []string{hostileText, "", " ", "`", "``", "a`", "|", `\|`, `\\|`, "\\", "[a](b)", "<b>", "https://a.example www.a.example a@b.example", "\n", "::error::", "%0A", "]]>", "&#124;", "&lt;", "* _a_ ~~b~~", "$a$ $$b$$", "'", "=1"} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, message, tag string) {
		r := image(1, "nginx", validate.Fail, validate.DigestDiffers, message)
		r.Image.Tag, r.Image.Line = tag, tag
		outcome := written(t, r)
		for got := range outcome.Results() { // invalid UTF-8 does not come through the results file
			r = *got
		}
		checkXML(t, writtenBy(t, writeJUnit, outcome), r)
		checkTable(t, writtenBy(t, writeCSV, outcome), r)
		checkJSON(t, writtenBy(t, writeSARIF, outcome), writtenBy(t, WriteGitLab, outcome), r)
		checkCommands(t, writtenBy(t, WriteAnnotations, outcome), r)
		checkMarkdown(t, writtenBy(t, writeMarkdown, outcome), nameOf(r.Image), said(&r, maxCell))
	})
}

func checkXML(t *testing.T, text []byte, r engine.Result) {
	cases := junitOf(t, text).Cases
	if len(cases) != 1 || cases[0].Name != clean(r.Image.Tag, maxLine) || cases[0].Failure == nil || !strings.HasPrefix(cases[0].Failure.Text, said(&r, maxText)) {
		t.Errorf("%+v in JUnit", cases)
	}
}

func checkTable(t *testing.T, text []byte, r engine.Result) {
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	at := slices.Index(rows[0], "destination_tag")
	if got := strings.TrimPrefix(rows[1][2], "'"); got != clean(r.Message, maxText) || strings.TrimPrefix(rows[1][at], "'") != clean(r.Image.Tag, maxText) {
		t.Errorf("got %q", rows[1])
	}
}

func checkJSON(t *testing.T, sarif, gitLab []byte, r engine.Result) {
	var log struct {
		Runs []struct{ Results []sarifResult }
	}
	if err := json.Unmarshal(sarif, &log); err != nil {
		t.Fatalf("%v in %s", err, sarif)
	}
	if got := log.Runs[0].Results; len(got) != 1 || got[0].Message.Text != withoutLinks(nameOf(r.Image)+": "+said(&r, maxLine)) || strings.Contains(got[0].Message.Text, "](") {
		t.Errorf("got %+v", got)
	}
	var issues []gitLabIssue
	begins := strings.TrimSuffix(clean("digest-differs: "+nameOf(r.Image), maxLine-3), "…") // a long name is cut, and a little later in the report
	if err := json.Unmarshal(gitLab, &issues); err != nil || len(issues) != 1 || !strings.HasPrefix(issues[0].Description, begins) {
		t.Errorf("%+v, %v", issues, err)
	}
}

// checkCommands reads commands as the runner does.
func checkCommands(t *testing.T, text []byte, r engine.Result) {
	line, rest, _ := strings.Cut(string(text), "\n")
	before, data, found := strings.Cut(strings.TrimPrefix(line, "::"), "::")
	data = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%").Replace(data)
	if want := "error file=ci/list.txt,line=3,title=Digest differs"; !found || rest != "" || before != want || data != nameOf(r.Image)+": "+said(&r, maxLine) {
		t.Errorf("got %q", text)
	}
}
