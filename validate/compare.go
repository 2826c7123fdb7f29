package validate

import (
	"fmt"
	"slices"
	"strings"
)

// The question, what is known of its answer, and how the two meet.

// Rules names a set of rules for what a good mirror is.
type Rules string

const (
	Hangar  Rules = "hangar"  // those that Hangar 1.6 documents for its mirror-validate
	Content Rules = "content" // the same content for every wanted platform
	Exact   Rules = "exact"   // the same digest under the tag
)

var allRules = []Rules{Hangar, Content, Exact}

// Depth says what is proved at the destination. Each depth proves what those
// before it do.
type Depth string

const (
	Manifests Depth = "manifests" // the tag's manifest and every selected child are there
	Blobs     Depth = "blobs"     // every config and layer of these is there, with its size
	Data      Depth = "data"      // every byte of these was read and hashed
)

var allDepths = []Depth{Manifests, Blobs, Data}

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
	Head     What = iota // whether a manifest is there, and its digest
	Read                 // a manifest
	Blob                 // a config
	Stat                 // whether a blob is there, and its size
	Hash                 // the whole of a blob, for its digest
	Unpack               // the same of a layer, for its digest before compression, too
	Attached             // what refers to a manifest
)

// Need names one thing to read: the manifest under the image's own tag if
// Digest is empty, else the manifest or blob of that digest.
type Need struct {
	Side   Side
	What   What
	Digest string
	Size   int64 // of a blob: more than this many bytes need not be read; 0 if its size is not known
}

// Fact is what reading a Need gave. A registry that does not tell the digest
// in answer to a Head may be asked for the manifest instead.
type Fact struct {
	Missing  bool      // the registry answered that it is not there
	Digest   string    // of a manifest, or of the bytes of a blob that were read
	Manifest *Manifest // of Read
	Config   *Config   // of Blob; nil if the bytes are not those of the digest
	Size     int64     // of a blob, in bytes

	Format string // of Unpack: what the bytes are, "tar", "gzip" or "zstd"
	DiffID string // of Unpack: the digest before compression, "" if it cannot be unpacked
	Broken string // of Unpack: why it cannot

	Referrers []Descriptor // of Attached
}

// Known is all that has been read so far for one image.
type Known map[Need]*Fact

func (k Known) fact(need Need) (Fact, bool) {
	if fact, ok := k[need]; ok {
		return *fact, true
	}
	return Fact{}, false
}

// Compare answers the question from what is known. If that is not enough it
// returns what to read next, all of which can be read at once; the verdict is
// then empty.
func Compare(q Question, known Known) (Verdict, []Need) {
	c := &comparison{Question: q, known: known}
	verdict := c.verdict()
	if len(c.needs) > 0 {
		return Verdict{}, c.needs
	}
	return verdict, nil
}

func (c *comparison) verdict() Verdict {
	var verdict Verdict
	if c.Rules == Hangar {
		verdict = c.hangar()
	} else {
		verdict = c.content()
	}
	if verdict.Status != Pass || len(c.needs) > 0 {
		return verdict
	}
	if top, _ := c.known.fact(Need{Side: Destination, What: Read}); top.Manifest.ServedAs != "" {
		verdict.Status, verdict.Reason, verdict.Match, verdict.Message = Fail, DestinationType, "", top.Manifest.servedAs()
		return verdict
	}
	if c.Referrers {
		return c.attached(verdict)
	}
	return verdict
}

// servedAs is what is wrong with a manifest whose type the registry gives as
// another one: Docker, Podman and containerd refuse it, as clients should.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
func (m *Manifest) servedAs() string {
	return fmt.Sprintf("destination manifest MIME type unknown: %s (so the registry says; the manifest's own is %s)", m.ServedAs, m.MediaType)
}

// comparison is one run of Compare. Its methods return false if they could not
// know; what they lack is then among the needs.
type comparison struct {
	Question
	known Known
	needs []Need
	asked map[Need]bool // the same
}

func (c *comparison) know(side Side, what What, digest string) (Fact, bool) {
	return c.ask(Need{Side: side, What: what, Digest: digest})
}

func (c *comparison) ask(need Need) (Fact, bool) {
	fact, ok := c.known.fact(need)
	if !ok && !c.asked[need] {
		if c.asked == nil {
			c.asked = map[Need]bool{}
		}
		c.asked[need] = true
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
		return &source.Schema1.Platform, false, true
	}
	if source.isArtifact() {
		return nil, false, true
	}
	if mirrored {
		config, _, ok := c.config(Destination, source)
		if !ok {
			return nil, false, false
		}
		if config != nil {
			return &config.Platform, false, true
		}
	}
	config, _, ok := c.config(Source, source)
	if !ok || config == nil {
		return nil, mirrored, ok
	}
	return &config.Platform, mirrored, true
}

// selected returns the list's entries that the question asks about.
func (c *comparison) selected(list *Manifest) []Descriptor {
	selected := make([]Descriptor, 0, len(list.Children))
	attested := map[string]bool{}
	if c.Provenance {
		for _, child := range list.Children {
			attested[child.Digest] = attested[child.Digest] || c.wanted(child.Platform)
		}
	}
	for _, child := range list.Children {
		if c.wanted(child.Platform) || child.Platform != nil && attested[child.attests()] {
			selected = append(selected, child)
		}
	}
	return selected
}

// maxSelected is how many entries of a list are compared: nobody makes so many,
// and each may have to be compared with each.
const maxSelected = 1000

func tooMany(side Side, n int) Verdict {
	return Verdict{Status: Error, Reason: BadManifest,
		Message: fmt.Sprintf("%s manifest: %d of its entries would have to be compared, and mvrun compares no more than %d", side, n, maxSelected)}
}

func fail(reason Reason, format string, args ...any) Verdict {
	return Verdict{Status: Fail, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// Check says what is wrong with a question.
func (q Question) Check() error {
	if err := checkWords("architecture", q.Arch, knownArchitectures, normalArchitecture); err != nil {
		return err
	}
	if err := checkWords("operating system", q.OS, knownSystems, normalOS); err != nil {
		return err
	}
	switch {
	case !slices.Contains(allRules, q.Rules):
		return fmt.Errorf("there are no rules %q: want hangar, content or exact", q.Rules)
	case !slices.Contains(allDepths, q.Depth):
		return fmt.Errorf("there is no depth %q: want manifests, blobs or data", q.Depth)
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
