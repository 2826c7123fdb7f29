package sink

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// group returns a group of n images with the numbers from first on.
func group(status validate.Status, reason validate.Reason, n, first int) engine.Group {
	g := engine.Group{Status: status, Reason: reason, Count: n}
	for i := range min(n, maxRecap) {
		g.First = append(g.First, &imagelist.Image{Source: "a.io/a", Destination: "b.io/a", Tag: fmt.Sprint(first + i), Number: first + i})
	}
	return g
}

// A reason with thousands of images does not push the others off the screen.
func TestShareOut(t *testing.T) {
	for _, test := range []struct{ sizes, want []int }{
		{[]int{3}, []int{3}},
		{[]int{8000}, []int{20}},
		{[]int{8000, 1, 2}, []int{17, 1, 2}},
		{[]int{100, 100, 100}, []int{7, 7, 6}},
		{slices.Repeat([]int{5}, 24), append(slices.Repeat([]int{1}, 20), 0, 0, 0, 0)},
		{nil, []int{}},
	} {
		var groups []engine.Group
		for _, n := range test.sizes {
			groups = append(groups, group(validate.Fail, "x", n, 1))
		}
		if got := shareOut(groups); !slices.Equal(got, test.want) {
			t.Errorf("%v: got %v, want %v", test.sizes, got, test.want)
		}
	}
}

// TestSummaryHostile shows that no text of a results file forges a line of the summary, or
// commands a terminal.
func TestSummaryHostile(t *testing.T) {
	const evil = "x\x1b[2J\r\nFORGED\u202e"
	image := &imagelist.Image{Source: "a.io/" + evil, Destination: "b.io/" + evil, Tag: evil, SourceTag: "1" + evil, List: evil, Line: evil}
	bad := &imagelist.Image{List: evil, Line: evil, LineNumber: 3}
	var text strings.Builder
	Summary{W: &text}.Show(engine.Summary{
		Images: 3, Status: map[validate.Status]int{validate.Pass: 1, validate.Fail: 1, validate.Error: 1}, Matches: map[validate.Match]int{evil: 1},
		Reasons:   map[validate.Status]map[validate.Reason]int{validate.Fail: {evil: 1}, validate.Error: {evil: 1}},
		Judged:    map[engine.Terms]map[validate.Reason]int{{Rules: evil, Depth: evil}: {"": 1}, {Rules: "a" + evil}: {evil: 1}},
		NotPassed: []engine.Group{{Status: validate.Fail, Reason: evil, Count: 1, First: []*imagelist.Image{image}}, {Status: validate.Error, Reason: "b" + evil, Count: 1, First: []*imagelist.Image{bad}}},
		Hints:     []string{"Incomplete: " + evil}, FailedList: evil, FailedLines: 1,
	})
	if strings.ContainsAny(text.String(), "\x1b\r\u202e") || strings.Contains(text.String(), "\nFORGED") {
		t.Errorf("%q", text.String())
	}
}

func TestRecap(t *testing.T) {
	s := Summary{Advice: Advice{validate.DestinationMissing: "mirror them"}}
	if got := s.recap(nil, "f.txt"); got != "" {
		t.Errorf("all passed, and the recap says %q", got)
	}
	groups := []engine.Group{group(validate.Fail, validate.DestinationMissing, 30, 1), group(validate.Error, validate.Unreachable, 1, 99)}
	invalid := &imagelist.Image{Line: "  two\x1b[2J words " + strings.Repeat("x", 200), List: "l.txt", LineNumber: 7, Number: 5}
	groups = append(groups, engine.Group{Status: validate.Error, Reason: validate.InvalidLine, Count: 1, First: []*imagelist.Image{invalid}},
		engine.Group{Status: validate.Fail, Reason: validate.BlobMissing, Count: 1, First: []*imagelist.Image{{Destination: "b.io/a", Tag: "1"}}})
	got := s.recap(groups, "f.txt")
	for _, want := range []string{
		"\nNot passed:\n  destination-missing (30): mirror them\n    [M_ID:1] a.io/a:1 -> b.io/a:1\n",
		"  unreachable (1)\n    [M_ID:99] a.io/a:99 -> b.io/a:99\n",
		"    [M_ID:5] l.txt:7: two [2J words xxx",
		"…\n",
		"  blob-missing (1)\n    b.io/a:1\n",
		"  and 13 more, in f.txt\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	if lines := strings.Count(got, "\n"); lines != 1+1+4+20+1 || strings.Contains(got, "\x1b") {
		t.Errorf("%d lines: %q", lines, got)
	}
}
