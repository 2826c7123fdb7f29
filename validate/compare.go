package validate

import (
	"fmt"
	"slices"
	"strings"
)

// The question, what is known of its answer, and how the two meet.

// Rules names a set of rules for what a good mirror is.
type Rules string

// Hangar are the rules that Hangar 1.6 documents for its mirror-validate.
const Hangar Rules = "hangar"

// Depth says what is proved at the destination.
type Depth string

// Manifests proves that the tag's manifest and every selected child are there.
const Manifests Depth = "manifests"

// Question is what is asked about one image of a mirror list.
type Question struct {
	Source, Destination string // repositories, for messages
	Tag                 string // a tag or a digest

	Arch, OS []string // the wanted platforms
	Rules    Rules
	Depth    Depth
}

// Side is one of the two registries of a mirror.
type Side int

const (
	Source Side = iota
	Destination
)

func (s Side) String() string { return [...]string{"source", "destination"}[s] }

// What can be read of a repository.
type What int

const (
	Head What = iota // whether a manifest is there, and its digest
	Read             // a manifest
	Blob             // a config
)

// Need names one thing to read: the manifest under the image's own tag if
// Digest is empty, else the manifest or blob of that digest.
type Need struct {
	Side   Side
	What   What
	Digest string
}

// Fact is what reading a Need gave. A registry that does not tell the digest
// in answer to a Head may be asked for the manifest instead.
type Fact struct {
	Missing  bool // the registry answered that it is not there
	Digest   string
	Manifest *Manifest
	Config   *Config
}

// Known is all that has been read so far for one image.
type Known map[Need]Fact

// Compare answers the question from what is known. If that is not enough it
// returns what to read next, all of which can be read at once; the verdict is
// then empty.
func Compare(q Question, known Known) (Verdict, []Need) {
	c := &comparison{Question: q, known: known}
	verdict := c.hangar()
	if len(c.needs) > 0 {
		return Verdict{}, c.needs
	}
	return verdict, nil
}

// comparison is one run of Compare. Its methods return false if they could not
// know; what they lack is then among the needs.
type comparison struct {
	Question
	known Known
	needs []Need
}

func (c *comparison) know(side Side, what What, digest string) (Fact, bool) {
	need := Need{side, what, digest}
	fact, ok := c.known[need]
	if !ok && !slices.Contains(c.needs, need) {
		c.needs = append(c.needs, need)
	}
	return fact, ok
}

// tops returns the manifests under the tag, nil where there is none.
//
// Where the destination serves the source's digest, its bytes are used: at
// public registries a GET of a manifest costs quota, and a HEAD does not.
func (c *comparison) tops() (source, destination *Manifest, ok bool) {
	head, okSource := c.know(Source, Head, "")
	fact, okDestination := c.know(Destination, Read, "")
	if !okSource || !okDestination {
		return nil, nil, false
	}
	destination = fact.Manifest
	switch {
	case head.Missing || head.Manifest != nil:
		return head.Manifest, destination, true
	case destination != nil && destination.Digest == head.Digest:
		return destination, destination, true
	case destination != nil && destination.child(head.Digest) != nil:
		child, ok := c.know(Destination, Read, head.Digest)
		if !ok {
			return nil, nil, false
		}
		if !child.Missing {
			return child.Manifest, destination, true
		}
	}
	read, ok := c.know(Source, Read, "")
	return read.Manifest, destination, ok
}

// child returns the list's entry of a digest, or nil.
func (m *Manifest) child(digest string) *Descriptor {
	for i := range m.Children {
		if m.Children[i].Digest == digest {
			return &m.Children[i]
		}
	}
	return nil
}

// platform returns the platform of a single image of the source. lost is true
// if its config had to be read at the source although the destination should
// hold it too.
func (c *comparison) platform(source *Manifest, mirrored bool) (platform *Platform, lost, ok bool) {
	if source.IsSchema1() {
		return source.Platform, false, true
	}
	if source.isArtifact() {
		return nil, false, true
	}
	if mirrored {
		fact, ok := c.know(Destination, Blob, source.Config.Digest)
		if !ok {
			return nil, false, false
		}
		if fact.Config != nil {
			return &fact.Config.Platform, false, true
		}
	}
	fact, ok := c.know(Source, Blob, source.Config.Digest)
	if !ok || fact.Missing {
		return nil, mirrored, ok
	}
	return &fact.Config.Platform, mirrored, true
}

// selected returns the list's entries that the question asks about.
func (c *comparison) selected(list *Manifest) []Descriptor {
	var selected []Descriptor
	for _, child := range list.Children {
		if c.wanted(child.Platform) {
			selected = append(selected, child)
		}
	}
	return selected
}

func fail(reason Reason, format string, args ...any) Verdict {
	return Verdict{Status: Fail, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// Check says what is wrong with a question.
func (q Question) Check() error {
	if err := checkWords("architecture", q.Arch, knownArchitectures, normalArchitecture); err != nil {
		return err
	}
	if err := checkWords("operating system", q.OS, knownSystems, strings.ToLower); err != nil {
		return err
	}
	switch {
	case q.Rules != Hangar:
		return fmt.Errorf("there are no rules %q: want %s", q.Rules, Hangar)
	case q.Depth != Manifests:
		return fmt.Errorf("there is no depth %q: want %s", q.Depth, Manifests)
	}
	return nil
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
