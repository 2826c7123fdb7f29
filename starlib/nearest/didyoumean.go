package nearest

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// DidYouMean returns the end of a message about a wrong name: "; did you mean
// NAME?" with the nearest of names, or "" if none is near.
//
// Folders and the ending ".star" are left out of the comparison. Otherwise all
// files of one folder would look alike.
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

func stem(name string) string { return strings.TrimSuffix(path.Base(name), ".star") }
