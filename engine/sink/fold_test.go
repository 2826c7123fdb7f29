package sink

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// numbered returns the result of one image of many. Each % in the message stands for the
// image's number.
func numbered(n int, registry string, r engine.Result) *engine.Result {
	r.Image = &imagelist.Image{Number: n, Source: fmt.Sprintf("hub.example/app/a%d", n), Destination: fmt.Sprintf("%s/app/a%d", registry, n), Tag: fmt.Sprint(n)}
	r.Message = strings.ReplaceAll(r.Message, "%", fmt.Sprint(n))
	return &r
}

// TestFolding shows which messages are equal, and what the log says of those that it does
// not show.
func TestFolding(t *testing.T) {
	for _, test := range []struct {
		name   string
		result engine.Result
		want   string // the line with the count; "" if nothing is folded
	}{
		{"the destination is down",
			engine.Result{Status: validate.Error, Reason: validate.Unreachable, Message: "reading destination r.example/app/a%:%: r.example is down: since 11:22:33 it failed % times in a row, the last time with: read tcp 10.0.0.1:%->10.0.0.2:443: reset"},
			"[ERRO] ERROR 5 more lines of r.example not shown, equal to 20 above: r.example is down: since 11:22:33 it failed many times in a row, the last time with: read tcp 10.0.0.1->10.0.0.2:443: reset\n"},
		{"the source is down",
			engine.Result{Status: validate.Error, Reason: validate.Unreachable, Message: "reading layer % of linux/amd64, sha256:%, of source hub.example/app/a%:%: hub.example is down"},
			"[ERRO] ERROR 5 more lines of hub.example not shown, equal to 20 above: hub.example is down\n"},
		{"the time of an image is over",
			engine.Result{Status: validate.Error, Reason: validate.Timeout, Attempts: 1, Message: "no verdict within 5m: reading destination r.example/app/a%:%: no answer"},
			"[ERRO] ERROR 5 more lines of r.example not shown, equal to 20 above: no verdict within 5m: no answer\n"},
		{"a child of each image",
			engine.Result{Status: validate.Error, Reason: validate.Unreachable, Message: "reading destination r.example/app/a%@sha256:%: 502 Bad Gateway"},
			"[ERRO] ERROR 5 more lines of r.example not shown, equal to 20 above: 502 Bad Gateway\n"},
		{"the source has none",
			engine.Result{Status: validate.Error, Reason: validate.SourceMissing, Message: "source manifest does not exist"},
			"[ERRO] ERROR 5 more lines of hub.example not shown, equal to 20 above: source manifest does not exist\n"},
		{"the destination has none", engine.Result{Status: validate.Fail, Reason: validate.DestinationMissing, Message: "no such manifest"}, ""},
		{"another name in each message",
			engine.Result{Status: validate.Error, Reason: validate.Unreachable, Message: `source "hub.example/app/a%", destination "r.example/app/a%", tag "%": no answer`},
			"[ERRO] ERROR 5 more lines of r.example not shown, equal to 20 above: source \"…\", destination \"…\", …: no answer\n"},
		{"skipped", engine.Result{Status: validate.Skip, Reason: validate.NoPlatform, Message: "none"}, ""},
		{"waived", engine.Result{Status: validate.Fail, Message: "old", Waived: "known"}, ""},
		{"waived without an answer", engine.Result{Status: validate.Error, Message: "down", Waived: "known"}, ""},
		{"warned", engine.Result{Status: validate.Skip, Message: "%", Warnings: []string{"slow"}},
			"[WARN] WARNING 5 more lines of r.example not shown, equal to 20 above: slow\n"},
		{"passed", engine.Result{Status: validate.Pass}, ""},
		{"a different message for each image", engine.Result{Status: validate.Fail, Message: "layer % differs"}, ""},
		{"lines that are no images", engine.Result{Status: validate.Error, Reason: validate.InvalidLine, Message: "too many words"}, ""},
	} {
		var out bytes.Buffer
		logger := NewLogger(&out, false, false, false)
		log := Log{Logger: logger, Folding: StartFolding(logger)}
		for n := range foldAfter + 5 {
			if err := log.Write(numbered(n+1, "r.example", test.result)); err != nil {
				t.Fatal(err)
			}
		}
		if err := log.Finish(engine.Summary{}); err != nil {
			t.Fatal(err)
		}
		got := ""
		for line := range strings.Lines(out.String()) {
			if strings.Contains(line, "not shown") {
				got += line[len("11:22:33 "):]
			}
		}
		if got != test.want {
			t.Errorf("%s:\ngot  %swant %s", test.name, got, test.want)
		}
		lines := regexp.MustCompile(`\[M_ID:\d+\] (FAILED|ERROR|SKIPPED|WAIVED|WARNING|PASS)`).FindAllStringSubmatch(out.String(), -1)
		shown := 0
		for _, line := range lines {
			if test.want == "" || strings.Contains(test.want, line[1]) {
				shown++
			}
		}
		if want := map[bool]int{true: foldAfter + 5, false: foldAfter}[test.want == ""]; shown != want {
			t.Errorf("%s: %d lines are shown, want %d", test.name, shown, want)
		}
	}
}

