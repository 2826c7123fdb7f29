package report

import (
	"cmp"
	"fmt"
	"io"

	"mvrun/engine/results"
)

// The objects of GitLab's code quality reports.
type (
	gitLabIssue struct {
		Description string         `json:"description"`
		CheckName   string         `json:"check_name"`
		Fingerprint string         `json:"fingerprint"`
		Severity    string         `json:"severity"` // info, minor, major, critical or blocker
		Location    gitLabLocation `json:"location"`
	}
	gitLabLocation struct {
		Path  string      `json:"path"` // relative to the repository, without "./"
		Lines gitLabLines `json:"lines"`
	}
	gitLabLines struct {
		Begin int `json:"begin"`
	}
)

// WriteGitLab writes a code quality report of GitLab: an array with an issue for each
// image that did not pass. What is to be known of the run as a whole comes first.
func WriteGitLab(w io.Writer, outcome *results.Outcome, options Options) error {
	out, separator := newJSONStream(w), ""
	write := func(issue gitLabIssue) {
		out.text(separator)
		out.value(issue)
		separator = ","
	}
	out.text("[\n")
	at, prints := newPlaces(outcome, options), fingerprints{}
	for _, notice := range notices(outcome) {
		write(gitLabIssue{notice, string(ofRun), prints.ofIssue(string(ofRun), notice), "blocker", gitLabLocationOf(at.ofRun())})
	}
	for _, kind := range reported {
		for result := range withStatus(outcome, kind.status) {
			description := clean(ruleID(result)+": "+nameOf(result.Image)+": "+said(result, maxText), maxLine)
			if result.Waived != "" {
				description = clean("waived: "+result.Waived+"; "+description, maxLine)
			}
			place := at.of(result.Image)
			print := prints.ofIssue(place.path, cmp.Or(result.Image.Line, result.Image.WrittenLine()), string(kind.status), string(result.Reason), result.Image.Destination, result.Image.Tag)
			write(gitLabIssue{description, ruleID(result), print, kind.severity, gitLabLocationOf(place)})
		}
	}
	out.text("]\n")
	if err := out.end(); err != nil {
		return fmt.Errorf("writing the code quality report: %w", err)
	}
	return nil
}

// gitLabLocationOf returns a place for GitLab, which cannot do without a path. The path
// of a file outside the repository leads to nothing.
func gitLabLocationOf(p place) gitLabLocation {
	return gitLabLocation{p.relative(), gitLabLines{p.line}}
}
