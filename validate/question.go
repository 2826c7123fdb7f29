package validate

import (
	"fmt"
	"slices"
	"strings"
)

// Question says what a comparison must find out about one image of a mirror list.
type Question struct {
	Source, Destination string // the repositories, for messages
	Tag                 string // of the destination, for messages: a tag or a digest
	Digest              string // the digest that the destination must have beside the tag, or ""

	Arch, OS []string // the wanted platforms
	Rules    Rules
	Depth    Depth
	Sample   Sample // which blobs to read at the depth Data

	Provenance bool // whether attestations must be mirrored, too
	Referrers  bool // whether artifacts that refer to the images must be mirrored, too
}

// Check returns an error if a platform, the rule set or the depth does not exist, or
// if they do not go together.
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
	if _, err := findDepth(q.Depth); err != nil {
		return err
	}
	return q.checkReferrers()
}

// checkWords returns an error if a word is not one of the known ones. With a misspelt
// platform there would be nothing to compare, and every image would be skipped.
func checkWords(name string, words, known []string, normal func(string) string) error {
	if len(words) == 0 {
		return fmt.Errorf("there is no %s: want a list such as %s", name, strings.Join(known[:2], ","))
	}
	for _, word := range words {
		if !slices.Contains(known, normal(word)) {
			return fmt.Errorf("there is no %s %q: want some of %s", name, word, strings.Join(known, ", "))
		}
	}
	return nil
}

// Wants reports whether the question asks about a platform. A platform that leaves out
// either its architecture or its OS may be a wanted one: nodes pull a single image
// whatever its config says.
func (q Question) Wants(p Platform) bool {
	if p.Architecture == "" && p.OS == "" {
		return false
	}
	return (p.Architecture == "" || slices.ContainsFunc(q.Arch, func(arch string) bool { return normalArchitecture(arch) == normalArchitecture(p.Architecture) })) &&
		(p.OS == "" || slices.ContainsFunc(q.OS, func(os string) bool { return normalOS(os) == normalOS(p.OS) }))
}

// wanted does the same as Wants, but p may be nil. It returns false for nil.
func (q Question) wanted(p *Platform) bool { return p != nil && q.Wants(*p) }
