package results

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/validate"
)

const digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

var (
	moment = time.Date(2027, 3, 31, 12, 0, 0, 123456789, time.UTC)
	nginx  = imagelist.Image{List: "list.txt", Number: 3, LineNumber: 5, Line: "nginx r.io/nginx 1", Source: "docker.io/library/nginx", Destination: "r.io/nginx", Tag: "1"}
	redis  = imagelist.Image{List: "list.txt", Number: 4, LineNumber: 6, Line: "redis r.io/redis <&> 7", Source: "docker.io/library/redis", Destination: "r.io/redis", Tag: "7"}
)

// hints are the words that the command gives.
var hints = Hints{File: "--results", Resume: "--resume"}

// recorded writes a results file.
func recorded(t *testing.T, run Header, results ...engine.Result) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "r.jsonl")
	file, err := Create(path, run, hints)
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range results {
		if err := file.Write(&result); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func text(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestRecords shows what stands in a results file, whose format others read.
func TestRecords(t *testing.T) {
	path := recorded(t, Header{Version: "1", Script: "s.star", Program: "p", List: "list.txt", SHA256: "x", Flags: map[string]any{"jobs": 3}, Started: moment},
		engine.Result{Image: nginx, Status: validate.Pass, Match: validate.Identical, Attempts: 2, Requests: 3, Started: moment, Duration: 1500 * time.Millisecond,
			Platforms: []validate.PlatformVerdict{{Platform: "linux/amd64", Source: digest, Destination: digest, Match: validate.Identical}}},
		engine.Result{Image: nginx, Status: validate.Pass, Earlier: true}, // it is in a file
		engine.Result{Image: redis, Status: validate.Fail, Reason: validate.DestinationMissing, Message: "no <manifest>", Waived: "known & accepted", Attempts: 1, Started: moment},
	)
	want := `{"mvrun":"1","script":"s.star","script_sha256":"p","list":"list.txt","sha256":"x","flags":{"jobs":3},"started":"2027-03-31T12:00:00.123456789Z"}
{"number":3,"line_number":5,"line":"nginx r.io/nginx 1","source":"docker.io/library/nginx","destination":"r.io/nginx","tag":"1","status":"pass","reason":"","message":"","match":"identical","platforms":[{"platform":"linux/amd64","source":"DIGEST","destination":"DIGEST","match":"identical"}],"attempts":2,"requests":3,"started":"2027-03-31T12:00:00.123456789Z","duration_ms":1500,"waived":""}
{"number":4,"line_number":6,"line":"redis r.io/redis <&> 7","source":"docker.io/library/redis","destination":"r.io/redis","tag":"7","status":"fail","reason":"destination-missing","message":"no <manifest>","match":"","platforms":[],"attempts":1,"requests":0,"started":"2027-03-31T12:00:00.123456789Z","duration_ms":0,"waived":"known & accepted"}
`
	if got := strings.ReplaceAll(text(t, path), digest, "DIGEST"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestResumed shows what a run that goes on knows of the one before.
func TestResumed(t *testing.T) {
	run := Header{Version: "1", List: "list.txt", SHA256: "x"}
	passed := engine.Result{Image: nginx, Status: validate.Pass, Match: validate.SamePlatforms, Message: "well", Attempts: 2, Requests: 7, Started: moment, Duration: time.Second,
		Platforms: []validate.PlatformVerdict{{Platform: "linux/amd64", Source: digest, Destination: digest, Match: validate.Identical}}}
	before := passed
	before.Status, before.Reason = validate.Fail, validate.DigestDiffers
	waived := engine.Result{Image: redis, Status: validate.Fail, Reason: validate.DigestDiffers, Waived: "known", Started: moment}
	path := recorded(t, run, before, passed, waived)
	whole := text(t, path)
	if err := os.WriteFile(path, []byte(whole+`{"number":5,"sta`), 0o666); err != nil {
		t.Fatal(err)
	}
	file, earlier, err := Resume(path, run, hints)
	if err != nil {
		t.Fatal(err)
	}

	again := nginx
	again.Line, again.LineNumber = "as it stands now", 9
	want := passed
	want.Image, want.Earlier, want.Started = again, true, moment.Local()
	if got := earlier.Result(again); !reflect.DeepEqual(got, &want) || !got.OK() {
		t.Errorf("got  %+v\nwant %+v", got, &want)
	}
	if got := earlier.Result(redis); got == nil || got.OK() || got.Waived != "" {
		t.Errorf("a waiver is given again by whoever gave it: %+v", got)
	}
	for name, other := range map[string]func(*imagelist.Image){
		"number": func(i *imagelist.Image) { i.Number++ }, "source": func(i *imagelist.Image) { i.Source += "x" },
		"destination": func(i *imagelist.Image) { i.Destination += "x" }, "tag": func(i *imagelist.Image) { i.Tag += "x" },
	} {
		image := nginx
		other(&image)
		if got := earlier.Result(image); got != nil {
			t.Errorf("of another %s: %+v", name, got)
		}
	}
	if got := (Earlier)(nil).Result(nginx); got != nil {
		t.Errorf("without an earlier run: %+v", got)
	}

	// What comes now stands behind the last whole line.
	if err := file.Write(&engine.Result{Image: redis, Status: validate.Pass}); err != nil {
		t.Fatal(err)
	}
	file.Close()
	got := text(t, path)
	if rest, ok := strings.CutPrefix(got, whole); !ok || strings.Count(rest, "\n") != 1 || !strings.HasPrefix(rest, `{"number":4,`) {
		t.Errorf("the file holds\n%s", got)
	}
	if _, earlier, err = Resume(path, run, hints); err != nil || !earlier.Result(redis).OK() {
		t.Errorf("a third run: %v", err)
	}
}

// TestResumeRefused shows from what no run goes on.
func TestResumeRefused(t *testing.T) {
	run := Header{Version: "1", Script: "s.star", Program: "p", List: "list.txt", SHA256: "x", Flags: map[string]any{"arch": []string{"amd64"}, "jobs": 1, "strict": false},
		Deciding: []string{"arch", "strict"}}
	for _, test := range []struct {
		name   string
		change func(r *Header)
		words  string // of the error, none if it goes on
	}{
		{"the same", func(*Header) {}, ""},
		{"another version", func(r *Header) { r.Version = "2" }, ""},
		{"the list under another name", func(r *Header) { r.List = "copy.txt" }, ""},
		{"what no verdict depends on", func(r *Header) {
			r.Flags = map[string]any{"arch": []string{"amd64"}, "strict": false, "file": "x", "failed": "x", "jobs": 20, "tls-verify": false, "debug": true, "timeout": 1, "deadline": 1,
				"results": "x", "resume": true, "allow-path": []string{"x"}, "log-format": "json", "progress": "never"}
		}, ""},
		{"another list", func(r *Header) { r.List, r.SHA256 = "other.txt", "y" }, "holds the results of another list (list.txt, "},
		{"a list that changed", func(r *Header) { r.SHA256 = "y" }, "holds the results of this list before it changed (list.txt, "},
		{"a stream of that name", func(r *Header) { r.SHA256 = "" }, "this list before it changed"},
		{"another script", func(r *Header) { r.Program = "q" }, "the results of script s.star before it, or a module of it, changed, or of another one"},
		{"another flag", func(r *Header) { r.Flags = map[string]any{"arch": []string{"arm64"}} }, "with --arch [amd64], and this has [arm64]"},
		{"another flag of the script's", func(r *Header) { r.Flags = map[string]any{"strict": true} }, "with --strict false, and this has true"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := recorded(t, run, engine.Result{Image: nginx, Status: validate.Pass})
			before, now := text(t, path), run
			test.change(&now)
			_, earlier, err := Resume(path, now, hints)
			if test.words == "" {
				if err != nil || !earlier.Result(nginx).OK() {
					t.Errorf("%v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.words) {
				t.Errorf("got %v, want %q", err, test.words)
			}
			if text(t, path) != before {
				t.Error("the file was changed")
			}
		})
	}

	// A stream may hold other lines.
	stream := Header{Version: "1", List: "standard input"}
	if _, _, err := Resume(recorded(t, stream), stream, hints); err == nil || !strings.Contains(err.Error(), "--resume needs a list in a file") {
		t.Errorf("of a stream: %v", err)
	}
	other := stream
	other.List = "pipe"
	if _, err := Create(recorded(t, stream), other, hints); err == nil || !strings.Contains(err.Error(), "holds the results of another list") {
		t.Errorf("of another stream: %v", err)
	}
}

// TestResultsFiles shows what is done to a file that is there.
func TestResultsFiles(t *testing.T) {
	run := Header{Version: "1", List: "list.txt", SHA256: "x"}
	header := text(t, recorded(t, run))
	other := strings.Replace(strings.Replace(header, `"x"`, `"y"`, 1), "list.txt", "other.txt", 1)
	for _, test := range []struct {
		name, content  string
		create, resume string // words of the error; "" if it is written to
	}{
		{"empty", "", "", ""},
		{"of the same list", header, "", ""},
		{"longer than what comes", header + strings.Repeat("{}\n", 100), "", ""},
		{"a header that was torn", `{"mvrun":"1","scr`, "is no results file of mvrun, and would be overwritten", ""},
		{"no results", "notes\n", "is no results file of mvrun, and would be overwritten", "is no results file of mvrun"},
		{"no results, in one line", "notes", "is no results file of mvrun, and would be overwritten", "is no results file of mvrun, and would be overwritten"},
		{"JSON of others", "{}\n", "is no results file of mvrun, and would be overwritten", "is no results file of mvrun"},
		{"of another list", other, "holds the results of another list (other.txt, ", "holds the results of another list"},
		{"a line that is no result", header + "{}\n{\n{}\n", "", "r.jsonl:3 is no result of mvrun"},
	} {
		for name, open := range map[string]func(path string) (*File, error){
			"create": func(path string) (*File, error) { return Create(path, run, hints) },
			"resume": func(path string) (*File, error) { r, _, err := Resume(path, run, hints); return r, err },
		} {
			t.Run(test.name+" "+name, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "r.jsonl")
				if err := os.WriteFile(path, []byte(test.content), 0o666); err != nil {
					t.Fatal(err)
				}
				words := map[string]string{"create": test.create, "resume": test.resume}[name]
				results, err := open(path)
				if words != "" {
					if err == nil || !strings.Contains(err.Error(), words) {
						t.Errorf("got %v, want %q", err, words)
					}
					if text(t, path) != test.content {
						t.Error("it was changed")
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer results.Close()
				if got := text(t, path); name == "create" && got != header || !strings.HasPrefix(got, header) {
					t.Errorf("it holds %q", got)
				}
			})
		}
	}

	folder := t.TempDir()
	if _, _, err := Resume(folder, run, hints); err == nil || !strings.Contains(err.Error(), "opening the results file (--results)") {
		t.Errorf("a folder: %v", err)
	}
	if _, earlier, err := Resume(filepath.Join(folder, "new.jsonl"), run, hints); err != nil || earlier != nil {
		t.Errorf("no file: %v", err)
	}
}

// TestHolds shows what is said of what is safe.
func TestHolds(t *testing.T) {
	path := recorded(t, Header{Version: "1"})
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	results := newFile(file, hints)
	if got, want := results.Holds(), path+" holds no result yet"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	pipe := newFile(w, hints)
	if err := pipe.Write(&engine.Result{}); err != nil {
		t.Fatal(err)
	}
	if got, want := pipe.Holds(), "1 result had been written to |1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
