package report

import (
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"mvrun/engine"
	"mvrun/engine/results"
	"mvrun/validate"
)

// maxResults is how many results GitHub accepts of a run. It rejects a file with more.
const maxResults = 25_000

// The objects of SARIF 2.1.0 that a report has, in the order of their fields.
type (
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID                   string      `json:"id"`
		ShortDescription     sarifText   `json:"shortDescription"`
		Help                 *sarifText  `json:"help,omitempty"`
		DefaultConfiguration sarifConfig `json:"defaultConfiguration"`
	}
	sarifConfig struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID              string             `json:"ruleId"`
		RuleIndex           int                `json:"ruleIndex"`
		Level               string             `json:"level"`
		Message             sarifText          `json:"message"`
		Locations           []sarifLocation    `json:"locations"`
		PartialFingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions        []sarifSuppression `json:"suppressions"` // of all results, or of none
		Properties          map[string]string  `json:"properties,omitempty"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
	sarifInvocation struct {
		ExecutionSuccessful bool                `json:"executionSuccessful"`
		ExitCode            int                 `json:"exitCode"`
		ExitCodeDescription string              `json:"exitCodeDescription"`
		StartTimeUTC        string              `json:"startTimeUtc"`
		EndTimeUTC          string              `json:"endTimeUtc"`
		Notifications       []sarifNotification `json:"toolExecutionNotifications"`
	}
	sarifNotification struct {
		Level   string    `json:"level"`
		Message sarifText `json:"message"`
	}
)

// writeSARIF writes a log of SARIF 2.1.0 with a result for each image that did not pass:
// first the failures, then what could not be checked, then what is waived. The results
// are written one after the other.
func writeSARIF(w io.Writer, outcome *results.Outcome, options Options) error {
	out := newJSONStream(w)
	rules, index := rulesOf(outcome, options)
	out.text(`{"version":"2.1.0","$schema":"https://json.schemastore.org/sarif-2.1.0.json","runs":[{"tool":`)
	out.value(sarifTool{sarifDriver{"mvrun", clean(outcome.Header.Version, maxCell), rules}})
	out.text(`,"automationDetails":`)
	out.value(map[string]string{"id": automationID(outcome, options)})
	out.text(`,"results":[` + "\n")
	written := 0
	for result := range alerts(outcome, index, options) {
		if written == maxResults {
			break
		}
		if written > 0 {
			out.text(",")
		}
		out.value(result)
		written++
	}
	out.text(`],"invocations":[`)
	out.value(invocation(outcome, written))
	out.text(`],"properties":`)
	out.value(countsOf(outcome.Summary))
	out.text("}]}\n")
	if err := out.end(); err != nil {
		return fmt.Errorf("writing SARIF: %w", err)
	}
	return nil
}

// reported are the statuses that code reviews show, in the order of their weight.
var reported = []struct {
	status   validate.Status
	level    string // of SARIF
	severity string // of GitLab
	command  string // of GitHub's workflows
}{
	{validate.Fail, "error", "major", "error"},
	{validate.Error, "warning", "minor", "warning"},
	{waived, "error", "info", "notice"},
}

// rulesOf returns a rule for each reason that the results have, and the places of the
// rules by their names.
func rulesOf(outcome *results.Outcome, options Options) (rules []sarifRule, index map[string]int) {
	rules, index = []sarifRule{}, map[string]int{}
	for _, kind := range reported {
		for result := range withStatus(outcome, kind.status) {
			id := ruleID(result)
			if _, known := index[id]; known {
				continue
			}
			rule := sarifRule{ID: id, ShortDescription: sarifText{inWords(result.Reason)}, DefaultConfiguration: sarifConfig{kind.level}}
			if advice := clean(options.Advice[result.Reason], maxText); advice != "" {
				rule.Help = &sarifText{advice}
			}
			index[id] = len(rules)
			rules = append(rules, rule)
		}
	}
	return rules, index
}

// ruleID returns the name of the rule that an image breaks: the reason.
func ruleID(r *engine.Result) string {
	if r.Reason == "" {
		return "no-reason"
	}
	return clean(string(r.Reason), maxCell)
}

// withStatus returns the results of one status.
func withStatus(outcome *results.Outcome, status validate.Status) iter.Seq[*engine.Result] {
	return func(yield func(*engine.Result) bool) {
		for result := range outcome.Results() {
			if statusOf(result) == status && !yield(result) {
				return
			}
		}
	}
}

// alerts returns the results of a log.
func alerts(outcome *results.Outcome, index map[string]int, options Options) iter.Seq[sarifResult] {
	return func(yield func(sarifResult) bool) {
		at, prints := newPlaces(outcome, options), fingerprints{}
		for _, kind := range reported {
			for result := range withStatus(outcome, kind.status) {
				place, id := at.of(result.Image), ruleID(result)
				alert := sarifResult{
					RuleID: id, RuleIndex: index[id], Level: kind.level,
					Message:             sarifText{withoutLinks(nameOf(result.Image) + ": " + said(result, maxLine))},
					Locations:           []sarifLocation{{sarifPhysical{sarifArtifact{place.uri()}, sarifRegion{place.line}}}},
					PartialFingerprints: map[string]string{"primaryLocationLineHash": prints.ofLine(result)},
					Suppressions:        []sarifSuppression{},
				}
				if result.Waived != "" {
					alert.Suppressions = append(alert.Suppressions, sarifSuppression{"external", clean(result.Waived, maxText)})
				}
				if source := sourceOf(result.Image); source != "" {
					alert.Properties = map[string]string{"source": source, "destination": destinationOf(result.Image)}
				}
				if !yield(alert) {
					return
				}
			}
		}
	}
}

// withoutLinks returns a text in which SARIF finds no link, which is written as in
// Markdown.
func withoutLinks(text string) string { return strings.ReplaceAll(text, "](", "] (") }

// automationID names the analysis. GitHub takes everything before the last slash for its
// category, and replaces the alerts of an earlier log of the same category. Two lists
// must not replace each other's alerts, and neither must two parts of one list.
func automationID(outcome *results.Outcome, options Options) string {
	category := path.Join("mvrun", newPlaces(outcome, options).ofRun().relative())
	if shard := outcome.Header.Shard; shard != nil && len(outcome.Parts) == 1 {
		category = path.Join(category, fmt.Sprintf("%d-of-%d", shard.Index, shard.Count))
	}
	return category + "/" + clean(outcome.Header.Run, maxCell)
}

// sarifTime is how SARIF writes a time.
const sarifTime = "2006-01-02T15:04:05.000Z"

// invocation says how the run ended, and how many results of how many stand in the log.
func invocation(outcome *results.Outcome, written int) sarifInvocation {
	s := outcome.Summary
	all := notices(outcome)
	i := sarifInvocation{
		ExecutionSuccessful: len(all) == 0, ExitCode: s.ExitStatus, ExitCodeDescription: exitStatus(s),
		StartTimeUTC: s.Started.UTC().Format(sarifTime), EndTimeUTC: s.Started.Add(s.Elapsed).UTC().Format(sarifTime),
		Notifications: []sarifNotification{},
	}
	for _, notice := range all {
		i.Notifications = append(i.Notifications, sarifNotification{"error", sarifText{notice}})
	}
	if due := s.Status[validate.Fail] + s.Status[validate.Error] + s.Waived; written < due {
		text := fmt.Sprintf("this log has the first %d of %d results, failures first: GitHub accepts no more", written, due)
		i.Notifications = append(i.Notifications, sarifNotification{"warning", sarifText{text}})
	}
	return i
}

// countsOf returns the counts of a run.
func countsOf(s engine.Summary) map[string]int {
	return map[string]int{"images": s.Images, "pass": s.Status[validate.Pass], "fail": s.Status[validate.Fail], "skip": s.Status[validate.Skip],
		"error": s.Status[validate.Error], "waived": s.Waived, "leftOut": s.LeftOut - s.Unreached, "unchecked": s.Unreached}
}
