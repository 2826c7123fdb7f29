package job

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

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
	log := sink.NewLogger(m.Console.Stderr, false, false, m.Console.colour())
	log.Info(describeParts(outcome))
	for _, notice := range outcome.Notices {
		log.Warn("incomplete: " + notice)
	}
	s := &outcome.Summary
	if m.Failed != "" {
		lines := outcome.FailedLines()
		if err := m.writeFailed(lines); err != nil {
			return 0, err
		}
		s.FailedList, s.FailedLines = m.Failed, len(lines)
		if len(lines) == 0 {
			s.FailedList = ""
		}
	}
	err = writeReports(m.Reports, outcome, m.Console, log)
	newSummary(m.Console.Stderr, log).Show(*s)
	switch {
	case err != nil:
		return 0, err
	case s.Images == 0 && s.ExitStatus == ExitOK:
		return 0, errors.New("the run validated no image: nothing is known of the mirror")
	}
	return s.ExitStatus, nil
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
	return strings.Join(words, ", ")
}

// files is the table of the files that a merge reads and writes.
func (m *Merging) files() []file {
	var table []file
	for i := range m.Files {
		table = append(table, file{flag: "a results file", path: &m.Files[i], use: reads})
	}
	table = append(table, file{flag: "-o", path: &m.Failed, use: writes, check: checkMergedList})
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
		if f.use == writes && slices.Contains(outputNames, *f.path) {
			*f.path = standardOutput
		}
	}
	return checkTable(table, onDisk, overwritesError)
}

// checkMergedList returns an error if the failed list cannot be written, or if the file
// in its place is somebody's work.
func checkMergedList(path string) error {
	if err := checkFailedList(path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 || readsAsList(path) || isOwnName(path) {
		return nil
	}
	return foreignListError(path)
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
