package sink

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/engine"
	"mvrun/validate"
)

func tallied(t *Tally, results ...engine.Result) {
	for _, r := range results {
		t.Write(&r)
	}
}

var (
	passed  = engine.Result{Status: validate.Pass}
	failing = engine.Result{Status: validate.Fail}
	waived  = engine.Result{Status: validate.Fail, Waived: "known"}
	earlier = engine.Result{Status: validate.Pass, Earlier: true}
)

// TestTally shows the lines that tell users how far a run is.
func TestTally(t *testing.T) {
	for _, test := range []struct {
		name     string
		results  []engine.Result
		after    time.Duration
		total    int
		final    bool
		bytes    int64
		registry string
		requests int
		want     string
	}{
		{"at once", nil, 0, 10, true, 0, "", 0, "0/10 images, "},
		{"in the first second", []engine.Result{passed}, time.Second / 2, 10, true, 0, "", 0, "1/10 images, "},
		{"a list of unknown length", []engine.Result{passed, passed}, 4 * time.Second, 3, false, 0, "", 0, "2/? images, 0.5/s"},
		{"nothing yet", nil, time.Minute, 10, true, 0, "r.example", 20, "0/10 images, r.example: 20 requests in flight"},
		{"in the middle", []engine.Result{passed, failing, waived, passed}, 8 * time.Second, 100, true, 0, "r.example:5000", 1,
			"4/100 images, 1 failed, 0.5/s, 3m12s left, r.example:5000: 1 request in flight"},
		{"the rate leaves out the results of an earlier run", []engine.Result{earlier, earlier, earlier, passed}, 2 * time.Second, 5, true, 0, "", 0, "4/5 images, 0.5/s, 2s left"},
		{"bytes", []engine.Result{passed}, 2 * time.Second, 2, true, 4 << 20, "", 0, "1/2 images, 0.5/s, 4.0 MiB read, 2.0 MiB/s, 2s left"},
		{"more results than images, because a script validates again", []engine.Result{passed, passed}, time.Second, 1, true, 0, "", 0, "2/1 images, 2.0/s, 0s left"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tally := &Tally{}
				tally.Start(TallySource{func() (int, bool) { return test.total, test.final }, func() int64 { return test.bytes }, func() (string, int, string) { return test.registry, test.requests, "" }})
				tallied(tally, test.results...)
				time.Sleep(test.after) // by synctest's clock
				s := tally.snapshot()
				if got := s.counts() + ", " + s.details(); got != test.want {
					t.Errorf("got  %q\nwant %q", got, test.want)
				}
			})
		})
	}
}

// TestTallyLog shows the lines in the log: one every 30 seconds, and none after the
// end.
func TestTallyLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text, asJSON strings.Builder
		tally := &Tally{}
		tally.Start(TallySource{func() (int, bool) { return 600, true }, func() int64 { return 0 }, func() (string, int, string) { return "r.example", 7, "down" }})
		stopText := tally.Log(NewLogger(&text, false, false, false), false)
		stopJSON := tally.Log(NewLogger(&asJSON, true, false, false), true)
		tallied(tally, passed, passed, failing)
		time.Sleep(2*LogEvery + 1)
		stopText()
		stopJSON()
		time.Sleep(10 * LogEvery)

		lines := strings.Split(strings.TrimSpace(text.String()), "\n")
		if len(lines) != 2 || !strings.HasSuffix(lines[0], " [INFO] 3/600 images, 1 failed, 0.1/s, 1h39m30s left, r.example: down") {
			t.Errorf("got %q", lines)
		}
		lines = strings.Split(strings.TrimSpace(asJSON.String()), "\n")
		var record map[string]any
		if err := json.Unmarshal([]byte(lines[0]), &record); err != nil || len(lines) != 2 {
			t.Fatalf("%v: %q", err, lines)
		}
		delete(record, "time")
		got, _ := json.Marshal(record)
		const want = `{"bytes":0,"done":3,"failed":1,"left_ms":5970000,"level":"INFO","msg":"progress","rate":0.1,"registry":"r.example","registry_state":"down","requests_in_flight":7,"total":600,"total_final":true}`
		if string(got) != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}
