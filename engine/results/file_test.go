package results

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// TestResultsLost shows that a results file that cannot be written any more
// says what it holds, those of an earlier run included.
func TestResultsLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.jsonl")
	run := Header{Version: "1", ListSHA256: new("the list's")}
	results, err := Create(path, run, hints)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := results.Write(&engine.Result{Image: new(imagelist.Image), Status: validate.Pass}); err != nil {
			t.Fatal(err)
		}
	}
	results.Close()
	want := path + " (--results): " + os.ErrClosed.Error() + "; " + path + " holds 2 results, and --resume goes on from there"
	if err := results.Write(&engine.Result{Image: new(imagelist.Image)}); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}

	results, _, err = Resume(path, run, hints)
	if err != nil {
		t.Fatal(err)
	}
	if err := results.Write(&engine.Result{Image: new(imagelist.Image), Status: validate.Fail}); err != nil {
		t.Fatal(err)
	}
	results.Close()
	if err := results.Write(&engine.Result{Image: new(imagelist.Image)}); err == nil || !strings.Contains(err.Error(), "holds 3 results") {
		t.Errorf("after --resume: %v", err)
	}
}

// TestResultsOwned shows that two runs do not write to one results file: it
// would be of use to neither.
func TestResultsOwned(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.jsonl")
	run := Header{Version: "1", ListSHA256: new("the list's")}
	first, err := Create(path, run, hints)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Write(&engine.Result{Image: new(imagelist.Image), Status: validate.Pass}); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	const want = "another run is writing to"
	if _, err := Create(path, run, hints); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a second run: %v", err)
	}
	if _, _, err := Resume(path, run, hints); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a second run with --resume: %v", err)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Errorf("the file is now %q", after)
	}
	first.Close()
	next, earlier, err := Resume(path, run, hints)
	if err != nil || len(earlier.results) != 1 {
		t.Fatalf("after the first run: %v, %v", earlier, err)
	}
	next.Close()
}

// TestResultsRemoved shows that a results file that somebody removed during the
// run is missed; one that was moved is not.
func TestResultsRemoved(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(path string) error
		want string
	}{
		{"removed", os.Remove, "was removed during the run, with the 1 result it held"},
		{"moved", func(path string) error { return os.Rename(path, path+".1") }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "r.jsonl")
			results, err := Create(path, Header{Version: "1"}, hints)
			if err != nil {
				t.Fatal(err)
			}
			if err := results.Write(&engine.Result{Image: new(imagelist.Image), Status: validate.Pass}); err != nil {
				t.Fatal(err)
			}
			if err := test.do(path); err != nil {
				t.Fatal(err)
			}
			if err := results.Close(); (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestResultsOfWrongList shows that the results of an earlier run stay if the list,
// which is a stream, turns out to be no list.
func TestResultsOfWrongList(t *testing.T) {
	stream := Header{Version: "1", List: "standard input"}
	wrong := imagelist.Stream("standard input", strings.NewReader(strings.Repeat("no image of a list\n", 20))).Check(t.Context(), imagelist.Options{})
	finished := func(path string, cause error) {
		t.Helper()
		file, err := Create(path, stream, hints)
		if err != nil {
			t.Fatal(err)
		}
		if err := file.Finish(engine.Summary{Cause: fmt.Errorf("load_list: %w", cause)}); err != nil {
			t.Error(err)
		}
	}
	path := recorded(t, stream, engine.Result{Image: nginx, Status: validate.Pass, Started: moment})
	before := content(t, path)
	finished(path, wrong)
	if after := content(t, path); after != before {
		t.Errorf("the file was changed to %s", after)
	}
	finished(path, errors.New("another error"))
	if after := content(t, path); strings.Count(after, "\n") != 2 || !strings.Contains(after, `{"type":"run"`) || !strings.Contains(after, `{"type":"end"`) {
		t.Errorf("another error has left %s", after)
	}
	missing := filepath.Join(t.TempDir(), "r.jsonl")
	finished(missing, wrong)
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file was made: %v", err)
	}
}
