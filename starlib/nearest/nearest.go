package nearest

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Name returns the name that is most similar to a wrong one. It returns "" if no
// name is similar enough.
func Name(wrong string, names []string) string {
	best, least := "", min(max(2, len(wrong)/3), len(wrong)/2)+1
	for _, name := range slices.Sorted(slices.Values(names)) {
		if d := distance(wrong, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance returns how many letters must be changed, added or removed to turn one word
// into the other. Upper and lower case are the same. If two words have the same
// letters in another order, their distance is 1.
func distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if a != b && len(a) > 2 && sorted(a) == sorted(b) {
		return 1
	}
	return levenshtein.ComputeDistance(a, b)
}

// sorted returns the letters of a word in alphabetical order.
func sorted(s string) string {
	letters := []rune(s)
	slices.Sort(letters)
	return string(letters)
}
