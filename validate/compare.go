package validate

import "fmt"

// How a question and what is known of its answer meet.

// Compare answers the question from what is known. If that is not enough it
// returns what to read next, all of which can be read at once; the verdict is
// then empty. A question that Check refuses for its rules or its depth is an
// error.
func Compare(q Question, known Known) (Verdict, []Need) {
	rules, err := findRules(q.Rules)
	if err != nil {
		return Verdict{Status: Error, Reason: Script, Message: err.Error()}, nil
	}
	depth, err := findDepth(q.Depth)
	if err != nil {
		return Verdict{Status: Error, Reason: Script, Message: err.Error()}, nil
	}
	c := &comparison{Question: q, known: known, check: depth.check}
	verdict := c.verdict(rules)
	if len(c.needs) > 0 {
		return Verdict{}, c.needs
	}
	return verdict, nil
}

func (c *comparison) verdict(rules ruleSet) Verdict {
	verdict := rules.judge(c)
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
	check func(c *comparison, image leaf, match Match) []difference // of the depth
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
