// Package nearest finds the name that somebody meant.
package nearest

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Name returns the one of some names that is nearest to a wrong one, or "" if
// none is near.
func Name(wrong string, names []string) string {
	best, least := "", min(max(2, len(wrong)/3), len(wrong)/2)+1
	for _, name := range slices.Sorted(slices.Values(names)) {
		if d := distance(wrong, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance counts letters that differ. Case does not count, and letters in
// another order count as one.
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
