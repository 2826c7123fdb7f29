// Package nearest finds the name that somebody meant by a wrong one, for the "did
// you mean" of messages. It compares letters and knows nothing of what the names
// are for.
package nearest

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Name returns the name that is nearest to a wrong one, or "" if none is near.
func Name(wrong string, names []string) string {
	best, least := "", min(max(2, len(wrong)/3), len(wrong)/2)+1
	for _, name := range slices.Sorted(slices.Values(names)) {
		if d := distance(wrong, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance returns the number of letters that differ. Case does not count. The
// same letters in another order count as one difference.
func distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if a != b && len(a) > 2 && sorted(a) == sorted(b) {
		return 1
	}
	return levenshtein.ComputeDistance(a, b)
}

func sorted(s string) string {
	letters := []rune(s)
	slices.Sort(letters)
	return string(letters)
}
