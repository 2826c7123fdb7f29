package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"mvrun/engine/results"
	"mvrun/validate"
)

// maxPage is how long a page of Markdown may be. GitHub drops the whole summary of a step
// that is longer than 1,024 kB, and other steps of a script may write to it, too.
const maxPage = 900_000

// How many rows a page has for each reason, and of images that are waived.
const (
	maxRows    = 50
	maxNotices = 20
)

// writeMarkdown writes a page for people: the verdict, the counts, and for each reason
// what to do and the first images.
func writeMarkdown(w io.Writer, outcome *results.Outcome, options Options) error {
	return writePage(w, outcome, options, "#")
}

// WriteStepSummary writes the page into the summary of a step of GitHub's workflows,
// where other texts may stand in front.
func WriteStepSummary(w io.Writer, outcome *results.Outcome, options Options) error {
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("writing the summary of the step: %w", err)
	}
	return writePage(w, outcome, options, "##")
}

// writePage writes a page whose first heading has the given mark.
func writePage(w io.Writer, outcome *results.Outcome, options Options, mark string) error {
	p := &page{left: maxPage}
	writeHead(p, outcome, mark)
	shown := rowsOf(outcome)
	var status validate.Status
	for _, group := range shown.groups {
		if group.status != status {
			status = group.status
			p.block("\n%s# %s (%d)\n", mark, headings[status], outcome.Summary.Status[status])
		}
		p.block("\n%s## %s (%d)\n\n", mark, code(clean(string(group.reason), maxCell)), group.count)
		if advice := options.Advice[group.reason]; advice != "" {
			p.block("What to do: %s\n\n", advice)
		}
		writeTable(p, []string{"line", "image", "what was found"}, group.rows, group.count, options)
	}
	if outcome.Summary.Waived > 0 {
		p.block("\n%s# Waived (%d)\n\nA script accepts these images in spite of their results.\n\n", mark, outcome.Summary.Waived)
		writeTable(p, []string{"line", "image", "why", "what was found"}, shown.waived, outcome.Summary.Waived, Options{}) // no other file has these
	}
	if p.cut {
		others := ""
		if options.More != "" {
			others = " All images that did not pass are " + clean(options.More, maxCell) + "."
		}
		p.text.WriteString("\n**This page is cut here, because a longer one would not be shown." + others + "**\n")
	}
	if _, err := io.WriteString(w, p.text.String()); err != nil {
		return fmt.Errorf("writing Markdown: %w", err)
	}
	return nil
}

// headings are the headings above the images that did not pass.
var headings = map[validate.Status]string{validate.Fail: "Failed", validate.Error: "Could not be checked"}

// page is a text of bounded length.
type page struct {
	text strings.Builder
	left int  // how many bytes there is room for
	cut  bool // whether something had no room; nothing comes after it
}

// block adds a text as a whole, or reports that there is no room for it.
func (p *page) block(format string, values ...any) bool {
	text := fmt.Sprintf(format, values...)
	if p.cut || len(text) > p.left {
		p.cut = true
		return false
	}
	p.left -= len(text)
	p.text.WriteString(text)
	return true
}

// writeHead writes what comes before the images.
func writeHead(p *page, outcome *results.Outcome, mark string) {
	header, s := outcome.Header, outcome.Summary
	p.block("%s mvrun: %s\n\n", mark, verdict(outcome))
	all := notices(outcome)
	for _, notice := range all[:min(len(all), maxNotices)] {
		p.block("> **Attention:** %s\n>\n", code(notice))
	}
	if more := len(all) - maxNotices; more > 0 {
		p.block("> and %d more\n", more)
	}
	if len(all) > 0 {
		p.block("\n")
	}
	p.block("%s of %s%s in %s, rules %s, depth %s, %s.\n\n", count(s.Images, "image"), ofPart(outcome), code(clean(nameOfList(outcome), maxCell)), s.Elapsed.Round(time.Second),
		code(clean(string(header.Question.Rules), maxCell)), code(clean(string(header.Question.Depth), maxCell)), exitStatus(s))
	p.block("| | images |\n|---|---:|\n")
	for _, row := range []struct {
		name   string
		n      int
		always bool
	}{
		{"passed", s.Status[validate.Pass], true}, {"failed", s.Status[validate.Fail], true}, {"could not be checked", s.Status[validate.Error], true},
		{"skipped", s.Status[validate.Skip], false}, {"waived", s.Waived, false}, {"lines not reached", s.Unreached, false}, {"lines left out by the script", s.LeftOut - s.Unreached, false},
	} {
		if row.n > 0 || row.always {
			p.block("| %s | %d |\n", row.name, row.n)
		}
	}
	p.block("\nBegan %s, ended %s. mvrun %s, run %s.\n", s.Started.UTC().Format(time.DateTime+" MST"), s.Started.Add(s.Elapsed).UTC().Format(time.DateTime+" MST"),
		code(clean(header.Version, maxCell)), code(clean(header.Run, maxCell)))
	if s.FailedList != "" {
		p.block("Failed list: %s (%s).\n", code(clean(s.FailedList, maxCell)), count(s.FailedLines, "line"))
	}
}

