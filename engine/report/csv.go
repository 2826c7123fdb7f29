package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"mvrun/engine"
	"mvrun/engine/results"
	"mvrun/validate"
)

// columns are the columns of the table, in their order. Programs find them by name, so
// a new one comes last.
var columns = []struct {
	name string
	of   func(*engine.Result) string
}{
	{"status", func(r *engine.Result) string { return string(statusOf(r)) }},
	{"reason", func(r *engine.Result) string { return string(r.Reason) }},
	{"message", func(r *engine.Result) string { return r.Message }},
	{"waived", func(r *engine.Result) string { return r.Waived }},
	{"rejected", func(r *engine.Result) string { return r.Rejected }},
	{"source", func(r *engine.Result) string { return r.Image.Source }},
	{"destination", func(r *engine.Result) string { return r.Image.Destination }},
	{"source_tag", func(r *engine.Result) string { source, _ := r.Image.WrittenTags(); return source }},
	{"destination_tag", func(r *engine.Result) string { return r.Image.Tag }},
	{"source_digest", func(r *engine.Result) string { return r.SourceDigest }},
	{"destination_digest", func(r *engine.Result) string { return r.DestinationDigest }},
	{"match", func(r *engine.Result) string { return string(r.Match) }},
	{"platforms_wanted", func(r *engine.Result) string {
		return platforms(r, func(p validate.PlatformVerdict) bool { return p.Wanted })
	}},
	{"platforms_missing", func(r *engine.Result) string {
		return platforms(r, func(p validate.PlatformVerdict) bool { return p.Wanted && p.Reason != "" && p.Destination == "" })
	}},
	{"platforms_failed", func(r *engine.Result) string {
		return platforms(r, func(p validate.PlatformVerdict) bool { return p.Wanted && p.Reason != "" })
	}},
	{"missing", func(r *engine.Result) string { return digests(r.Missing) }},
	{"corrupt", func(r *engine.Result) string { return digests(r.Corrupt) }},
	{"warnings", func(r *engine.Result) string { return strings.Join(r.Warnings, "; ") }},
	{"list", func(r *engine.Result) string { return r.Image.List }},
	{"line_number", func(r *engine.Result) string { return numberOrNone(r.Image.LineNumber) }},
	{"number", func(r *engine.Result) string { return numberOrNone(r.Image.Number) }},
	{"line", func(r *engine.Result) string { return lineOf(r.Image) }},
	{"rules", func(r *engine.Result) string { return string(r.Terms.Rules) }},
	{"depth", func(r *engine.Result) string { return string(r.Terms.Depth) }},
	{"served_by", func(r *engine.Result) string { return r.ServedBy }},
	{"attempts", func(r *engine.Result) string { return strconv.Itoa(r.Attempts) }},
	{"duration_seconds", func(r *engine.Result) string { return fmt.Sprintf("%.3f", r.Duration.Seconds()) }},
}

// writeCSV writes a table as RFC 4180 describes it: a row for each image, below a row of
// names. What is to be known of the run as a whole comes first, as rows of the reason
// "run" that have no image.
func writeCSV(w io.Writer, outcome *results.Outcome, _ Options) error {
	table := csv.NewWriter(w)
	table.UseCRLF = true
	row := make([]string, len(columns))
	for i, column := range columns {
		row[i] = column.name
	}
	// An error of Write stays, and Error returns it.
	_ = table.Write(row)
	for _, notice := range notices(outcome) {
		clear(row)
		row[0], row[1], row[2] = string(validate.Error), string(ofRun), cell(notice)
		_ = table.Write(row)
	}
	for result := range outcome.Results() {
		for i, column := range columns {
			row[i] = cell(column.of(result))
		}
		if err := table.Write(row); err != nil {
			break
		}
	}
	table.Flush()
	if err := table.Error(); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}

// cell returns a foreign text for a cell. A spreadsheet takes a cell that begins with
// one of these signs for a formula, which may run a program. Such a cell gets an
// apostrophe in front. One that begins with an apostrophe gets another, so that a
// program has the text back if it takes one apostrophe away.
func cell(text string) string {
	text = clean(text, maxText)
	if strings.IndexAny(text, "=+-@'＝＋－＠") == 0 {
		return "'" + text
	}
	return text
}

// platforms returns the names of some platforms of a result, separated by spaces.
func platforms(r *engine.Result, is func(validate.PlatformVerdict) bool) string {
	var names []string
	for _, p := range r.Platforms {
		if is(p) {
			names = append(names, p.Platform)
		}
	}
	return strings.Join(names, " ")
}

// digests returns the digests of objects, separated by spaces.
func digests(objects []validate.Object) string {
	all := make([]string, len(objects))
	for i, o := range objects {
		all[i] = o.Digest
	}
	return strings.Join(all, " ")
}

// numberOrNone returns a number that begins with 1, and "" for 0.
func numberOrNone(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
