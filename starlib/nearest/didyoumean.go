package nearest

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// DidYouMean returns the end of a message about a wrong name: "; did you mean
// NAME?". NAME is the most similar of the names. If no name is similar enough,
// DidYouMean returns "".
//
// It compares the names without their folders and the ending ".star". With these,
// all files of one folder would be similar.
func DidYouMean(wrong string, names []string) string {
	byStem := map[string]string{}
	for _, name := range names {
		byStem[stem(name)] = name
	}
	near := Name(stem(wrong), slices.Collect(maps.Keys(byStem)))
	if near == "" || byStem[near] == wrong {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", byStem[near])
}

// stem returns a name without its folder and the ending ".star".
func stem(name string) string { return strings.TrimSuffix(path.Base(name), ".star") }
