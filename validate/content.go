package validate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// The rules "content": whatever made the mirror, a node that pulls a wanted
// platform from the destination gets the same files and runs them the same
// way. And the rules "exact": the digest under the tag is the same, too.

func (c *comparison) content() Verdict {
	source, destination, ok := c.tops()
	if !ok {
		return Verdict{}
	}
	if source == nil {
		return sourceMissing()
	}
	ours, theirs, broken := c.trees(source, destination)
	if len(c.needs) > 0 {
		return Verdict{}
	}
	if broken != nil {
		return *broken
	}
	selected := c.choose(ours)
	switch {
	case len(selected) == 0:
		return c.noLeaf(source, ours)
	case destination == nil:
		return fail(DestinationMissing, "destination manifest does not exists")
	case destination.IsList() && len(destination.Children) == 0:
		return fail(DestinationEmpty, "destination manifest list is empty")
	case len(selected) > maxSelected:
		return tooMany(Source, len(selected))
	case c.Rules == Exact && source.Digest != destination.Digest:
		return exactDiffers(source, destination, selected, theirs)
	}
	offered := 0
	for _, l := range theirs {
		if c.wanted(l.platform) {
			offered++
		}
	}
	if offered > maxSelected {
		return tooMany(Destination, offered)
	}
	j := &judgement{comparison: c, ours: ours, theirs: theirs}
	for _, group := range byPlatform(selected) {
		j.group(group)
	}
	j.shadows(selected)
	if c.Provenance {
		j.attestations(ours)
	}
	if len(c.needs) > 0 {
		return Verdict{}
	}
	if verdict := contentDiffers(j.platforms); verdict.Status != "" {
		return verdict
	}
	return c.prove(Verdict{Status: Pass, Match: overall(source, destination, j.platforms), Platforms: j.platforms}, j.matched)
}

func sourceMissing() Verdict {
	return Verdict{Status: Error, Reason: SourceMissing, Message: "source manifest does not exist: check the name and the tag in the list"}
}

