package report

import (
	"fmt"
	"strings"
	"testing"

	"mvrun/engine"
	"mvrun/validate"
)

// TestAnnotationsBounded shows that GitHub shows every line that is printed, and that the
// last one says how many images have none.
func TestAnnotationsBounded(t *testing.T) {
	for n, want := range map[int]string{10: "digest", 11: "and 2 more, in failed.txt", 40: "and 31 more, in failed.txt"} {
		var all []engine.Result
		for i := range n {
			all = append(all, image(i+1, fmt.Sprintf("app%d", i), validate.Fail, validate.DigestDiffers, "digest"))
		}
		lines := strings.Split(strings.TrimSuffix(string(writtenBy(t, WriteAnnotations, written(t, all...))), "\n"), "\n")
		if len(lines) != 10 || !strings.HasSuffix(lines[9], want) {
			t.Errorf("%d images: %d lines, the last %q", n, len(lines), lines[len(lines)-1])
		}
	}
}

// TestMoreWaived shows that no report looks for waived images in the failed list, which does
// not have them.
func TestMoreWaived(t *testing.T) {
	var all []engine.Result
	for i := range maxRows + 10 {
		r := image(i+1, fmt.Sprintf("app%d", i), validate.Fail, validate.DigestDiffers, "digest")
		r.Waived = "known"
		all = append(all, r)
	}
	outcome := written(t, all...)
	for text, written := range map[string][]byte{"::and 51 more\n": writtenBy(t, WriteAnnotations, outcome), "\nand 10 more\n": writtenBy(t, writeMarkdown, outcome)} {
		if !strings.Contains(string(written), text) || strings.Contains(string(written), "failed.txt") {
			t.Errorf("want %q in %s", text, written)
		}
	}
}

// TestAnnotationsOutside shows that an annotation names a list which the checkout does not
// have in its text.
func TestAnnotationsOutside(t *testing.T) {
	r := image(1, "nginx", validate.Fail, validate.DigestDiffers, "100% :: differs")
	r.Image.List = "/tmp/a,b:c.txt"
	got := string(writtenBy(t, WriteAnnotations, written(t, r)))
	if want := "::error title=Digest differs::/tmp/a,b:c.txt:3: registry.corp.example/team/nginx:1.27: 100%25 :: differs\n"; got != want {
		t.Errorf("got %q", got)
	}
	r.Image.List = "a,b:c%.txt"
	got = string(writtenBy(t, WriteAnnotations, written(t, r)))
	if want := "::error file=ci/a%2Cb%3Ac%25.txt,line=3,title=Digest differs::registry.corp.example/team/nginx:1.27: 100%25 :: differs\n"; got != want {
		t.Errorf("got %q", got)
	}
}
