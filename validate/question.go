package validate

import (
	"fmt"
	"slices"
	"strings"
)

// Question is what is asked about one image of a mirror list.
type Question struct {
	Source, Destination string // repositories, for messages
	Tag                 string // a tag or a digest

	Arch, OS []string // the wanted platforms
	Rules    Rules
	Depth    Depth
	Sample   Sample // of the blobs, which to read with Data

	Provenance bool // attestations must be mirrored, too
	Referrers  bool // what refers to the images must be mirrored, too
}

// Check says what is wrong with a question.
func (q Question) Check() error {
	if err := checkWords("architecture", q.Arch, knownArchitectures, normalArchitecture); err != nil {
		return err
	}
	if err := checkWords("operating system", q.OS, knownSystems, normalOS); err != nil {
		return err
	}
	if _, err := findRules(q.Rules); err != nil {
		return err
	}
	_, err := findDepth(q.Depth)
	return err
}

// checkWords refuses words that no image has: a misspelt platform would leave
// nothing to compare, and nothing to complain of.
func checkWords(what string, words, known []string, normal func(string) string) error {
	if len(words) == 0 {
		return fmt.Errorf("there is no %s: want a list such as %s", what, strings.Join(known[:2], ","))
	}
	for _, word := range words {
		if !slices.Contains(known, normal(word)) {
			return fmt.Errorf("there is no %s %q: want some of %s", what, word, strings.Join(known, ", "))
		}
	}
	return nil
}