// TestFoldingRegistries shows that each registry has its own 20 messages.
func TestFoldingRegistries(t *testing.T) {
	var out bytes.Buffer
	logger := NewLogger(&out, false, false, false)
	log := Log{Logger: logger, Folding: StartFolding(logger)}
	for n := range foldAfter + 1 {
		for _, registry := range []string{"r.example", "s.example:5000"} {
			_ = log.Write(numbered(n+1, registry, engine.Result{Status: validate.Error, Message: "down"}))
		}
	}
	_ = log.Finish(engine.Summary{})
	for what, want := range map[string]int{"ERROR [": 2 * foldAfter, "1 more line of r.example ": 1, "1 more line of s.example:5000 ": 1} {
		if got := strings.Count(out.String(), what); got != want {
			t.Errorf("%q stands in the log %d times, want %d", what, got, want)
		}
	}
}

// TestFoldingPrefix shows that the source's name inside the destination's does no harm.
func TestFoldingPrefix(t *testing.T) {
	registry, message := anonymous("reading destination r.example/hub.example/app/a1:1: down", numbered(1, "r.example/hub.example", engine.Result{Status: validate.Error}))
	if registry != "r.example" || message != "down" {
		t.Errorf("got %q of %q, want %q of %q", message, registry, "down", "r.example")
	}
}

// TestFoldingTime shows that the count is logged every 30 seconds while it grows, and
// once more at the end.
func TestFoldingTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		logger := NewLogger(&out, false, false, false)
		log := Log{Logger: logger, Folding: StartFolding(logger)}
		write := func(n int) {
			for range n {
				_ = log.Write(numbered(1, "r.example", engine.Result{Status: validate.Error, Message: "down"}))
			}
		}
		write(foldAfter + 7)
		want := ""
		for _, step := range []struct {
			more int
			want string // what the log says 30 seconds later
		}{{0, "7 more lines"}, {0, ""}, {3, "10 more lines"}} {
			write(step.more)
			time.Sleep(LogEvery) // by synctest's clock
			synctest.Wait()
			if step.want != "" {
				want += "[ERRO] ERROR " + step.want + " of r.example not shown so far, equal to 20 above: down\n"
			}
		}
		_ = log.Finish(engine.Summary{})
		want += "[ERRO] ERROR 10 more lines of r.example not shown, equal to 20 above: down\n"
		// Lines with an M_ID are those that are shown.
		if got := regexp.MustCompile(`(?m)^.*M_ID.*\n|^\d\d:\d\d:\d\d `).ReplaceAllString(out.String(), ""); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}
