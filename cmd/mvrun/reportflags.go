package main

import (
	"cmp"
	"errors"
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
	GitHub bool     `group:"output" name:"github" default:"false" help:"In a step of GitHub Actions: add the outcome to the summary of the step (GITHUB_STEP_SUMMARY), and print annotations of the first images that did not pass (default ${default})."`
	GitLab string   `group:"output" name:"gitlab" placeholder:"FILE" help:"Write a code quality report for GitLab."`
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
	options, err := reportOptions(c)
	if err != nil {
		return nil, err
	}
	var reports []job.Report
	add := func(flag, path string, write reportWriter) {
		reports = append(reports, job.Report{Flag: flag, Path: path, Write: write.with(options)})
	}
	for _, path := range trimmed(f.Report) {
		if path == "" || path == "-" {
			return nil, fmt.Errorf("--report %q: want the name of a file", path)
		}
		format, err := report.ForFile(path)
		if err != nil {
			return nil, fmt.Errorf("--report %s: %w", path, err)
		}
		add("--report", filepath.Clean(path), format.Write)
	}
	if f.GitLab == "-" {
		return nil, errors.New("--gitlab -: want the name of a file")
	}
	if f.GitLab != "" {
		add("--gitlab", filepath.Clean(f.GitLab), report.WriteGitLab)
	}
	if f.GitHub {
		summary := c.Getenv(stepSummary)
		if summary == "" {
			return nil, fmt.Errorf("--github: the variable %s is not set: this is no step of GitHub Actions", stepSummary)
		}
		reports = append(reports,
			job.Report{Flag: "--github", Path: summary, Appends: true, Write: reportWriter(report.WriteStepSummary).with(options)},
			job.Report{Flag: "--github", Path: job.Terminal, Write: reportWriter(report.WriteAnnotations).with(options)})
	}
	return reports, nil
}

// stepSummary is the variable that names the file with the summary of a step.
const stepSummary = "GITHUB_STEP_SUMMARY"

// reportOptions returns what reports say beside the outcome. GitHub and GitLab tell the
// folder of the checkout.
func reportOptions(c job.Console) (report.Options, error) {
	folder, err := filepath.Abs(".")
	if err == nil {
		folder, err = filepath.EvalSymlinks(folder)
	}
	if err != nil {
		return report.Options{}, fmt.Errorf("finding the working directory: %w", err)
	}
	options := report.Options{Advice: job.Advice, Folder: folder}
	if root := cmp.Or(c.Getenv("GITHUB_WORKSPACE"), c.Getenv("CI_PROJECT_DIR")); root != "" {
		if resolved, err := filepath.EvalSymlinks(root); err == nil {
			options.Root = resolved
		}
	}
	return options, nil
}

// reportWriter is a function of package report.
type reportWriter func(io.Writer, *results.Outcome, report.Options) error

// with returns the function that writes a report with options.
func (write reportWriter) with(options report.Options) func(io.Writer, *results.Outcome) error {
	return func(w io.Writer, outcome *results.Outcome) error {
		if list := outcome.Summary.FailedList; list != "" && list != "-" {
			options.More = "in " + list
		}
		return write(w, outcome, options)
	}
}
