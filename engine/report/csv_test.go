package report

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
)

// TestCell shows which texts a spreadsheet would take for a formula, and that a program
// gets them back.
func TestCell(t *testing.T) {
	for text, want := range map[string]string{
		"pass":           "pass",
		"":               "",
		"=1+1":           "'=1+1",
		"+1":             "'+1",
		"-1":             "'-1",
		"@SUM(A1)":       "'@SUM(A1)",
		"＝1":             "'＝1",
		"'quoted":        "''quoted",
		"\t=1":           " =1",
		"a=1":            "a=1",
		"two\r\nlines":   "two  lines",
		"\xff\u202eevil": "\uFFFD evil",
	} {
		if got := cell(text); got != want {
			t.Errorf("cell(%q) = %q, want %q", text, got, want)
		}
		if got := strings.TrimPrefix(cell(text), "'"); got != clean(text, maxText) {
			t.Errorf("a program reads %q in place of %q", got, text)
		}
	}
}

// TestCSV shows that the rows of a table count the images as the summary does.
func TestCSV(t *testing.T) {
	outcome := partial(t)
	rows, err := csv.NewReader(bytes.NewReader(writtenBy(t, writeCSV, outcome))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, row := range rows[1:] {
		if row[slices.Index(rows[0], "reason")] != string(ofRun) {
			counts[row[0]]++
		}
	}
	s := outcome.Summary
	for status, n := range s.Status {
		if counts[string(status)] != n {
			t.Errorf("%d rows of status %s, want %d", counts[string(status)], status, n)
		}
	}
	if counts["waived"] != s.Waived || len(rows) != 1+2+s.Images {
		t.Errorf("%d waived images in %d rows", counts["waived"], len(rows))
	}
}
