package validate

import (
	"cmp"
	"fmt"
	"slices"
)

// hangarList compares two lists, reduced to the wanted platforms, entry by
// entry.
func (c *comparison) hangarList(source, destination *Manifest, lost *problem) Verdict {
	if len(source.Children) == 0 {
		return emptySource()
	}
	lists, verdict := c.hangarEntries(source, destination)
	switch {
	case lists == nil:
		return verdict
	case len(lists.source)+len(lists.lost) == 0:
		return c.noPlatform(describeList(lists.offered))
	}
	if p := checkHangarList(destination, lost); p != nil {
		var selected []image
		for _, entry := range lists.source {
			selected = append(selected, image{Descriptor: entry, platform: entry.Platform})
		}
		return c.failEach(p, selected)
	}
	switch {
	case len(lists.source) > maxSelected:
		return tooMany(Source, len(lists.source))
	case len(lists.destination) > maxSelected:
		return tooMany(Destination, len(lists.destination))
	}
	platforms := slices.Clone(lists.lost)
	for _, entry := range lists.source {
		if p, known := c.judgeEntry(entry, lists); known {
			platforms = append(platforms, p)
		}
	}
	if c.isWaiting() {
		return Verdict{}
	}
	if len(lists.lost) == 0 { // else an entry may stand for what the source has lost
		platforms = append(platforms, surplus(lists.destination, platforms)...)
	}
	platforms = append(platforms, firstDiffers(lists, platforms)...)
	if verdict, differ := c.listsDiffer(platforms); differ {
		verdict.Platforms = results(platforms)
		verdict.Lists = &Lists{Source: listEntries(lists.source), Destination: listEntries(lists.destination)}
		if max(len(lists.source), len(lists.destination)) > maxListed {
			verdict.Message = fmt.Sprintf("%s; the lists are shown up to their entry %d", verdict.Message, maxListed)
		}
		return verdict
	}
	return c.prove(overall(source, destination, platforms), platforms)
}

// judgeEntry finds the destination's entry for one of the source's.
func (c *comparison) judgeEntry(entry Descriptor, lists *hangarLists) (result judged, known bool) {
	result.Platform, result.Source = entry.Platform.String(), entry.Digest
	var candidates []Descriptor
	for _, other := range lists.destination {
		if !samePlatformInList(*entry.Platform, *other.Platform) {
			continue
		}
		if other.Digest == entry.Digest {
			return judgeIdentical(result, entry, other), true
		}
		candidates = append(candidates, other)
	}
	if len(candidates) == 0 {
		return judgeAbsentEntry(result, entry, lists), true
	}
	result.Destination, result.mirror = candidates[0].Digest, image{Descriptor: candidates[0]}
	if entry.MediaType == TypeOCIManifest || Algorithm(entry.Digest) != Algorithm(candidates[0].Digest) {
		return c.judgeConverted(result, entry, candidates)
	}
	result.Reason, result.Message = DigestDiffers, "the digests differ"
	return result, true
}

// judgeIdentical returns the result of an entry that the destination has, too. Nodes
// do not find it there if its media type is none of an image.
func judgeIdentical(result judged, entry, other Descriptor) judged {
	result.Destination, result.mirror = other.Digest, image{Descriptor: other}
	why := hiddenBecause(nil, other, 0)
	switch {
	case why != "" && hiddenBecause(nil, entry, 0) == "":
	case isListType(other.MediaType) && !isListType(entry.MediaType):
		why = fmt.Sprintf("its media type in the list, %q, is that of a list, and it is none", other.MediaType)
	default:
		why = ""
		if place := elsewhere(entry, other); place != "" {
			result.Reason, result.Message = PlatformDiffers, result.Destination+": "+place
			return result
		}
	}
	if why != "" {
		result.Reason, result.Message = PlatformDiffers, "nodes do not find "+other.Digest+" at the destination: "+why
		return result
	}
	result.Match = Identical
	return result
}

// samePlatformInList reports whether two lists say the same platform. Between
// lists, the version of the OS must be the same, too.
func samePlatformInList(source, destination Platform) bool {
	field, _, _ := differentField(source, &destination)
	return field == "" && source.OSVersion == destination.OSVersion
}

// judgeAbsentEntry returns the result of an entry if the destination has none for
// its platform. The same image may be there for another platform.
func judgeAbsentEntry(result judged, entry Descriptor, lists *hangarLists) judged {
	at := slices.IndexFunc(lists.allDestination, func(other Descriptor) bool { return other.Digest == entry.Digest })
	switch {
	case at < 0 && lists.broken != nil: // which may be the right one
		result.Destination, result.Reason, result.Message = lists.broken.Digest, lists.broken.problem.reason, lists.broken.problem.message
		return result
	case at < 0:
		result.Reason = PlatformMissing
		return result
	}
	other := lists.allDestination[at]
	p := comparePlatforms(*entry.Platform, other.Platform)
	if p == nil && other.Platform != nil {
		p = newProblem(PlatformDiffers, "source os.version %q != dest os.version %q", entry.Platform.OSVersion, other.Platform.OSVersion)
	}
	result.Destination, result.Reason, result.Message, result.mirror = entry.Digest, p.reason, p.message, image{Descriptor: other}
	return result
}