// trees returns what both manifests lead to.
func (c *comparison) trees(source, destination *Manifest) (ours, theirs []leaf, broken *Verdict) {
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
func exactDiffers(source, destination *Manifest, selected, theirs []leaf) Verdict {
	verdict := fail(DigestDiffers, "source digest %q != dest digest %q", source.Digest, destination.Digest)
	for _, l := range selected {
		judged := PlatformVerdict{Platform: l.name(), Source: l.Digest}
		if slices.ContainsFunc(theirs, func(other leaf) bool { return other.Digest == l.Digest }) {
			judged.Destination, judged.Match = l.Digest, Identical
		} else {
			judged.Reason, judged.Message = DigestDiffers, "the destination has no manifest of this digest"
		}
		verdict.Platforms = append(verdict.Platforms, judged)
	}
	return verdict
}

// name is how results call a leaf.
func (l leaf) name() string {
	switch {
	case l.platform != nil && !l.isPlain():
		return l.platform.String()
	case l.ArtifactType != "":
		return l.ArtifactType
	case l.manifest != nil && l.manifest.Config.MediaType != "":
		return l.manifest.Config.MediaType
	}
	return "no platform"
}

// isPlain says whether neither a list nor its config tells what an image runs on.
func (l leaf) isPlain() bool { return l.platform != nil && *l.platform == Platform{} }

// byPlatform groups leaves that one node could pull, in their order.
func byPlatform(leaves []leaf) [][]leaf {
	var groups [][]leaf
	at := map[string]int{}
	for _, l := range leaves {
		key := l.Digest
		if l.platform != nil {
			key = l.normal.String()
		}
		if _, ok := at[key]; !ok {
			at[key] = len(groups)
			groups = append(groups, nil)
		}
		groups[at[key]] = append(groups[at[key]], l)
	}
	return groups
}

// judgement is the comparison of the selected leaves, one group after the
// other.
type judgement struct {
	*comparison
	ours      []leaf
	theirs    []leaf
	platforms []PlatformVerdict
	matched   []leaf // the destination's, for each of platforms
}

// maxUnlike is how many entries of one platform are compared with each other,
// where their digests differ.
const maxUnlike = 8

func (j *judgement) add(judged PlatformVerdict, matched leaf) {
	j.platforms, j.matched = append(j.platforms, judged), append(j.matched, matched)
}

// group compares the source's images for one platform with the destination's:
// each must be there, and no other, since a node may get any. What most clients
// take is the first; so that has to be the same.
//
// What a node of that platform may get of the source is more than the group
// where versions of Windows stand beside an entry without one.
func (j *judgement) group(ours []leaf) {
	offered, theirs := candidates(j.ours, ours[0]), candidates(j.theirs, ours[0])
	if found := slices.DeleteFunc(slices.Clone(theirs), isHidden); len(found) > 0 {
		theirs = found
	} else if len(theirs) > 0 && !slices.ContainsFunc(ours, isHidden) {
		for _, l := range ours {
			j.add(PlatformVerdict{Platform: l.name(), Source: l.Digest, Destination: theirs[0].Digest, Reason: PlatformDiffers,
				Message: fmt.Sprintf("nodes do not find %s at the destination: %s", theirs[0].Digest, theirs[0].hidden)}, leaf{})
		}
		return
	}
	unlike := slices.DeleteFunc(slices.Clone(theirs), func(l leaf) bool { return contains(offered, l) })
	if len(unlike) > 0 && (len(ours) > maxUnlike || len(unlike) > maxUnlike) {
		j.add(PlatformVerdict{Platform: ours[0].name(), Reason: BadManifest,
			Message: fmt.Sprintf("%d entries of the source's list and %d of the destination's are for this platform", len(ours), len(theirs))}, leaf{})
		return
	}
	before := len(j.platforms)
	for _, l := range ours {
		judged := PlatformVerdict{Platform: l.name(), Source: l.Digest}
		switch {
		case contains(theirs, l):
			judged.Destination, judged.Match = l.Digest, Identical
			j.add(judged, theirs[slices.IndexFunc(theirs, func(other leaf) bool { return other.Digest == l.Digest })])
		case l.reason != "":
			judged.Reason, judged.Message = l.reason, l.message
			j.add(judged, leaf{})
		case len(theirs) == 0:
			if d, ok := j.absent(l, &judged); ok {
				judged.Reason, judged.Message = d.reason, d.message
				j.add(judged, leaf{})
			}
		default:
			if match, which, d, ok := j.closest(l, theirs); ok {
				judged.Destination, judged.Match, judged.Reason, judged.Message = which.Digest, match, d.reason, d.message
				j.add(judged, which)
			}
		}
	}
	if len(theirs) == 0 || len(offered) == 0 {
		return
	}
	for _, l := range unlike {
		if slices.ContainsFunc(j.platforms[before:], func(p PlatformVerdict) bool { return p.Destination == l.Digest }) {
			continue // judged already
		}
		if match, _, d, ok := j.reverse(l, offered); ok && match == "" {
			j.add(PlatformVerdict{Platform: ours[0].name(), Destination: l.Digest, Reason: d.reason,
				Message: "the destination also has another image for this platform: " + d.message}, leaf{})
		}
	}
	if from, to := offered[0], theirs[0]; from.Digest != to.Digest && len(offered)+len(theirs) > 2 {
		if match, d, ok := j.same(from, to); ok && match == "" {
			j.add(PlatformVerdict{Platform: ours[0].name(), Source: from.Digest, Destination: to.Digest, Reason: d.reason,
				Message: "the first image for this platform, which nodes pull, is another one: " + d.message}, leaf{})
		}
	}
}

// shadows finds images of the destination that are for a better variant of a
// platform than the source has: a node of that variant takes the lesser one at
// the source, and these at the destination.
func (j *judgement) shadows(selected []leaf) {
	compared := 0
	for _, l := range j.theirs {
		if l.hidden != "" || l.platform == nil || len(candidates(j.ours, l)) > 0 {
			continue
		}
		var best *leaf
		for i, ours := range selected {
			if ours.platform != nil && ours.hidden == "" && l.platform.runs(*ours.platform) &&
				(best == nil || ours.platform.runs(*best.platform) && !best.platform.runs(*ours.platform)) {
				best = &selected[i]
			}
		}
		if best == nil {
			continue
		}
		if compared++; compared > maxUnlike {
			j.add(PlatformVerdict{Platform: best.name(), Source: best.Digest, Reason: BadManifest,
				Message: fmt.Sprintf("the destination has more than %d other variants of this platform", maxUnlike)}, leaf{})
			return
		}
		if best.Digest == l.Digest {
			continue
		}
		if match, d, ok := j.same(*best, l); ok && match == "" {
			j.add(PlatformVerdict{Platform: best.name(), Source: best.Digest, Destination: l.Digest, Reason: d.reason,
				Message: fmt.Sprintf("the destination has another image for %s, where nodes of that variant take this one at the source: %s", l.name(), d.message)}, leaf{})
		}
	}
}

func isHidden(l leaf) bool { return l.hidden != "" }

func contains(leaves []leaf, l leaf) bool {
	return slices.ContainsFunc(leaves, func(other leaf) bool { return other.Digest == l.Digest })
}

// candidates are those leaves of a side that are for the platform of one of the
// source's, those that their list labels before the others, as nodes have it; of
// an artifact, the same artifact.
func candidates(side []leaf, l leaf) []leaf {
	var found, variantless []leaf
	for _, other := range side {
		switch {
		case other.reason != "" || other.attests() != "":
		case (l.platform == nil || l.isPlain()) && other.Digest == l.Digest,
			l.platform != nil && other.platform != nil && l.normal.fits(other.normal):
			found = append(found, other)
		case l.platform != nil && other.platform != nil && !other.isLabelled() && other.platform.Variant == "" && samePlatform(l.platform.withoutVariant(), *other.platform):
			variantless = append(variantless, other)
		}
	}
	if len(found) == 0 { // many configs leave out the variant
		return variantless
	}
	slices.SortStableFunc(found, func(a, b leaf) int {
		switch {
		case a.isLabelled() == b.isLabelled():
			return 0
		case a.isLabelled():
			return -1
		}
		return 1
	})
	return found
}

// closest finds what the destination made of an image: the strongest match, or
// else the difference from the first candidate.
func (j *judgement) closest(l leaf, theirs []leaf) (Match, leaf, difference, bool) {
	return closest(theirs, func(other leaf) (Match, difference, bool) { return j.same(l, other) })
}

// reverse is closest, seen from the destination.
func (j *judgement) reverse(l leaf, ours []leaf) (Match, leaf, difference, bool) {
	return closest(ours, func(other leaf) (Match, difference, bool) { return j.same(other, l) })
}

func closest(leaves []leaf, same func(leaf) (Match, difference, bool)) (best Match, which leaf, d difference, ok bool) {
	ok = true
	for _, l := range leaves {
		match, found, known := same(l)
		switch {
		case !known:
			ok = false
		case match != "" && (best == "" || match == Converted):
			best, which, d = match, l, difference{}
		case match == "" && best == "" && d.reason == "":
			which, d = l, found
		}
	}
	return best, which, d, ok
}

// absent says why a platform has no counterpart at the destination: the same
// image may be there under another name.
func (j *judgement) absent(l leaf, judged *PlatformVerdict) (difference, bool) {
	for _, other := range j.theirs {
		switch {
		case other.reason != "": // it may be the one
			return difference{other.reason, other.message}, true
		case other.Digest == l.Digest && l.platform != nil:
			judged.Destination = other.Digest
			return j.whoLies(l, other)
		}
	}
	switch {
	case l.platform != nil && !l.isPlain():
		return difference{PlatformMissing, ""}, true
	case len(j.theirs) == 1:
		judged.Destination = j.theirs[0].Digest
		return differs("source digest %q != dest digest %q", l.Digest, j.theirs[0].Digest), true
	}
	return differs("the destination does not have %s", l.Digest), true
}

// whoLies compares the lists' words on one image with its own.
func (j *judgement) whoLies(ours, theirs leaf) (difference, bool) {
	manifest, d, ok := j.manifest(Destination, theirs)
	if !ok || d.reason != "" {
		return d, ok
	}
	config, d, ok := j.config(Destination, manifest)
	if !ok || d.reason != "" {
		return d, ok
	}
	for side, l := range []leaf{Destination: theirs, Source: ours} {
		if d := lies(Side(side), l, config); d.reason != "" {
			return d, true
		}
	}
	return difference{PlatformDiffers, fmt.Sprintf("the source offers %s for %s, the destination for %s", ours.Digest, ours.name(), theirs.name())}, true
}

// attestations compares those of every image that matched: by digest, or, where
// a conversion changed that, by what they hold. The destination's have to name
// its own image: who looks for them finds no others.
func (j *judgement) attestations(ours []leaf) {
	of, theirsOf := attestations(ours), attestations(j.theirs)
	for i, judged := range slices.Clone(j.platforms) {
		if judged.Match == "" {
			continue
		}
		for _, l := range of[judged.Source] {
			a := PlatformVerdict{Platform: l.name(), Source: l.Digest}
			theirs := theirsOf[j.matched[i].Digest]
			at := slices.IndexFunc(theirs, func(other leaf) bool { return other.Digest == l.Digest })
			if at >= 0 {
				a.Destination, a.Match = l.Digest, Identical
				j.add(a, theirs[at])
				continue
			}
			match, which, ok := j.sameAttestation(l, theirs)
			switch {
			case !ok:
				continue
			case match != "":
				a.Destination, a.Match = which.Digest, match
			default:
				a.Reason, a.Message = PlatformMissing, fmt.Sprintf("attestation %s of %s", l.Digest, judged.Platform)
				if contains(j.theirs, l) {
					a.Message += fmt.Sprintf(" (it is there, but its annotation %s does not name %s)", annotationReferenceDigest, j.matched[i].Digest)
				}
			}
			j.add(a, which)
		}
	}
}

func (j *judgement) sameAttestation(l leaf, theirs []leaf) (Match, leaf, bool) {
	for _, other := range theirs {
		from, d, okSource := j.manifest(Source, l)
		to, problem, okDestination := j.manifest(Destination, other)
		if !okSource || !okDestination {
			return "", leaf{}, false
		}
		if d.reason != "" || problem.reason != "" {
			continue
		}
		if slices.EqualFunc(from.Layers, to.Layers, sameDigest) {
			return Converted, other, true
		}
	}
	return "", leaf{}, true
}

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
