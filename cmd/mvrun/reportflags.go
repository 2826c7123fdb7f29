package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine/report"
	"mvrun/engine/results"
)

// reportFlags are the flags that ask for reports, which "run" and "report" have.
type reportFlags struct {
	Report []string `group:"output" placeholder:"FILE" help:"Write a report at the end. The end of its name says its format: ${reports}. Several reports: repeat the flag, or separate their names by commas."`
}

// reportHelp is the part of the help that package report words.
func reportHelp() kong.Vars {
	formats := make([]string, len(report.Formats))
	for i, format := range report.Formats {
		formats[i] = fmt.Sprintf("%s (%s)", format.Ending, format.About)
	}
	return kong.Vars{"reports": strings.Join(formats, ", ")}
}

// reports returns the reports that the flags ask for.
func (f *reportFlags) reports(c job.Console) ([]job.Report, error) {
	options := report.Options{Advice: job.Advice}
	var reports []job.Report
	for _, path := range trimmed(f.Report) {
		if path == "" || path == "-" {
			return nil, fmt.Errorf("--report %q: want the name of a file", path)
		}
		format, err := report.ForFile(path)
		if err != nil {
			return nil, fmt.Errorf("--report %s: %w", path, err)
		}
		reports = append(reports, job.Report{Flag: "--report", Path: filepath.Clean(path), Write: withOptions(format.Write, options)})
	}
	return reports, nil
}

// withOptions returns the function that writes a report with options.
func withOptions(write func(io.Writer, *results.Outcome, report.Options) error, options report.Options) func(io.Writer, *results.Outcome) error {
	return func(w io.Writer, outcome *results.Outcome) error { return write(w, outcome, options) }
}
