package level

import (
	"fmt"
	"strings"
	"testing"
)

// TestTurns shows in which order items are taken. An item is written as its pair and its
// number, and "-a" means that the work on an item of the pair a has ended.
func TestTurns(t *testing.T) {
	for _, test := range []struct {
		name    string
		workers int
		items   string // the pairs of the items
		steps   string // "." takes an item
		want    string
	}{
		{"one pair", 2, "aaa", ". . -a .", "a0 a1 a2"},
		{"one pair, more than there are workers", 2, "aaa", ". . .", "a0 a1 a2"},
		{"in turn", 4, "aabb", ". . . .", "a0 a1 b2 b3"},
		{"the first pair has its part", 4, "aaaab", ". . .", "a0 a1 b4"},
		{"all others have ended", 4, "aaaab", ". . . -b . .", "a0 a1 b4 a2 a3"},
		{"who has its part goes on when an item ends", 4, "aaaabbbb", ". . . . -b -b . .", "a0 a1 b4 b5 b6 b7"},
		{"the slow pair gets no more", 4, "aaaabbbbb", ". . . . -b . -b . -b .", "a0 a1 b4 b5 b6 b7 b8"},
		{"more pairs than workers", 2, "abcd", ". . .", "a0 b1 c2"},
		{"none is left", 2, "a", ". .", "a0 none"},
	} {
		turns := NewTurns[string](test.workers)
		for i, pair := range test.items {
			turns.Add(Pair{Source: string(pair)}, i, fmt.Sprintf("%c%d", pair, i))
		}
		var got []string
		for step := range strings.FieldsSeq(test.steps) {
			if pair, ended := strings.CutPrefix(step, "-"); ended {
				turns.Done(Pair{Source: pair})
				continue
			}
			_, number, item, ok := turns.Next()
			if !ok {
				item = "none"
			} else if !strings.HasSuffix(item, fmt.Sprint(number)) {
				t.Errorf("%s: %s has the number %d", test.name, item, number)
			}
			got = append(got, item)
		}
		if words := strings.Join(got, " "); words != test.want {
			t.Errorf("%s: got %q, want %q", test.name, words, test.want)
		}
		if n := len(test.items) - len(got); turns.Waiting() != max(n, 0) {
			t.Errorf("%s: %d wait, want %d", test.name, turns.Waiting(), n)
		}
	}
}
