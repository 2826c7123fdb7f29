package report

import (
	"fmt"
	"slices"
	"strings"

	"mvrun/engine"
	"mvrun/engine/results"
	"mvrun/validate"
)

// waived is the status of an image that a script accepts in spite of its result. The
// counts of a run have these images apart.
const waived validate.Status = "waived"

// ofRun is the reason of what a report says of the run as a whole, where it has a reason
// for each image.
const ofRun validate.Reason = "run"

// statusOf returns the status under which a run counts an image.
func statusOf(r *engine.Result) validate.Status {
	if r.Waived != "" {
		return waived
	}
	return r.Status
}

// verdict says in a few words how a run ended.
func verdict(o *results.Outcome) string {
	s := o.Summary
	bad := s.Status[validate.Fail] + s.Status[validate.Error]
	switch {
	case s.ExitStatus == engine.ExitOK && bad > 0:
		return "Passed, by the script"
	case s.ExitStatus == engine.ExitOK && s.Images == 0:
		return "Nothing to check"
	case s.ExitStatus == engine.ExitOK:
		return "Passed"
	case s.ExitStatus == engine.ExitUnchecked && s.Status[validate.Fail] == 0:
		return "Not everything could be checked"
	case s.ExitStatus == engine.ExitInterrupted:
		return "Interrupted"
	}
	return "Failed"
}

// exitStatus tells the exit status, and beside it the run's own where the script's is
// better.
func exitStatus(s engine.Summary) string {
	if s.ScriptStatus != nil && s.ExitStatus == *s.ScriptStatus && engine.IsWorse(s.OwnStatus, s.ExitStatus) {
		return fmt.Sprintf("exit status %d, by the script (the run's own is %d)", s.ExitStatus, s.OwnStatus)
	}
	return fmt.Sprintf("exit status %d", s.ExitStatus)
}

// notices returns what a reader has to know before anything else: what is missing of
// the run, why it ended early, and a bad exit status that no image explains. A format
// that shows only images would make such a run look better than it was.
func notices(o *results.Outcome) []string {
	s := o.Summary
	all := slices.Clone(o.Notices)
	if len(all) == 0 && s.ExitStatus != engine.ExitOK && s.StatusOfResults() == engine.ExitOK {
		all = append(all, fmt.Sprintf("the run ended with exit status %d, and no image is the reason", s.ExitStatus))
	}
	for i, notice := range all {
		all[i] = clean(notice, maxText)
	}
	return all
}

// inWords returns a reason as words, such as "Digest differs".
func inWords(reason validate.Reason) string {
	words := strings.ReplaceAll(clean(string(reason), maxCell), "-", " ")
	if words == "" {
		return "No reason"
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
