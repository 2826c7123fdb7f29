package webpage

import (
	"fmt"
	"strings"

	"mvrun/engine"
	"mvrun/engine/results"
	"mvrun/validate"
)

// verdict is what the page says first.
type verdict struct {
	Class    string // a colour and an icon: pass, fail, error, skip or waived
	Word     string
	Sentence string
}

// verdictOf returns the verdict of a run.
func verdictOf(outcome *results.Outcome) verdict {
	s := outcome.Summary
	failed, unchecked := s.Status[validate.Fail] > 0, s.Status[validate.Error] > 0
	v := verdict{Sentence: sentenceOf(s, isIncomplete(outcome))}
	switch {
	case isIncomplete(outcome) && failed:
		v.Class, v.Word = "fail", "Failed, and incomplete"
	case s.Interrupted():
		v.Class, v.Word = "error", "Interrupted"
	case isIncomplete(outcome):
		v.Class, v.Word = "error", "Incomplete"
	case s.ExitStatus == engine.ExitUsage && s.ScriptStatus == nil:
		v.Class, v.Word = "fail", "The script failed"
	case isAccepted(s) && s.ExitStatus == engine.ExitOK:
		v.Class, v.Word = "waived", "Passed, by the script"
	case failed:
		v.Class, v.Word = "fail", "Failed"
	case unchecked:
		v.Class, v.Word = "error", "Not everything could be checked"
	case s.ExitStatus != engine.ExitOK:
		v.Class, v.Word = "fail", "Failed by the script"
	case s.Images == 0:
		v.Class, v.Word = "skip", "Nothing to check"
	case s.Status[validate.Pass] == 0:
		v.Class, v.Word = "skip", "No image has passed"
	default:
		v.Class, v.Word = "pass", "Passed"
	}
	return v
}

// isIncomplete reports whether the run ended early, or a part of it is missing.
func isIncomplete(outcome *results.Outcome) bool {
	return len(outcome.Notices) > 0 || outcome.Summary.Cause != nil || outcome.Summary.Unreached > 0
}

// isAccepted reports whether the script has given the run a better exit status than its
// results have.
func isAccepted(s engine.Summary) bool {
	return s.ScriptStatus != nil && s.ExitStatus == *s.ScriptStatus && engine.IsWorse(s.OwnStatus, s.ExitStatus)
}

// sentenceOf says in a sentence how many images had which outcome. Of a run that is not
// complete, it must not sound as if these were all images.
func sentenceOf(s engine.Summary, incomplete bool) string {
	if s.Images == 0 {
		return "The run has no image with a result."
	}
	known := ""
	switch {
	case incomplete && s.Images == 1:
		known = " that has a result"
	case incomplete:
		known = " that have a result"
	}
	var parts []string
	for _, part := range []struct {
		n     int
		words string
	}{
		{s.Status[validate.Fail], " failed"},
		{s.Status[validate.Error], " could not be checked"},
		{s.Waived, " did not pass and were accepted by the script"},
		{s.Status[validate.Pass], " passed"},
		{s.Status[validate.Skip], " were skipped"},
	} {
		switch {
		case part.n == s.Images && part.n > 1:
			return "All " + countOf(part.n, "image") + known + part.words + "."
		case part.n == 1:
			parts = append(parts, "1"+strings.ReplaceAll(part.words, " were", " was"))
		case part.n > 0:
			parts = append(parts, number(part.n)+part.words)
		}
	}
	if s.Images == 1 {
		return "1 image" + known + strings.TrimPrefix(parts[0], "1") + "."
	}
	return "Of " + countOf(s.Images, "image") + known + ", " + joined(parts) + "."
}

// joined joins parts of a sentence by commas and "and".
func joined(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}

// noticesOf says first what a reader must know before the counts.
func noticesOf(outcome *results.Outcome) []string {
	s := outcome.Summary
	var all []string
	for _, notice := range outcome.Notices {
		all = append(all, sentence(notice))
	}
	if len(all) == 0 && s.Cause != nil {
		all = append(all, "The run did not come to its end.")
	}
	if len(outcome.Notices) == 0 && s.Unreached > 0 { // a notice has the number already
		all = append(all, sentence(countOf(s.Unreached, "line")+" of the list "+were(s.Unreached)+" not reached"))
	}
	if len(all) == 0 && s.ExitStatus != engine.ExitOK && s.StatusOfResults() == engine.ExitOK {
		all = append(all, sentence(fmt.Sprintf("the run ended with exit status %d, and no image is the reason", s.ExitStatus)))
	}
	if left := s.LeftOut - s.Unreached; left > 0 {
		all = append(all, sentence("the script left out "+countOf(left, "line")+" of the list"))
	}
	if isAccepted(s) {
		all = append(all, sentence("the script set the exit status to "+number(s.ExitStatus)+"; by the results alone, it is "+number(s.OwnStatus)))
	}
	return all
}

// were returns the verb for a number of things.
func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// sentence returns a text with a capital at its beginning and a full stop at its end.
func sentence(text string) string {
	text = shown(text, maxText)
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
