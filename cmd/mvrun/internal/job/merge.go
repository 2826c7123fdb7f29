package job

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"mvrun/engine/disk"
	"mvrun/engine/results"
	"mvrun/engine/sink"
)

// Merging says what is made of the results files of a run that is over.
type Merging struct {
	Files   []string // the results files
	Partial bool     // also if a part is missing, or has not ended
	Failed  string   // path of the failed list of all parts, "" for none
	Reports []Report
	Console Console
}

// PartialHint is what the user calls Merging.Partial.
const PartialHint = "--partial"

// Merge puts the results files of a run together. It shows the summary, writes the failed
// list and the reports, and returns the exit status of the run.
func Merge(m Merging) (status int, err error) {
	m.Reports = slices.Clone(m.Reports)
	if err := m.settle(); err != nil {
		return 0, err
	}
	outcome, err := results.Merge(m.Files, m.Partial)
	if incomplete := (*results.IncompleteError)(nil); errors.As(err, &incomplete) {
		return 0, fmt.Errorf("the run is not complete: %w; %s shows what there is", err, PartialHint)
	}
	if err != nil {
		return 0, err
	}
	if err := m.checkLists(outcome); err != nil {
		return 0, err
	}
	if err := m.checkEarlierList(outcome); err != nil {
		return 0, err
	}
	log := sink.NewLogger(m.Console.Stderr, false, false, m.Console.colour())
	log.Info(describeParts(outcome))
	s := &outcome.Summary
	for _, notice := range outcome.Notices {
		s.Hints = append(s.Hints, "Incomplete: "+notice+".")
	}
	if m.Failed != "" {
		lines := outcome.FailedLines()
		if err := m.writeFailed(lines); err != nil {
			return 0, err
		}
		s.FailedList, s.FailedLines = m.Failed, len(lines)
		if len(lines) == 0 {
			s.FailedList = ""
		}
		if lacksLines(outcome) {
			s.Hints = append(s.Hints, "The failed list has no line that was not reached, and none of a part that is missing: to know about these, validate the list itself.")
		}
	}
	logImages(log, outcome)
	terminal := m.Console.Stdout
	if m.Failed == standardOutput {
		terminal = m.Console.Stderr
	}
	err = writeReports(m.Reports, outcome, terminal, log)
	newSummary(m.Console.Stderr, log).Show(*s)
	switch {
	case err != nil:
		return 0, err
	case s.Images == 0 && s.ExitStatus == ExitOK:
		return 0, errors.New("the run validated no image: nothing is known of the mirror")
	}
	return s.ExitStatus, nil
}

// lacksLines reports whether there are lines of which the files of a run say nothing.
func lacksLines(o *results.Outcome) bool {
	shard := o.Header.Shard
	return o.Summary.Unreached > 0 || shard != nil && len(o.Parts) < shard.Count ||
		slices.ContainsFunc(o.Parts, func(p results.Part) bool { return p.End == nil })
}

// maxLogged is how many images of a kind the log of a merge names.
const maxLogged = 20

// logImages logs the images that did not pass, and those that the script accepts all the
// same, with their messages.
func logImages(log *slog.Logger, o *results.Outcome) {
	lines := sink.Log{Logger: log}
	notPassed, waived := 0, 0
	for result := range o.Results() {
		count := &notPassed
		switch {
		case result.Waived != "":
			count = &waived
		case result.OK():
			continue
		}
		if *count++; *count <= maxLogged {
			_ = lines.Write(result) // an error would be that of the screen
		}
	}
	for _, kind := range []struct {
		n     int
		words string
	}{{notPassed, "more that did not pass"}, {waived, "more that are waived"}} {
		if more := kind.n - maxLogged; more > 0 {
			log.Info(fmt.Sprintf("and %d %s", more, kind.words))
		}
	}
}

// describeParts says which run the files are of.
func describeParts(o *results.Outcome) string {
	h := o.Header
	var words []string
	if h.Shard != nil {
		words = append(words, fmt.Sprintf("%d of %d parts", len(o.Parts), h.Shard.Count))
	}
	if h.List != "" {
		words = append(words, h.List)
	}
	words = append(words, "script "+h.Script)
	if !h.HasRandomID() {
		words = append(words, fmt.Sprintf("run %s (%s)", h.Run, h.RunFrom))
	}
	return sink.OneLine(strings.Join(words, ", "))
}

// files is the table of the files that a merge reads and writes.
func (m *Merging) files() []file {
	var table []file
	for i := range m.Files {
		table = append(table, file{flag: "a results file", path: &m.Files[i], use: reads})
	}
	table = append(table, file{flag: "-o", path: &m.Failed, use: writes, check: checkFailedList})
	return append(table, reportFiles(m.Reports)...)
}

// settle returns an error if a file could not be written, or if writing it would destroy
// another one.
func (m *Merging) settle() error {
	onDisk := func(f file) string {
		if f.use == writes && *f.path == standardOutput {
			return ""
		}
		return *f.path
	}
	table := m.files()
	for _, f := range table {
		switch {
		case f.use != writes:
		case strings.Contains(*f.path, placeholder):
			return fmt.Errorf("%s %s: %s stands for a part of the list, and these are all parts: give another name", f.flag, *f.path, placeholder)
		case slices.Contains(outputNames, *f.path):
			*f.path = standardOutput
		}
	}
	return checkTable(table, onDisk, overwritesError)
}

// checkLists returns an error if a file that the merge writes is a list of the run, or its
// script.
func (m *Merging) checkLists(o *results.Outcome) error {
	inputs := []string{o.Header.List, o.Header.Script}
	for _, list := range o.Summary.Lists {
		inputs = append(inputs, list.Name)
	}
	for _, f := range m.files() {
		if f.use == reads && !f.appends || *f.path == standardOutput {
			continue
		}
		for _, input := range inputs {
			if input != "" && disk.SameFile(*f.path, input) {
				return fmt.Errorf("%s %s would overwrite %s, which the run has read: give it another name", f.flag, *f.path, sink.OneLine(input))
			}
		}
	}
	return nil
}

// checkEarlierList returns an error if the file in the place of the failed list is
// somebody's work: neither a list of images, nor lines of this run's lists, nor a file of
// the usual name.
func (m *Merging) checkEarlierList(o *results.Outcome) error {
	if m.Failed == "" || m.Failed == standardOutput || disk.IsIrregular(m.Failed) {
		return nil
	}
	content, err := os.ReadFile(m.Failed)
	if err != nil || len(bytes.TrimSpace(content)) == 0 { // there is none
		return nil
	}
	if readsAsList(m.Failed) || isOwnName(m.Failed) {
		return nil
	}
	known := map[string]bool{}
	for record := range o.Records() {
		known[record.Line] = true
	}
	if hasOnly(content, known) {
		return nil
	}
	return foreignListError(m.Failed)
}

// writeFailed writes the merged failed list.
func (m *Merging) writeFailed(lines []string) error {
	if m.Failed != standardOutput {
		return sink.WriteFailedList(m.Failed, lines)
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(m.Console.Stdout, line); err != nil {
			return fmt.Errorf("writing the failed list to standard output (-o): %w", err)
		}
	}
	return nil
}
