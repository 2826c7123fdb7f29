package results

import (
	"os"
	"strings"
	"testing"

	"mvrun/validate"
)

// TestMergeChanged shows that a file which no run has written is refused, with the line
// where this shows: a report of it could say that a bad run is a good one.
func TestMergeChanged(t *testing.T) {
	t.Chdir(t.TempDir())
	parts := twoParts()
	whole := strings.SplitAfter(content(t, parts[0].write(t, ".", "whole")), "\n") // the header, an image that failed, one that passed, the end
	header, failed, passed, end := whole[0], whole[1], whole[2], whole[3]
	replace := func(line, old, text string) string {
		t.Helper()
		if !strings.Contains(line, old) {
			t.Fatalf("%s lacks %s", line, old)
		}
		return strings.Replace(line, old, text, 1)
	}
	for name, file := range map[string]struct{ content, want string }{
		"a lost failure":   {header + passed + end, "f: its end counts 2 images, and it holds the results of 1: lines of it were lost or changed"},
		"a changed status": {header + replace(failed, `"status":"fail"`, `"status":"pass"`) + passed + end, "f: its end counts 1 images that passed, and it holds the results of 2"},
		"a waived failure": {header + replace(failed, `"waived":null`, `"waived":"known"`) + passed + end, "f: its end counts 1 images that failed, and it holds the results of 0"},
		"no status":        {header + failed + replace(passed, `"status":"pass"`, `"status":""`) + end, `f:3 is no result of mvrun: status: "" is none of ["pass" "fail" "skip" "error"]`},
		"a false status":   {header + failed + replace(passed, `"status":"pass"`, `"status":"PASS"`) + end, `f:3 is no result of mvrun: status: "PASS"`},
		"two types":        {header + failed + replace(passed, `"type":"image"`, `"type":"image","type":"other"`) + end, "f:3 is no result of mvrun: the line has two types"},
		"a negative count": {header + failed + passed + replace(end, `"lines":2`, `"lines":-2`), "f:4 is no result of mvrun: lines: -2 is not between 0"},
		"a huge count":     {header + failed + passed + replace(end, `"lines":2`, `"lines":1000000000000000000`), "f:4 is no result of mvrun: lines: 1000000000000000000 is not"},
		"a huge time":      {header + replace(failed, `"duration_ms":0`, `"duration_ms":1000000000000000000`) + passed + end, "f:2 is no result of mvrun: duration_ms: "},
		"an exit status":   {header + failed + passed + replace(end, `"status":1`, `"status":256`), "f:4 is no result of mvrun: status: 256 is no exit status"},
		"a huge part":      {replace(header, `"count":2`, `"count":1000000000`) + failed + passed + end, "f:1 is no result of mvrun: shard: there is no part 1 of 1000000000"},
		"no part":          {replace(header, `"index":1`, `"index":0`) + failed + passed + end, "f:1 is no result of mvrun: shard: there is no part 0 of 2"},
		"two files":        {header + failed + passed + end + header + failed + passed + end, "f:5 is no result of mvrun: another run begins here"},
	} {
		if err := os.WriteFile("f", []byte(file.content), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Merge([]string{"f"}, true); err == nil || !strings.HasPrefix(err.Error(), file.want) {
			t.Errorf("%s: got %v, want %s", name, err, file.want)
		}
	}
	if o, err := Merge([]string{"whole"}, true); err != nil || o.Summary.Status[validate.Fail] != 1 {
		t.Errorf("the file as it was written: %v", err)
	}
}
