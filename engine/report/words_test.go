package report

import (
	"testing"

	"mvrun/engine"
	"mvrun/engine/results"
	"mvrun/validate"
)

// TestVerdict shows what reports say of a run in a few words. An image that failed is
// never called one that could not be checked, whatever status the script set.
func TestVerdict(t *testing.T) {
	for _, test := range []struct {
		fail, unchecked, status int
		want                    string
	}{
		{0, 0, engine.ExitOK, "Passed"},
		{1, 0, engine.ExitOK, "Passed, by the script"},
		{0, 1, engine.ExitUnchecked, "Not everything could be checked"},
		{1, 0, engine.ExitUnchecked, "Failed"},
		{1, 1, engine.ExitFailed, "Failed"},
		{0, 0, engine.ExitInterrupted, "Interrupted"},
	} {
		s := engine.Summary{Images: 5, ExitStatus: test.status, Status: map[validate.Status]int{validate.Fail: test.fail, validate.Error: test.unchecked}}
		if got := verdict(&results.Outcome{Summary: s}); got != test.want {
			t.Errorf("%+v: got %q", test, got)
		}
	}
}
