package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"mvrun/engine"
	"mvrun/validate"
)

// TestSARIFBounded shows that GitHub accepts the log of any run: failures come first, and
// the log says how many results it leaves out.
func TestSARIFBounded(t *testing.T) {
	var all []engine.Result
	for i := range maxResults + 10 {
		r := image(i+1, fmt.Sprintf("app%d", i), validate.Error, validate.Unreachable, "down")
		if i >= maxResults {
			r.Status, r.Reason = validate.Fail, validate.DigestDiffers
		}
		all = append(all, r)
	}
	var log struct {
		Runs []struct {
			Results     []sarifResult
			Invocations []sarifInvocation
		}
	}
	if err := json.Unmarshal(writtenBy(t, writeSARIF, written(t, all...)), &log); err != nil {
		t.Fatal(err)
	}
	got := log.Runs[0]
	if len(got.Results) != maxResults || got.Results[9].Level != "error" || got.Results[10].Level != "warning" {
		t.Errorf("%d results, the first %+v", len(got.Results), got.Results[:11])
	}
	notifications := got.Invocations[0].Notifications
	if want := "this log has the first 25000 of 25010 results, failures first: GitHub accepts no more"; len(notifications) != 1 || notifications[0].Message.Text != want {
		t.Errorf("got %+v", notifications)
	}
}

// TestFingerprints shows that an alert stays the same one if lines are added above, and
// that equal lines have different alerts.
func TestFingerprints(t *testing.T) {
	prints, later := fingerprints{}, fingerprints{}
	first, moved := image(1, "nginx", validate.Fail, validate.DigestDiffers, "x"), image(9, "nginx", validate.Fail, validate.DigestMissing, "y")
	a, again, b := prints.ofLine(&first), prints.ofLine(&first), later.ofLine(&moved)
	if a != b || a == again || !strings.HasSuffix(again, ":2") {
		t.Errorf("%s, %s and %s", a, again, b)
	}
	issues := map[string]bool{prints.ofIssue("a", "b"): true, prints.ofIssue("ab"): true, prints.ofIssue("a", "b"): true, prints.ofIssue("a", "b"): true}
	if len(issues) != 4 || !issues[later.ofIssue("a", "b")] {
		t.Errorf("four issues have the fingerprints %v", issues)
	}
}
