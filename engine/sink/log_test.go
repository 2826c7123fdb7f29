package sink

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/validate"
)

var nginx = imagelist.Image{List: "list.txt", Number: 3, LineNumber: 5, Line: "nginx r.io/nginx 1", Source: "docker.io/library/nginx", Destination: "r.io/nginx", Tag: "1"}

// TestLoggerWith shows that a logger keeps the number of the image for which it was
// made. An attribute of a group with the same name does not count.
func TestLoggerWith(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(&out, false, false, false)
	log.With("m_id", 7, "other", 1).Info("one")
	log.With("m_id", 7).Info("two", "m_id", 8)
	log.WithGroup("group").With("m_id", 7).Info("three", "m_id", 8)
	log.With("m_id", 7).WithGroup("group").Info("four", "m_id", 8)
	log.WithGroup("").Info("five", "m_id", 9)
	got := regexp.MustCompile(`(?m)^\S+ `).ReplaceAllString(out.String(), "")
	want := "[INFO] [M_ID:7] one\n[INFO] [M_ID:8] two\n[INFO] three\n[INFO] [M_ID:7] four\n[INFO] [M_ID:9] five\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestLog shows the lines for each kind of result, as text and as JSON.
func TestLog(t *testing.T) {
	lists := &validate.Lists{Source: []validate.ListEntry{}, Destination: nil}
	for _, test := range []struct {
		name       string
		result     engine.Result
		text, json string // without the time
	}{
		{"pass", engine.Result{Status: validate.Pass, Match: validate.Identical},
			"[INFO] [M_ID:3] PASS [docker.io/library/nginx:1] == [r.io/nginx:1]\n",
			`"level":"INFO","msg":"PASS [docker.io/library/nginx:1] == [r.io/nginx:1]","m_id":3,"status":"pass","source":"docker.io/library/nginx:1","destination":"r.io/nginx:1","match":"identical"}` + "\n"},
		{"pass with warnings", engine.Result{Status: validate.Pass, Match: validate.Identical, Warnings: []string{"read\ntwice", "too"}},
			"[WARN] [M_ID:3] WARNING [r.io/nginx:1]: read twice\n[WARN] [M_ID:3] WARNING [r.io/nginx:1]: too\n[INFO] [M_ID:3] PASS [docker.io/library/nginx:1] == [r.io/nginx:1]\n",
			`"level":"WARN","msg":"WARNING [r.io/nginx:1]: read twice","m_id":3,"status":"pass"}` + "\n" + `"level":"WARN","msg":"WARNING [r.io/nginx:1]: too","m_id":3,"status":"pass"}` + "\n" +
				`"level":"INFO","msg":"PASS [docker.io/library/nginx:1] == [r.io/nginx:1]","m_id":3,"status":"pass","source":"docker.io/library/nginx:1","destination":"r.io/nginx:1","match":"identical"}` + "\n"},
		{"fail", engine.Result{Status: validate.Fail, Reason: validate.DestinationMissing, Message: "no\nsuch"},
			"[ERRO] [M_ID:3] FAILED [docker.io/library/nginx:1] != [r.io/nginx:1]: no such\n",
			`"level":"ERROR","msg":"FAILED [docker.io/library/nginx:1] != [r.io/nginx:1]: no such","m_id":3,"status":"fail","source":"docker.io/library/nginx:1","destination":"r.io/nginx:1","reason":"destination-missing"}` + "\n"},
		{"lists", engine.Result{Status: validate.Fail, Message: "differ", Lists: lists},
			"[ERRO] [M_ID:3] srcSpec: []\n[ERRO] [M_ID:3] dstSpec: []\n[ERRO] [M_ID:3] FAILED [docker.io/library/nginx:1] != [r.io/nginx:1]: differ\n",
			`"level":"ERROR","msg":"srcSpec: []","m_id":3,"status":"fail"}` + "\n" + `"level":"ERROR","msg":"dstSpec: []","m_id":3,"status":"fail"}` + "\n" +
				`"level":"ERROR","msg":"FAILED [docker.io/library/nginx:1] != [r.io/nginx:1]: differ","m_id":3,"status":"fail","source":"docker.io/library/nginx:1","destination":"r.io/nginx:1"}` + "\n"},
		{"waived", engine.Result{Status: validate.Fail, Reason: validate.DigestDiffers, Message: "differ", Waived: "known", Lists: lists},
			"[WARN] [M_ID:3] WAIVED [docker.io/library/nginx:1] != [r.io/nginx:1]: differ (known)\n",
			`"level":"WARN","msg":"WAIVED [docker.io/library/nginx:1] != [r.io/nginx:1]: differ (known)","m_id":3,"status":"fail","source":"docker.io/library/nginx:1","destination":"r.io/nginx:1","reason":"digest-differs","waived":"known"}` + "\n"},
		{"skip", engine.Result{Status: validate.Skip, Reason: validate.NoPlatform, Message: "none"},
			"[WARN] [M_ID:3] SKIPPED [docker.io/library/nginx:1]: none\n",
			`"level":"WARN","msg":"SKIPPED [docker.io/library/nginx:1]: none","m_id":3,"status":"skip","source":"docker.io/library/nginx:1","destination":"r.io/nginx:1","reason":"no-platform"}` + "\n"},
		{"error", engine.Result{Status: validate.Error, Reason: validate.Timeout, Message: "late", Attempts: 1},
			"[ERRO] [M_ID:3] ERROR [docker.io/library/nginx:1] ?? [r.io/nginx:1]: late\n",
			`"level":"ERROR","msg":"ERROR [docker.io/library/nginx:1] ?? [r.io/nginx:1]: late","m_id":3,"status":"error","source":"docker.io/library/nginx:1","destination":"r.io/nginx:1","reason":"timeout"}` + "\n"},
		{"no image", engine.Result{Status: validate.Error, Reason: validate.InvalidLine, Message: "list.txt:5: two words"},
			"[ERRO] [M_ID:3] ERROR list.txt:5: two words\n",
			`"level":"ERROR","msg":"ERROR list.txt:5: two words","m_id":3,"status":"error","reason":"invalid-line","line_number":5}` + "\n"},
		{"present", engine.Result{Status: validate.Pass, Terms: engine.Terms{Rules: validate.Present}},
			"[INFO] [M_ID:3] PASS [r.io/nginx:1] is present\n",
			`"level":"INFO","msg":"PASS [r.io/nginx:1] is present","m_id":3,"status":"pass","destination":"r.io/nginx:1"}` + "\n"},
		{"not present", engine.Result{Status: validate.Fail, Reason: validate.DestinationMissing, Message: "no such", Terms: engine.Terms{Rules: validate.Present}},
			"[ERRO] [M_ID:3] FAILED [r.io/nginx:1]: no such\n",
			`"level":"ERROR","msg":"FAILED [r.io/nginx:1]: no such","m_id":3,"status":"fail","destination":"r.io/nginx:1","reason":"destination-missing"}` + "\n"},
		{"not present, but waived", engine.Result{Status: validate.Fail, Reason: validate.DestinationMissing, Message: "no such", Waived: "known", Terms: engine.Terms{Rules: validate.Present}},
			"[WARN] [M_ID:3] WAIVED [r.io/nginx:1]: no such (known)\n",
			`"level":"WARN","msg":"WAIVED [r.io/nginx:1]: no such (known)","m_id":3,"status":"fail","destination":"r.io/nginx:1","reason":"destination-missing","waived":"known"}` + "\n"},
		{"perhaps present", engine.Result{Status: validate.Error, Reason: validate.Unreachable, Message: "no answer", Attempts: 1, Terms: engine.Terms{Rules: validate.Present}},
			"[ERRO] [M_ID:3] ERROR [r.io/nginx:1]: no answer\n",
			`"level":"ERROR","msg":"ERROR [r.io/nginx:1]: no answer","m_id":3,"status":"error","destination":"r.io/nginx:1","reason":"unreachable"}` + "\n"},
		{"an image that the run did not reach", engine.Result{Status: validate.Error, Reason: validate.Timeout}, "", ""},
		{"interrupted", engine.Result{Status: validate.Error, Reason: validate.Interrupted, Attempts: 1}, "", ""},
		{"earlier", engine.Result{Status: validate.Pass, Earlier: true}, "", ""},
	} {
		test.result.Image = &nginx
		for _, form := range []struct {
			asJSON bool
			time   string
			want   string
		}{
			{false, `(?m)^\d\d:\d\d:\d\d `, test.text},
			{true, `(?m)^\{"time":"[^"]+",`, test.json},
		} {
			var written bytes.Buffer
			if err := (Log{Logger: NewLogger(&written, form.asJSON, false, false)}).Write(&test.result); err != nil {
				t.Fatal(err)
			}
			if got := regexp.MustCompile(form.time).ReplaceAllString(written.String(), ""); got != form.want {
				t.Errorf("%s:\ngot  %s\nwant %s", test.name, got, form.want)
			}
		}
	}
}

// TestInert shows that no text in the log is a command to a CI service, which looks for
// these anywhere in a line.
func TestInert(t *testing.T) {
	const evil = "##[error]forged ##[stop-commands]x ##vso[task.complete result=Succeeded;]"
	var log strings.Builder
	logger := NewLogger(&log, false, false, false)
	logger.Error(evil)
	image := &imagelist.Image{Source: "a.io/a", Destination: "b.io/a", Tag: "1", Line: evil}
	if err := (Log{Logger: logger}).Write(&engine.Result{Image: image, Status: validate.Fail, Reason: "x", Message: evil, Warnings: []string{evil}}); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"##[", "##vso["} {
		if strings.Contains(log.String(), command) {
			t.Errorf("%q has the command %s", log.String(), command)
		}
	}
	if !strings.Contains(log.String(), "# #[error]forged") {
		t.Errorf("%q lacks the text", log.String())
	}
}
