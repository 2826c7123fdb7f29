package job

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"mvrun/engine"
	"mvrun/engine/disk"
	"mvrun/engine/results"
	"mvrun/engine/sink"
)

// reporter is the sink that writes the reports of a run when it is over. It reads what
// the run has recorded, so that the reports are those which a later command makes of the
// results file.
type reporter struct {
	job   *Job
	begun bool
}

// Write implements engine.Sink. The first result removes the reports of an earlier run,
// so that none stays if this run is killed. Another sink records the results.
func (r *reporter) Write(*engine.Result) error {
	if r.begun {
		return nil
	}
	r.begun = true
	return removeEarlier(r.job.config.Reports)
}

// removeEarlier removes the reports of an earlier run.
func removeEarlier(reports []Report) error {
	for _, report := range reports {
		if report.Appends || report.Path == Terminal || disk.IsIrregular(report.Path) {
			continue
		}
		if err := disk.Remove(report.Path); err != nil {
			return fmt.Errorf("removing the report %s (%s) of an earlier run: %w", report.Path, report.Flag, err)
		}
	}
	return nil
}

// Finish implements engine.Finisher.
func (r *reporter) Finish(engine.Summary) error {
	outcome, err := results.Read(r.job.readAs)
	if err != nil {
		return fmt.Errorf("the reports are not written: %w", err)
	}
	return writeReports(r.job.config.Reports, outcome, r.job.printed.Writer, r.job.log)
}

// writeReports writes reports. terminal gets those for the Terminal. One that cannot be written does not keep the others from
// being written.
func writeReports(reports []Report, outcome *results.Outcome, terminal io.Writer, log *slog.Logger) error {
	var failed []error
	for _, report := range reports {
		if err := report.write(outcome, terminal); err != nil {
			failed = append(failed, fmt.Errorf("writing the report %s: %w", strings.TrimSpace(report.Path+" ("+report.Flag+")"), err))
		} else if report.Path != Terminal {
			log.Info(fmt.Sprintf("report: %s", report.Path), "flag", report.Flag, "path", report.Path)
		}
	}
	return errors.Join(failed...)
}

// write writes a report to its place.
func (r Report) write(outcome *results.Outcome, terminal io.Writer) error {
	var content bytes.Buffer
	if err := r.Write(&content, outcome); err != nil {
		return err
	}
	switch {
	case r.Path == Terminal, r.Path == standardOutput:
		_, err := terminal.Write(content.Bytes())
		return err
	case r.Appends:
		return appendTo(r.Path, content.Bytes())
	}
	return disk.Replace(r.Path, content.Bytes())
}

// appendTo adds content to the end of a file.
func appendTo(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// newSummary returns the summary of a run, with the words of this command.
func newSummary(w io.Writer, log *slog.Logger) sink.Summary {
	return sink.Summary{W: w, Log: log, ListHint: "-f", Advice: Advice, RulesHint: "--rules"}
}
