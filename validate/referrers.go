package validate

import (
	"fmt"
	"slices"
	"strings"
)

// Referrers: signatures, SBOMs and attestations that are attached to images.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers

// subject is something that referrers are attached to.
type subject struct {
	name                string // for messages
	source, destination string // digests
	platform            int    // in the verdict, or -1
}

// attached adds to a pass whether what is attached at the source, to the tag's
// manifest and to each selected image, is attached at the destination, too.
func (c *comparison) attached(verdict Verdict) Verdict {
	subjects := []subject{{"", c.top(Source), c.top(Destination), -1}}
	for i, p := range verdict.Platforms {
		if p.Source != subjects[0].source {
			subjects = append(subjects, subject{p.Platform + ": ", p.Source, p.Destination, i})
		}
	}
	var notes []string
	for _, s := range subjects {
		message := c.unattached(s)
		if message == "" {
			continue
		}
		notes = append(notes, s.name+message)
		if s.platform >= 0 {
			p := &verdict.Platforms[s.platform]
			p.Match, p.Reason, p.Message = "", ReferrerMissing, message
		}
	}
	if len(c.needs) > 0 {
		return Verdict{}
	}
	if len(notes) > 0 {
		verdict.Status, verdict.Reason, verdict.Match, verdict.Message = Fail, ReferrerMissing, "", strings.Join(notes, "; ")
	}
	return verdict
}

// top is the digest under the tag. A pass knows both.
func (c *comparison) top(side Side) string {
	need := Need{Side: Destination, What: Read}
	if side == Source {
		need = Need{Side: Source, What: Head}
	}
	fact, _ := c.known.fact(need)
	return fact.Digest
}

// unattached says which referrers of a subject the destination lacks, or is "".
func (c *comparison) unattached(s subject) string {
	ours, ok := c.know(Source, Attached, s.source)
	if !ok || len(ours.Referrers) == 0 {
		return ""
	}
	if s.source != s.destination {
		return fmt.Sprintf("the source has %s attached to %s, but the destination has another manifest there, %s: "+
			"copying it anew broke what refers to it, and signatures are of one digest only", kinds(ours.Referrers), s.source, s.destination)
	}
	theirs, ok := c.know(Destination, Attached, s.destination)
	if !ok {
		return ""
	}
	var missing []Descriptor
	var lacking []difference
	for _, r := range ours.Referrers {
		found, ok := c.referrer(r, theirs.Referrers)
		switch {
		case !ok:
		case found == nil:
			missing = append(missing, r)
		default:
			lacking = append(lacking, c.check(c, leaf{Descriptor: *found}, Identical)...)
		}
	}
	switch {
	case len(missing) > 0:
		return fmt.Sprintf("the destination does not have %s attached to %s", kinds(missing), s.source)
	case len(lacking) > 0:
		return "of what is attached to " + s.source + ", " + several(lacking)
	}
	return ""
}

// referrer finds one among the destination's: by its digest, or, as others may
// have signed there, too, where one manifest holds all signatures, by what it
// holds.
func (c *comparison) referrer(r Descriptor, theirs []Descriptor) (found *Descriptor, ok bool) {
	for i := range theirs {
		if theirs[i].Digest == r.Digest {
			return &theirs[i], true
		}
	}
	ok = true
	for i := range theirs {
		if theirs[i].ArtifactType != r.ArtifactType {
			continue
		}
		from, okSource := c.know(Source, Read, r.Digest)
		to, okDestination := c.know(Destination, Read, theirs[i].Digest)
		if !okSource || !okDestination {
			ok = false
			continue
		}
		if from.Missing || to.Missing || len(from.Manifest.Layers) == 0 {
			continue
		}
		if !slices.ContainsFunc(from.Manifest.Layers, func(layer Descriptor) bool {
			return !slices.ContainsFunc(to.Manifest.Layers, func(other Descriptor) bool { return sameDigest(layer, other) })
		}) {
			return &theirs[i], ok
		}
	}
	return nil, ok
}

// kinds writes referrers by their artifact types: "application/spdx+json, 2
// application/vnd.dev.sigstore.bundle.v0.3+json".
func kinds(referrers []Descriptor) string {
	count := map[string]int{}
	var order []string
	for _, r := range referrers {
		kind := r.ArtifactType
		if kind == "" {
			kind = "something of no artifact type"
		}
		if count[kind]++; count[kind] == 1 {
			order = append(order, kind)
		}
	}
	slices.Sort(order)
	for i, kind := range order {
		if n := count[kind]; n > 1 {
			order[i] = fmt.Sprintf("%d %s", n, kind)
		}
	}
	return strings.Join(order, ", ")
}
