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
	unknown = engine.Result{Status: validate.Error}
	waived  = engine.Result{Status: validate.Fail, Waived: "known"}
	earlier = engine.Result{Status: validate.Pass, Earlier: true}
)

// blobs is how far the reading of blobs is.
type blobs struct {
	read, pending int64
	images        int // whose blobs are being read
	shared        bool
}

// source returns the source of a tally, for a run of so many images.
func (b blobs) source(total int, final bool) TallySource {
	return TallySource{
		Total: func() (int, bool) { return total, final },
		Bytes: func() int64 { return b.read }, Pending: func() int64 { return b.pending }, Reading: func() int { return b.images },
		SharesBlobs: func() bool { return b.shared },
		Waiting:     func() (string, int, string) { return "r.example", 7, "down" },
	}
}

// TestTally shows the lines that tell users how far a run is.
func TestTally(t *testing.T) {
	for _, test := range []struct {
		name     string
		results  []engine.Result
		after    time.Duration
		total    int
		final    bool
		blobs    blobs
		registry string
		requests int
		want     string
	}{
		{"at once", nil, 0, 10, true, blobs{}, "", 0, "0/10 images, "},
		{"in the first second", []engine.Result{passed}, time.Second / 2, 10, true, blobs{}, "", 0, "1/10 images, "},
		{"a list of unknown length", []engine.Result{passed, passed}, 4 * time.Second, 3, false, blobs{}, "", 0, "2/? images, 0.5/s"},
		{"nothing yet", nil, time.Minute, 10, true, blobs{}, "r.example", 20, "0/10 images, r.example: 20 requests in flight"},
		{"in the middle", []engine.Result{passed, failing, waived, passed}, 8 * time.Second, 100, true, blobs{}, "r.example:5000", 1,
			"4/100 images, 1 failed, 0.5/s, 3m12s left, r.example:5000: 1 request in flight"},
		{"some could not be checked", []engine.Result{unknown, failing, failing, {Status: validate.Error, Waived: "known"}}, time.Second, 4, true, blobs{}, "", 0, "4/4 images, 2 failed, 1 unchecked, 4.0/s, 0s left"},
		{"the rate leaves out the results of an earlier run", []engine.Result{earlier, earlier, earlier, passed}, 2 * time.Second, 5, true, blobs{}, "", 0, "4/5 images, 0.5/s, 2s left"},
		{"bytes", []engine.Result{passed}, 2 * time.Second, 2, true, blobs{4 << 20, 0, 0, false}, "", 0, "1/2 images, 0.5/s, 4.0 MiB of about 8.0 MiB read, 2.0 MiB/s, 2s left"},
		{"no image is done, and two of ten are read", nil, 2 * time.Second, 10, true, blobs{4 << 20, 12 << 20, 2, false}, "", 0, "0/10 images, 4.0 MiB of about 80.0 MiB read, 2.0 MiB/s, 38s left"},
		{"one image is done, and a large one is read", []engine.Result{passed}, 2 * time.Second, 2, true, blobs{4 << 20, 16 << 20, 1, false}, "", 0, "1/2 images, 0.5/s, 4.0 MiB of about 20.0 MiB read, 2.0 MiB/s, 8s left"},
		{"blobs are read, and their images are in the hands of the script", nil, 2 * time.Second, 2, true, blobs{4 << 20, 0, 0, false}, "", 0, "0/2 images, 4.0 MiB read, 2.0 MiB/s"},
		{"everything is read", []engine.Result{passed, passed}, 2 * time.Second, 2, true, blobs{4 << 20, 0, 0, false}, "", 0, "2/2 images, 1.0/s, 4.0 MiB read, 2.0 MiB/s, 0s left"},
		{"bytes of a list of unknown length", []engine.Result{passed}, 2 * time.Second, 5, false, blobs{4 << 20, 4 << 20, 1, false}, "", 0, "1/? images, 0.5/s, 4.0 MiB read, 2.0 MiB/s"},
		{"bytes of the images that an earlier run left over", []engine.Result{earlier, earlier, earlier, passed}, 2 * time.Second, 5, true, blobs{4 << 20, 0, 0, false}, "", 0, "4/5 images, 0.5/s, 4.0 MiB of about 8.0 MiB read, 2.0 MiB/s, 2s left"},
		{"ten images share a blob that one of them reads", []engine.Result{passed}, 2 * time.Second, 20, true, blobs{4 << 20, 12 << 20, 9, true}, "", 0, "1/20 images, 0.5/s, 4.0 MiB read, 2.0 MiB/s, 38s left"},
		{"bytes, and more results than images", []engine.Result{passed, passed}, 2 * time.Second, 1, true, blobs{4 << 20, 4 << 20, 1, false}, "", 0, "2/1 images, 1.0/s, 4.0 MiB read, 2.0 MiB/s"},
		{"more results than images, because a script validates again", []engine.Result{passed, passed}, time.Second, 1, true, blobs{}, "", 0, "2/1 images, 2.0/s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tally := &Tally{}
				source := test.blobs.source(test.total, test.final)
				source.Waiting = func() (string, int, string) { return test.registry, test.requests, "" }
				tally.Start(source)
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
		tally.Start(blobs{300 << 20, 20 << 20, 1, false}.source(600, true))
		stopText := tally.Log(NewLogger(&text, false, false, false), false)
		stopJSON := tally.Log(NewLogger(&asJSON, true, false, false), true)
		tallied(tally, passed, failing, unknown)
		time.Sleep(2*LogEvery + 1)
		stopText()
		stopJSON()
		time.Sleep(10 * LogEvery)

		lines := strings.Split(strings.TrimSpace(text.String()), "\n")
		if len(lines) != 2 || !strings.HasSuffix(lines[0], " [INFO] 3/600 images, 1 failed, 1 unchecked, 0.1/s, 300.0 MiB of about 46.9 GiB read, 10.0 MiB/s, 1h19m30s left, r.example: down") {
			t.Errorf("got %q", lines)
		}
		lines = strings.Split(strings.TrimSpace(asJSON.String()), "\n")
		var record map[string]any
		if err := json.Unmarshal([]byte(lines[0]), &record); err != nil || len(lines) != 2 {
			t.Fatalf("%v: %q", err, lines)
		}
		delete(record, "time")
		got, _ := json.Marshal(record)
		const want = `{"bytes":314572800,"bytes_expected":50331648000,"done":3,"error":1,"failed":1,"left_ms":4770000,"level":"INFO","msg":"progress","rate":0.1,"registry":"r.example","registry_state":"down","requests_in_flight":7,"total":600,"total_final":true}`
		if string(got) != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}
