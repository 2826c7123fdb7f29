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
	Sample   Sample // which blobs to read at the depth Data

	Provenance bool // attestations must be mirrored, too
	Referrers  bool // everything that refers to the images must be mirrored, too
}

// Check returns an error if nothing could come of the question: its platforms,
// rules and depth have to exist.
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

// checkWords refuses words that no image has. A misspelt platform would leave
// nothing to compare, so every image would be skipped.
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

// Wants reports whether the question asks about a platform.
func (q Question) Wants(p Platform) bool {
	return slices.ContainsFunc(q.Arch, func(arch string) bool { return normalArchitecture(arch) == normalArchitecture(p.Architecture) }) &&
		slices.ContainsFunc(q.OS, func(os string) bool { return normalOS(os) == normalOS(p.OS) })
}

// wanted is Wants for an image that may have no platform.
func (q Question) wanted(p *Platform) bool { return p != nil && q.Wants(*p) }
