package sink

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mvrun/engine"
	"mvrun/validate"
)

// TestResultsLost shows that a results file that cannot be written any more
// says what it holds, those of an earlier run included.
func TestResultsLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.jsonl")
	run := Run{Version: "1", SHA256: "the list's"}
	results, err := CreateResults(path, run)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := results.Write(&engine.Result{Status: validate.Pass}); err != nil {
			t.Fatal(err)
		}
	}
	results.Close()
	want := path + " (--results): " + os.ErrClosed.Error() + "; " + path + " holds 2 results, and --resume goes on from there"
	if err := results.Write(&engine.Result{}); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}

	results, _, err = ResumeResults(path, run)
	if err != nil {
		t.Fatal(err)
	}
	if err := results.Write(&engine.Result{Status: validate.Fail}); err != nil {
		t.Fatal(err)
	}
	results.Close()
	if err := results.Write(&engine.Result{}); err == nil || !strings.Contains(err.Error(), "holds 3 results") {
		t.Errorf("after --resume: %v", err)
	}
}