// judgeConverted looks for the image that a converting copy made of an OCI image.
// If no candidate is the same, the result is about the first one, or about a
// missing one, which may have been the right one.
func (c *comparison) judgeConverted(result judged, entry Descriptor, candidates []Descriptor) (_ judged, known bool) {
	known = true
	var first *problem
	for _, candidate := range candidates {
		match, p := c.sameForHangar(image{Descriptor: entry}, image{Descriptor: candidate})
		switch {
		case p == unknown:
			known = false
		case p == nil:
			result.Destination, result.Match, result.mirror = candidate.Digest, match, image{Descriptor: candidate}
			return result, known
		case first == nil || p.reason == ChildMissing:
			result.Destination, first = candidate.Digest, p
		}
	}
	if first != nil {
		result.Reason, result.Message = first.reason, first.message
		c.noteObjects(result.Platform, problems{*first})
	}
	return result, known
}

// surplus returns results for the destination's entries that stand for none of
// the platforms.
func surplus(destination []Descriptor, platforms []judged) []judged {
	var more []judged
	for i := range destination {
		entry := &destination[i]
		if !hasMirror(platforms, entry) {
			more = append(more, judged{PlatformVerdict: PlatformVerdict{Platform: entry.Platform.String(), Destination: entry.Digest,
				Reason: DigestDiffers, Message: "the source's list has no such entry"}})
		}
	}
	return more
}

// firstDiffers returns results for platforms of which the destination's first entry is
// another one than the source's. The order of a list means nothing, except between
// entries for the same platform: nodes take the first of them. platforms are the results
// so far; those of the source's entries follow after those of lists.lost. A platform with a
// result that says what is wrong gets no second one.
func firstDiffers(lists *hangarLists, platforms []judged) []judged {
	var more []judged
	seen := map[Platform]bool{}
	for i, entry := range lists.source {
		platform, result := entry.Platform.normal(), platforms[len(lists.lost)+i]
		if seen[platform] || entry.attestedDigest() != "" {
			continue
		}
		seen[platform] = true
		at := slices.IndexFunc(lists.destination, func(other Descriptor) bool { return other.Platform.normal() == platform })
		if at < 0 || result.Reason != "" || lists.destination[at].Digest == result.Destination ||
			slices.ContainsFunc(platforms, func(p judged) bool { return p.Reason != "" && p.Destination == lists.destination[at].Digest }) {
			continue
		}
		more = append(more, judged{PlatformVerdict: PlatformVerdict{Platform: result.Platform, Source: entry.Digest, Destination: lists.destination[at].Digest,
			Reason: DigestDiffers, Message: "the destination's first entry for this platform, which nodes take, is another image than the source's first one"}})
	}
	return more
}

// hasMirror reports whether an entry stands for one of the platforms: the same
// image, named for the same platform.
func hasMirror(platforms []judged, entry *Descriptor) bool {
	for i := range platforms {
		mirror := &platforms[i].mirror
		if mirror.Digest == entry.Digest && mirror.Platform != nil && *mirror.Platform == *entry.Platform {
			return true
		}
	}
	return false
}

// listsDiffer returns the verdict on two lists if any platform differs. A proven
// difference counts more than a platform that could not be compared.
func (c *comparison) listsDiffer(platforms []judged) (verdict Verdict, differ bool) {
	var missing []string
	var differences notes
	var failed, unsure Reason
	for _, p := range platforms {
		switch {
		case p.Reason == "":
			continue
		case p.Reason == PlatformMissing:
			missing = append(missing, p.Platform)
		default:
			differences.add(p.Platform, p.Message)
		}
		if p.Reason.isUnsure() {
			unsure = cmp.Or(unsure, p.Reason)
		} else {
			failed = cmp.Or(failed, p.Reason)
		}
	}
	switch {
	case len(missing) > 0:
		return fail(PlatformMissing, "source platform %s is not in the destination manifest list", firstNames(unique(missing))), true
	case failed != "":
		return fail(failed, "source manifest %q != dest %q, tag %q (%s)", c.Source, c.Destination, c.Tag, &differences), true
	case unsure != "":
		return Verdict{Status: Error, Reason: unsure, Message: differences.String()}, true
	}
	return Verdict{}, false
}

// listEntries returns the entries of a list as Hangar's log shows them. Of a very long
// list it returns the first ones.
func listEntries(list []Descriptor) []ListEntry {
	shown := make([]ListEntry, min(len(list), maxListed))
	for i, entry := range list[:len(shown)] {
		shown[i] = ListEntry{Digest: entry.Digest, Platform: entry.Platform.shortened()}
	}
	return shown
}
