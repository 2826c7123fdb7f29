package rehearsal

import (
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mvrun/engine/report/junit"
)

// After an interruption, a report must not let tests that were not finished count as passed.
// Whatever a script prints, the report is XML.
func TestJUnit(t *testing.T) {
	r := &report{files: []*testFile{{path: "a_test.star"}}}
	r.files[0].tests = []*test{
		{name: "test_failed", err: errors.New("one\ntwo\x00\xff]]>"), transcript: "\x1b[1m\x07 & <b>\n", finished: true},
		{name: "test_never", file: r.files[0]},
	}
	path := filepath.Join(t.TempDir(), "report.xml")
	if err := r.writeJUnit(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		junit.Counts
		Suites []struct {
			Cases []junit.Case `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	cases := got.Suites[0].Cases
	if got.Tests != 2 || got.Failures != 1 || got.Errors != 1 || cases[1].Error == nil || cases[1].Error.Type != "interrupted" {
		t.Errorf("got %+v", got)
	}
	if cases[0].Failure == nil || cases[0].Failure.Message != "one" || !strings.HasPrefix(cases[0].Failure.Text, "one\ntwo\uFFFD") || !strings.Contains(cases[0].Output, "& <b>") {
		t.Errorf("got %+v", cases[0])
	}
}
