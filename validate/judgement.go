package validate

import (
	"fmt"
	"slices"
)

// Image against image: whether the destination offers for each platform what the
// source does.

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
