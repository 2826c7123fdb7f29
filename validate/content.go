package validate

import (
	"cmp"
	"slices"
	"strings"
)

// The rules "content": whatever made the mirror, a node that pulls a wanted
// platform from the destination gets the same files and runs them the same
// way. And the rules "exact": the digest under the tag is the same, too.

func (c *comparison) content() Verdict {
	t, verdict := c.trees()
	if t == nil {
		return verdict
	}
	return c.compareTrees(t)
}

func (c *comparison) exact() Verdict {
	t, verdict := c.trees()
	if t == nil {
		return verdict
	}
	if t.source.Digest != t.destination.Digest {
		return exactDiffers(t)
	}
	return c.compareTrees(t)
}

// trees is what the tag leads to on both sides.
type trees struct {
	source, destination *Manifest // under the tag
	ours, theirs        []leaf    // behind these
	selected            []leaf    // of ours, what the question asks about
}

// trees reads both sides. Without trees the verdict is settled, or facts are
// missing.
func (c *comparison) trees() (*trees, Verdict) {
	source, destination, ok := c.tops()
	if !ok {
		return nil, Verdict{}
	}
	if source == nil {
		return nil, sourceMissing()
	}
	ours, theirs, broken := c.bothLeaves(source, destination)
	if len(c.needs) > 0 {
		return nil, Verdict{}
	}
	if broken != nil {
		return nil, *broken
	}
	selected := c.choose(ours)
	switch {
	case len(selected) == 0:
		return nil, c.noLeaf(source, ours)
	case destination == nil:
		return nil, fail(DestinationMissing, "destination manifest does not exists")
	case destination.IsList() && len(destination.Children) == 0:
		return nil, fail(DestinationEmpty, "destination manifest list is empty")
	case len(selected) > maxSelected:
		return nil, tooMany(Source, len(selected))
	}
	return &trees{source, destination, ours, theirs, selected}, Verdict{}
}

// compareTrees compares the selected images with the destination's.
func (c *comparison) compareTrees(t *trees) Verdict {
	offered := 0
	for _, l := range t.theirs {
		if c.wanted(l.platform) {
			offered++
		}
	}
	if offered > maxSelected {
		return tooMany(Destination, offered)
	}
	j := &judgement{comparison: c, ours: t.ours, theirs: t.theirs}
	for _, group := range byPlatform(t.selected) {
		j.group(group)
	}
	j.shadows(t.selected)
	if c.Provenance {
		j.attestations(t.ours)
	}
	if len(c.needs) > 0 {
		return Verdict{}
	}
	if verdict := contentDiffers(j.platforms); verdict.Status != "" {
		return verdict
	}
	return c.prove(Verdict{Status: Pass, Match: overall(t.source, t.destination, j.platforms), Platforms: j.platforms}, j.matched)
}

func sourceMissing() Verdict {
	return Verdict{Status: Error, Reason: SourceMissing, Message: "source manifest does not exist: check the name and the tag in the list"}
}

// bothLeaves returns what both manifests lead to.
func (c *comparison) bothLeaves(source, destination *Manifest) (ours, theirs []leaf, broken *Verdict) {
	shared := map[string]bool{}
	if destination != nil {
		if theirs, broken = c.leaves(Destination, destination, nil); broken != nil {
			return nil, nil, broken
		}
		if destination.IsList() && len(c.needs) > 0 { // the source need not be asked for what is found here
			return nil, nil, nil
		}
		shared = digests(theirs, destination)
		whole := !slices.ContainsFunc(theirs, func(l leaf) bool { return l.reason != "" })
		if source.Digest == destination.Digest && whole {
			return theirs, theirs, nil
		}
	}
	switch {
	case shared[source.Digest]:
		shared[source.Config.Digest] = true
	case destination != nil && !destination.IsList():
		shared[destination.Config.Digest] = true
	}
	ours, broken = c.leaves(Source, source, shared)
	return ours, theirs, broken
}

// choose returns the leaves that the question asks about. Where there are only
// such as name no platform, artifacts and cosign's signatures, it asks about all
// of them.
func (c *comparison) choose(leaves []leaf) []leaf {
	var wanted, artifacts []leaf
	images := false
	for _, l := range leaves {
		switch {
		case l.attests() != "":
		case l.artifact || l.isPlain():
			artifacts = append(artifacts, l)
		case l.reason != "" || c.wanted(l.platform): // what it is for may be wanted
			wanted = append(wanted, l)
			images = true
		default:
			images = true
		}
	}
	if !images {
		return artifacts
	}
	return wanted
}

// noLeaf is the verdict on a source that has nothing that is wanted.
func (c *comparison) noLeaf(source *Manifest, leaves []leaf) Verdict {
	if !source.IsList() {
		return c.noPlatform(source, leaves[0].platform)
	}
	flat := *source
	flat.Children = nil
	for _, l := range leaves {
		flat.Children = append(flat.Children, Descriptor{Platform: l.platform})
	}
	return c.noPlatform(&flat, nil)
}

// exactDiffers is the verdict on two digests under one tag.
func exactDiffers(t *trees) Verdict {
	verdict := fail(DigestDiffers, "source digest %q != dest digest %q", t.source.Digest, t.destination.Digest)
	for _, l := range t.selected {
		judged := PlatformVerdict{Platform: l.name(), Source: l.Digest}
		if contains(t.theirs, l) {
			judged.Destination, judged.Match = l.Digest, Identical
		} else {
			judged.Reason, judged.Message = DigestDiffers, "the destination has no manifest of this digest"
		}
		verdict.Platforms = append(verdict.Platforms, judged)
	}
	return verdict
}

// maxUnlike is how many entries of one platform are compared with each other,
// where their digests differ.
const maxUnlike = 8

// contentDiffers sums up what differs, if anything does. What is sure comes
// before what could not be looked at.
func contentDiffers(platforms []PlatformVerdict) Verdict {
	var missing, notes []string
	var failed, unsure Reason
	for _, p := range platforms {
		switch {
		case p.Reason == "":
			continue
		case p.Reason == SourceMissing || p.Reason == BadManifest:
			unsure = firstReason(unsure, p.Reason)
		default:
			failed = firstReason(failed, p.Reason)
		}
		if p.Reason == PlatformMissing {
			missing = append(missing, cmp.Or(p.Message, "platform "+p.Platform)) // or an attestation
			continue
		}
		notes = append(notes, p.Platform+": "+p.Message)
	}
	if len(missing) > 0 {
		notes = append([]string{"the destination does not have " + strings.Join(missing, ", ")}, notes...)
	}
	verdict := Verdict{Message: strings.Join(notes, "; "), Platforms: platforms}
	switch {
	case failed != "":
		verdict.Status, verdict.Reason = Fail, failed
	case unsure != "":
		verdict.Status, verdict.Reason = Error, unsure
	default:
		return Verdict{}
	}
	return verdict
}

func firstReason(a, b Reason) Reason {
	if a != "" {
		return a
	}
	return b
}
