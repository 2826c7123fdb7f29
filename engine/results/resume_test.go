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
	nginx  = &imagelist.Image{List: "list.txt", Number: 3, LineNumber: 5, Line: "nginx r.io/nginx 1", Source: "docker.io/library/nginx", Destination: "r.io/nginx", Tag: "1"}
	redis  = &imagelist.Image{List: "list.txt", Number: 4, LineNumber: 6, Line: "redis r.io/redis <&> 7", Source: "docker.io/library/redis", Destination: "r.io/redis", Tag: "7"}
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

func content(t *testing.T, path string) string {
	t.Helper()
	read, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(read)
}

// TestRecords shows what stands in a results file, whose format others read.
func TestRecords(t *testing.T) {
	header := Header{Run: "7", RunFrom: "CI_PIPELINE_ID", Version: "1", Script: "s.star", ScriptSHA256: "p", List: "list.txt", ListSHA256: new("x"), ListLines: new(4),
		Question: Question{Rules: validate.Hangar, Depth: validate.Blobs, Arch: []string{"amd64"}, OS: []string{"linux"}, Sample: "100%"}, Started: moment}
	path := recorded(t, header,
		engine.Result{Image: nginx, Status: validate.Pass, Match: validate.Identical, Attempts: 2, Requests: 3, Started: moment, Duration: 1500 * time.Millisecond, Question: "q", Terms: engine.Terms{Rules: validate.Hangar, Depth: validate.Blobs},
			SourceDigest: digest, DestinationDigest: digest,
			Platforms: []validate.PlatformVerdict{{Platform: "linux/amd64", Wanted: true, Source: digest, Destination: digest, Match: validate.Identical}}},
		engine.Result{Image: redis, Status: validate.Fail, Reason: validate.BlobMissing, Message: "no <layer>", Waived: "known & accepted", Attempts: 1, Started: moment, Question: "q", Terms: engine.Terms{Rules: validate.Hangar, Depth: validate.Blobs},
			SourceDigest: digest, Missing: []validate.Object{{Digest: digest, Kind: validate.KindLayer, Platform: "linux/amd64", Layer: 3}}, Warnings: []string{"read <twice>"},
			Platforms: []validate.PlatformVerdict{{Platform: "linux/amd64", Wanted: true, Source: digest, Reason: validate.BlobMissing}}},
	)
	want := `{"type":"run","format":2,"run":"7","run_from":"CI_PIPELINE_ID","version":"1","list":"list.txt","list_sha256":"x","list_lines":4,"script":"s.star","script_sha256":"p","shard":null,"question":{"rules":"hangar","depth":"blobs","arch":["amd64"],"os":["linux"],"sample":"100%","provenance":false,"referrers":false},"started":"2027-03-31T12:00:00.123456789Z"}
{"type":"image","list":"list.txt","number":3,"line_number":5,"line":"nginx r.io/nginx 1","source":"docker.io/library/nginx","destination":"r.io/nginx","source_tag":"1","destination_tag":"1","tag":"1","status":"pass","reason":"","message":"","match":"identical","platforms":[{"platform":"linux/amd64","wanted":true,"source":"DIGEST","destination":"DIGEST","match":"identical","reason":"","message":""}],"source_digest":"DIGEST","destination_digest":"DIGEST","missing":[],"corrupt":[],"warnings":[],"question":"q","rules":"hangar","depth":"blobs","sampled":false,"attempts":2,"requests":3,"started":"2027-03-31T12:00:00.123456789Z","duration_ms":1500,"waived":null,"rejected":null}
{"type":"image","list":"list.txt","number":4,"line_number":6,"line":"redis r.io/redis <&> 7","source":"docker.io/library/redis","destination":"r.io/redis","source_tag":"7","destination_tag":"7","tag":"7","status":"fail","reason":"blob-missing","message":"no <layer>","match":"","platforms":[{"platform":"linux/amd64","wanted":true,"source":"DIGEST","destination":null,"match":"","reason":"blob-missing","message":""}],"source_digest":"DIGEST","destination_digest":null,"missing":[{"digest":"DIGEST","kind":"layer","platform":"linux/amd64","layer":3}],"corrupt":[],"warnings":["read <twice>"],"question":"q","rules":"hangar","depth":"blobs","sampled":false,"attempts":1,"requests":0,"started":"2027-03-31T12:00:00.123456789Z","duration_ms":0,"waived":"known & accepted","rejected":null}
`
	if got := strings.ReplaceAll(content(t, path), digest, "DIGEST"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestResumed shows what a run that goes on knows of the one before.
func TestResumed(t *testing.T) {
	run := Header{Version: "1", List: "list.txt", ListSHA256: new("x")}
	passed := engine.Result{Image: nginx, Question: "q", Status: validate.Pass, Match: validate.SamePlatforms, Message: "well", Attempts: 2, Requests: 7, Started: moment, Duration: time.Second,
		SourceDigest: digest, DestinationDigest: digest, Missing: []validate.Object{}, Corrupt: []validate.Object{},
		Platforms: []validate.PlatformVerdict{{Platform: "linux/amd64", Wanted: true, Source: digest, Destination: digest, Match: validate.Identical}}}
	others := passed // the same image, but another question
	others.Question, others.Status, others.Reason = "other", validate.Fail, validate.DigestDiffers
	before := passed
	before.Status, before.Reason = validate.Fail, validate.DigestDiffers
	waived := engine.Result{Image: redis, Question: "q", Status: validate.Fail, Reason: validate.DigestDiffers, Waived: "known", Started: moment}
	path := recorded(t, run, before, passed, waived, others)
	whole := content(t, path)
	if err := os.WriteFile(path, []byte(whole+`{"type":"image","line_number":5,"sta`), 0o666); err != nil {
		t.Fatal(err)
	}
	file, earlier, err := Resume(path, run, hints)
	if err != nil {
		t.Fatal(err)
	}

	again := new(*nginx)
	again.Line, again.LineNumber = "as it stands now", 9
	want := passed
	want.Image, want.Earlier, want.Started, want.Missing, want.Corrupt = again, true, moment.Local(), nil, nil
	if got := earlier.Result(again, "q"); !reflect.DeepEqual(got, &want) || !got.OK() {
		t.Errorf("got  %+v\nwant %+v", got, &want)
	}
	if got := earlier.Result(redis, "q"); got != nil {
		t.Errorf("a waived image is validated again, but got %+v", got)
	}
	if got := earlier.Result(again, "other"); got != nil {
		t.Errorf("another question has the answer %+v", got)
	}
	for name, other := range map[string]func(*imagelist.Image){
		"number": func(i *imagelist.Image) { i.Number++ }, "source": func(i *imagelist.Image) { i.Source += "x" },
		"destination": func(i *imagelist.Image) { i.Destination += "x" }, "tag": func(i *imagelist.Image) { i.Tag += "x" }, "source's tag": func(i *imagelist.Image) { i.SourceTag = "x" },
	} {
		image := new(*nginx)
		other(image)
		if got := earlier.Result(image, "q"); got != nil {
			t.Errorf("of another %s: %+v", name, got)
		}
	}
	if got := (Earlier{}).Result(nginx, "q"); got != nil {
		t.Errorf("without an earlier run: %+v", got)
	}

	// What comes now stands behind the last whole line.
	if err := file.Write(&engine.Result{Image: redis, Status: validate.Pass, Question: "q"}); err != nil {
		t.Fatal(err)
	}
	file.Close()
	got := content(t, path)
	if rest, ok := strings.CutPrefix(got, whole); !ok || strings.Count(rest, "\n") != 2 || !strings.HasPrefix(rest, `{"type":"resumed",`) || !strings.Contains(rest, `"number":4,`) {
		t.Errorf("the file holds\n%s", got)
	}
	if _, earlier, err = Resume(path, run, hints); err != nil || !earlier.Result(redis, "q").OK() {
		t.Errorf("a third run: %v", err)
	}
}

// TestTakenUp shows when the result of an earlier run is written again: whenever
// the file does not end with it already. A reader takes the last record.
func TestTakenUp(t *testing.T) {
	run := Header{Version: "1", List: "list.txt", ListSHA256: new("x")}
	passed := engine.Result{Image: nginx, Question: "q", Status: validate.Pass, Started: moment}
	failed := engine.Result{Image: nginx, Question: "other", Status: validate.Fail, Reason: validate.DigestDiffers, Started: moment}
	takenUp := func(f *File, earlier Earlier) error { return f.Write(earlier.Result(nginx, "q")) }
	for _, test := range []struct {
		name   string
		before []engine.Result
		steps  []func(f *File, earlier Earlier) error
		want   int // more records of the pass
	}{
		{"the last record", []engine.Result{passed}, []func(*File, Earlier) error{takenUp}, 0},
		{"twice", []engine.Result{passed}, []func(*File, Earlier) error{takenUp, takenUp}, 0},
		{"behind another question", []engine.Result{passed, failed}, []func(*File, Earlier) error{takenUp, takenUp}, 1},
		{"after a fresh result", []engine.Result{passed}, []func(*File, Earlier) error{
			func(f *File, _ Earlier) error { return f.Write(&failed) }, takenUp,
		}, 1},
		{"withdrawn", []engine.Result{passed}, []func(*File, Earlier) error{
			func(f *File, _ Earlier) error { return f.Withdraw(nginx) }, takenUp,
		}, 1},
		{"withdrawn at the end of a run before", []engine.Result{passed}, []func(*File, Earlier) error{
			func(f *File, _ Earlier) error {
				if err := f.Finish(engine.Summary{}); err != nil {
					return err
				}
				again, earlier, err := Resume(f.name, run, hints)
				if err != nil {
					return err
				}
				defer again.Close()
				return takenUp(again, earlier)
			},
		}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := recorded(t, run, test.before...)
			before := strings.Count(content(t, path), `"status":"pass"`)
			file, earlier, err := Resume(path, run, hints)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range test.steps {
				if err := step(file, earlier); err != nil {
					t.Fatal(err)
				}
			}
			file.Close()
			if got := strings.Count(content(t, path), `"status":"pass"`) - before; got != test.want {
				t.Errorf("%d more records, want %d:\n%s", got, test.want, content(t, path))
			}
		})
	}
}

// TestExactNames shows that a field counts only under its exact name.
func TestExactNames(t *testing.T) {
	lines := NewReader(strings.NewReader(`{"type":"image","status":"fail","STATUS":"pass","\u0053tatus":"pass","Platforms":[{}]}` + "\n"))
	line, err := lines.Next()
	if record, ok := line.(*Record); err != nil || !ok || record.Status != validate.Fail || len(record.Platforms) != 0 {
		t.Errorf("%+v, %v", line, err)
	}
}

// TestResumeRefused shows from which files no run goes on.
func TestResumeRefused(t *testing.T) {
	run := Header{Version: "1", Script: "s.star", ScriptSHA256: "p", List: "list.txt", ListSHA256: new("x")}
	for _, test := range []struct {
		name   string
		change func(h *Header)
		words  string // of the error, none if it goes on
	}{
		{"the same", func(*Header) {}, ""},
		{"another version", func(h *Header) { h.Version = "2" }, ""},
		{"the list under another name", func(h *Header) { h.List = "copy.txt" }, ""},
		{"another question", func(h *Header) { h.Question.Rules = validate.Exact }, ""}, // each record knows its own
		{"another part of the list", func(h *Header) { h.Shard = &Shard{3, 8} }, "holds the results of another part of the list"},
		{"another list", func(h *Header) { h.List, h.ListSHA256 = "other.txt", new("y") }, "holds the results of another list (list.txt, "},
		{"a list that changed", func(h *Header) { h.ListSHA256 = new("y") }, "holds the results of this list before it changed (list.txt, "},
		{"a stream of that name", func(h *Header) { h.ListSHA256 = nil }, "this list before it changed"},
		{"another script", func(h *Header) { h.ScriptSHA256 = "q" }, "the results of script s.star before it, or a module of it, changed, or of another one"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := recorded(t, run, engine.Result{Image: nginx, Status: validate.Pass, Question: "q"})
			before, now := content(t, path), run
			test.change(&now)
			_, earlier, err := Resume(path, now, hints)
			if test.words == "" {
				image := new(*nginx)
				image.List = now.List
				if err != nil || !earlier.Result(image, "q").OK() {
					t.Errorf("%v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.words) {
				t.Errorf("got %v, want %q", err, test.words)
			}
			if content(t, path) != before {
				t.Error("the file was changed")
			}
		})
	}

	// A stream may hold other lines.
	stream, passed := Header{Version: "1", List: "standard input"}, engine.Result{Image: nginx, Status: validate.Pass, Started: moment}
	if _, _, err := Resume(recorded(t, stream, passed), stream, hints); err == nil || !strings.Contains(err.Error(), "--resume needs a list in a file") {
		t.Errorf("of a stream: %v", err)
	}
	other := stream
	other.List = "pipe"
	if _, err := Create(recorded(t, stream, passed), other, hints); err == nil || !strings.Contains(err.Error(), "holds the results of another list") {
		t.Errorf("of another stream: %v", err)
	}
}

// TestResultsFiles shows what is done to a file that is there.
func TestResultsFiles(t *testing.T) {
	run := Header{Version: "1", List: "list.txt", ListSHA256: new("x")}
	header := content(t, recorded(t, run))
	other := strings.Replace(strings.Replace(header, `"x"`, `"y"`, 1), "list.txt", "other.txt", 1)
	for _, test := range []struct {
		name, content  string
		create, resume string // words of the error; "" if it is written to
	}{
		{"empty", "", "", ""},
		{"of the same list", header, "", ""},
		{"longer than what comes", header + strings.Repeat("{\"type\":\"later\"}\n", 100), "", ""},
		{"a header that was torn", `{"type":"run","form`, "is no results file of mvrun, and would be overwritten", ""},
		{"of format 1", `{"mvrun":"0.1.0","script":"validate.star","list":"list.txt"}` + "\n", "it is of format 1, which mvrun 0.1 wrote: give --results another name", "it is of format 1, which mvrun 0.1 wrote"},
		{"of a format to come", strings.Replace(header, `"format":2`, `"format":3`, 1), "is no results file of mvrun, and would be overwritten", "it is of format 3, and this mvrun reads format 2"},
		{"no results", "notes\n", "is no results file of mvrun, and would be overwritten", "is no results file of mvrun"},
		{"no results, in one line", "notes", "is no results file of mvrun, and would be overwritten", "is no results file of mvrun, and would be overwritten"},
		{"JSON of others", "{}\n", "is no results file of mvrun, and would be overwritten", "is no results file of mvrun"},
		{"of another list", other, "holds the results of another list (other.txt, ", "holds the results of another list"},
		{"a line that is no result", header + "{\"type\":\"later\"}\n{\n{}\n", "", "r.jsonl:3 is no result of mvrun"},
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
					if content(t, path) != test.content {
						t.Error("it was changed")
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer results.Close()
				if got := content(t, path); name == "create" && got != header || !strings.HasPrefix(got, header) {
					t.Errorf("it holds %q", got)
				}
			})
		}
	}

	folder := t.TempDir()
	if _, _, err := Resume(folder, run, hints); err == nil || !strings.Contains(err.Error(), "opening the results file (--results)") {
		t.Errorf("a folder: %v", err)
	}
	if _, earlier, err := Resume(filepath.Join(folder, "new.jsonl"), run, hints); err != nil || earlier.images != nil {
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
	if err := pipe.Write(&engine.Result{Image: new(imagelist.Image)}); err != nil {
		t.Fatal(err)
	}
	if got, want := pipe.Holds(), "1 result had been written to |1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
