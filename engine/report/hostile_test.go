package report

import (
	"strings"
	"testing"
	"unicode"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/engine/results"
	"mvrun/validate"
)

// TestHostileFields shows that no text of a results file, whatever field it stands in,
// brings a control character into a report.
func TestHostileFields(t *testing.T) {
	const evil = "x\x1b[2J\x07\u202e\u2028y"
	text := new(evil)
	r := engine.Result{Status: validate.Fail, Reason: evil, Message: evil, Match: evil, SourceDigest: evil, DestinationDigest: evil, ServedBy: evil,
		Missing: []validate.Object{{Digest: evil, Kind: evil, Platform: evil}}, Corrupt: []validate.Object{{Digest: evil, Kind: evil, Platform: evil}},
		Platforms: []validate.PlatformVerdict{{Platform: evil, Wanted: true, Source: evil, Destination: evil, Match: evil, Reason: evil, Message: evil}},
		Warnings:  []string{evil}, Question: evil, Terms: engine.Terms{Rules: evil, Depth: evil}, Started: moment, Rejected: evil,
		Image: &imagelist.Image{Source: evil, Destination: evil, SourceTag: "1" + evil, Tag: evil, Line: evil, LineNumber: 1, Number: 1, List: evil}}
	unread, accepted := r, r
	unread.Status, unread.Image = validate.Error, &imagelist.Image{Line: evil, LineNumber: 2, Number: 2, List: evil}
	accepted.Waived, accepted.Image = evil, &imagelist.Image{Source: evil, Destination: evil, Tag: evil}
	o := outcome(t, run{results: []engine.Result{r, unread, accepted},
		header: results.Header{Run: evil, RunFrom: evil, Version: evil, List: evil, ListSHA256: text, Script: evil, ScriptSHA256: evil,
			Question: results.Question{Rules: evil, Depth: evil, Arch: []string{evil}, OS: []string{evil}, Sample: evil}},
		end: engine.Summary{Lines: 2, FailedList: evil, FailedLines: 2, ExitStatus: 1}})
	o.Notices = append(o.Notices, evil)
	for _, report := range reports {
		written := string(writtenBy(t, report.write, o))
		at := strings.IndexFunc(written, func(c rune) bool { return !unicode.IsPrint(c) && !strings.ContainsRune("\r\n\t", c) })
		if at >= 0 {
			t.Errorf("%s has %q", report.name, written[max(0, at-60):min(len(written), at+60)])
		}
	}
}
