package report

import (
	"bytes"
	"encoding/xml"
	"testing"

	"mvrun/engine/report/junit"
)

// suite is what a reader finds in a JUnit report.
type suite struct {
	junit.Counts
	Properties []junit.Property `xml:"properties>property"`
	Cases      []junit.Case     `xml:"testcase"`
}

// TestJUnitCounts shows that the counts are those of the cases, and that no two cases
// have one name.
func TestJUnitCounts(t *testing.T) {
	for _, outcome := range []func() suite{
		func() suite { return junitOf(t, writtenBy(t, writeJUnit, partial(t))) },
		func() suite { return junitOf(t, writtenBy(t, writeJUnit, hostile(t))) },
		func() suite { return junitOf(t, writtenBy(t, writeJUnit, stream(t))) },
	} {
		got := outcome()
		counted := junit.Counts{Tests: len(got.Cases), Time: got.Time}
		names := map[[2]string]bool{}
		for _, c := range got.Cases {
			names[[2]string{c.ClassName, c.Name}] = true
			switch {
			case c.Failure != nil:
				counted.Failures++
			case c.Error != nil:
				counted.Errors++
			case c.Skipped != nil:
				counted.Skipped++
			}
		}
		if counted != got.Counts || len(names) != len(got.Cases) {
			t.Errorf("%+v of %d names, counted %+v", got.Counts, len(names), counted)
		}
	}
}

// junitOf reads a report as its readers do.
func junitOf(t *testing.T, text []byte) suite {
	t.Helper()
	var report struct {
		Suites []suite `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &report); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return report.Suites[0]
}

// TestCaseNames shows how cases of one tag are told apart.
func TestCaseNames(t *testing.T) {
	outcome := partial(t)
	var list, made []string
	names := newCaseNames()
	for result := range outcome.Results() {
		if result.Image.List == "" {
			made = append(made, names.of("a", result.Image), names.of("a", result.Image), names.of("a", result.Image))
		} else if result.Image.Destination != "" && len(list) < 4 {
			list = append(list, names.of("a", result.Image), names.of("a", result.Image))
		}
	}
	want := []string{"1.27", "1.27 (line 3)", "1.27 (line 4)", "1.27 (line 4) (2)"}
	for i, name := range want {
		if list[i] != name {
			t.Errorf("got %q, want %q", list, want)
			break
		}
	}
	if made[1] != oldDigest+" (2)" || made[2] != oldDigest+" (3)" {
		t.Errorf("got %q", made)
	}
}

// TestJUnitText shows that a text is whole XML, whatever a registry has sent.
func TestJUnitText(t *testing.T) {
	text := writtenBy(t, writeJUnit, hostile(t))
	if bytes.Contains(text, []byte("<img")) || bytes.ContainsAny(text, "\x00\x1b\u202e") {
		t.Errorf("foreign text came through:\n%.2000s", text)
	}
	if len(text) > 100<<10 {
		t.Errorf("a message of 3 MB makes a report of %d bytes", len(text))
	}
}
