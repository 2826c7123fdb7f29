package formats

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// filter chooses tags. A tag has to be in one of the ranges of versions, match one of
// the patterns of allow, and none of deny. An empty list of ranges or of allow lets all
// tags pass.
type filter struct {
	ranges      []func(tag string) bool
	allow, deny []*regexp.Regexp
	words       []string // the filter as the file has it
}

// addRange adds a range of versions, which parse reads as the tool of the format does.
func (f *filter) addRange(word string, parse func(word string) (has func(tag string) bool, err error)) error {
	has, err := parse(word)
	if err != nil {
		return fmt.Errorf("range of versions %q: %w", word, err)
	}
	f.ranges = append(f.ranges, has)
	f.words = append(f.words, "versions "+word)
	return nil
}

// addPattern adds a regular expression to allow or deny.
func (f *filter) addPattern(patterns *[]*regexp.Regexp, name, expression, word string) error {
	pattern, err := regexp.Compile(expression)
	if err != nil {
		return fmt.Errorf("regular expression %q: %w", word, err)
	}
	*patterns = append(*patterns, pattern)
	f.words = append(f.words, name+" "+word)
	return nil
}

func (f *filter) matches(tag string) bool {
	matching := func(p *regexp.Regexp) bool { return p.MatchString(tag) }
	if len(f.ranges) > 0 && !slices.ContainsFunc(f.ranges, func(has func(string) bool) bool { return has(tag) }) {
		return false
	}
	return (len(f.allow) == 0 || slices.ContainsFunc(f.allow, matching)) && !slices.ContainsFunc(f.deny, matching)
}

// choose returns a function that chooses the tags that at least one of the filters lets
// pass, or all tags if there are no filters. To choose no tag is an error.
func choose(filters []*filter) func(tags []string) ([]string, error) {
	return func(tags []string) ([]string, error) {
		if len(tags) == 0 {
			return nil, errors.New("the repository has no tags")
		}
		if len(filters) == 0 {
			return tags, nil
		}
		var chosen []string
		for _, tag := range tags {
			if slices.ContainsFunc(filters, func(f *filter) bool { return f.matches(tag) }) {
				chosen = append(chosen, tag)
			}
		}
		if len(chosen) == 0 {
			words := make([]string, len(filters))
			for i, f := range filters {
				words[i] = strings.Join(f.words, ", ")
			}
			return nil, fmt.Errorf("none of its %d tags is chosen by the filter (%s)", len(tags), strings.Join(words, "; or "))
		}
		return chosen, nil
	}
}