// ofPart names the part that the files of a run are of, if they are of one of several.
func ofPart(outcome *results.Outcome) string {
	shard := outcome.Header.Shard
	if shard == nil || len(outcome.Parts) > 1 || shard.Count == 1 {
		return ""
	}
	return fmt.Sprintf("part %d of %d of ", shard.Index, shard.Count)
}

// nameOfList names the list of a run, or the script that makes its images.
func nameOfList(outcome *results.Outcome) string {
	if outcome.Header.List == "" {
		return outcome.Header.Script
	}
	return outcome.Header.List
}

// writeTable writes rows as far as there is room for them.
func writeTable(p *page, names []string, rows [][]string, all int, options Options) {
	p.block("| %s |\n|%s\n", strings.Join(names, " | "), strings.Repeat("---|", len(names)))
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, text := range row {
			cells[i] = inTable(code(text))
		}
		if !p.block("| %s |\n", strings.Join(cells, " | ")) {
			return
		}
	}
	if more := all - len(rows); more > 0 {
		p.block("\nand %d more%s\n", more, options.where())
	}
}

// rows are the rows of a page's tables.
type rows struct {
	groups []*group
	waived [][]string
}

// group are the images that did not pass for one reason.
type group struct {
	status validate.Status
	reason validate.Reason
	count  int
	rows   [][]string
}

// rowsOf returns the first images of each reason, failures first.
func rowsOf(outcome *results.Outcome) rows {
	type kind struct {
		status validate.Status
		reason validate.Reason
	}
	var found rows
	groups := map[kind]*group{}
	for _, g := range outcome.Summary.NotPassed {
		of := &group{status: g.Status, reason: g.Reason, count: g.Count}
		groups[kind{g.Status, g.Reason}] = of
		found.groups = append(found.groups, of)
	}
	for result := range outcome.Results() {
		where := "made by the script"
		if result.Image.List != "" {
			where = fmt.Sprintf("%s:%d", clean(result.Image.List, maxCell), result.Image.LineNumber)
		}
		of := groups[kind{result.Status, result.Reason}]
		switch {
		case result.Waived != "":
			if len(found.waived) < maxRows {
				found.waived = append(found.waived, []string{where, nameOf(result.Image), clean(result.Waived, maxCell), clean(string(result.Reason)+": "+said(result, maxCell), maxCell)})
			}
		case of != nil && len(of.rows) < maxRows:
			of.rows = append(of.rows, []string{where, nameOf(result.Image), said(result, maxCell)})
		}
	}
	return found
}

// code returns a foreign text as a span of code. No markup, link, mention or HTML works
// inside, whatever the text is.
func code(text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || strings.HasPrefix(text, " ") && strings.HasSuffix(text, " ") {
		text = " " + text + " "
	}
	return fence + text + fence
}

// inTable returns Markdown for a cell of a table, which ends at a bar without a backslash
// even inside a span of code. A backslash before a bar cannot be written, so it gets a
// space behind it.
func inTable(markdown string) string {
	return strings.ReplaceAll(strings.ReplaceAll(markdown, `\|`, `\ |`), "|", `\|`)
}
