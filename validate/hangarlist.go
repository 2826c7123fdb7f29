package validate

import (
	"slices"
	"strings"
)

// hangarList compares two lists, reduced to the wanted platforms, entry by
// entry.
func (c *comparison) hangarList(source, destination *Manifest, lost *problem) Verdict {
	sourceEntries := c.selectEntries(source)
	if len(sourceEntries) == 0 {
		var platforms []*Platform
		for _, entry := range source.Children {
			platforms = append(platforms, entry.Platform)
		}
		return c.noPlatform(describeList(platforms))
	}
	if p := checkHangarList(destination, lost); p != nil {
		var selected []image
		for _, entry := range sourceEntries {
			selected = append(selected, image{Descriptor: entry, platform: entry.Platform})
		}
		return c.failEach(p, selected)
	}
	destinationEntries := sourceEntries
	if destination.Digest != source.Digest {
		destinationEntries = c.selectEntries(destination)
	}
	switch {
	case len(sourceEntries) > maxSelected:
		return tooMany(Source, len(sourceEntries))
	case len(destinationEntries) > maxSelected:
		return tooMany(Destination, len(destinationEntries))
	}
	platforms := make([]judged, 0, len(sourceEntries))
	for _, entry := range sourceEntries {
		if p, known := c.judgeEntry(entry, destinationEntries); known {
			platforms = append(platforms, p)
		}
	}
	if c.isWaiting() {
		return Verdict{}
	}
	platforms = append(platforms, surplus(destinationEntries, platforms)...)
	if verdict, differ := c.listsDiffer(platforms); differ {
		verdict.Platforms = results(platforms)
		verdict.Lists = &Lists{Source: listEntries(sourceEntries), Destination: listEntries(destinationEntries)}
		return verdict
	}
	return c.prove(overall(source, destination, platforms), platforms)
}

// selectEntries returns the list's entries that the question asks about.
func (c *comparison) selectEntries(list *Manifest) []Descriptor {
	selected := make([]Descriptor, 0, len(list.Children))
	attested := map[string]bool{}
	if c.Provenance {
		for _, entry := range list.Children {
			attested[entry.Digest] = attested[entry.Digest] || c.wanted(entry.Platform)
		}
	}
	for _, entry := range list.Children {
		if c.wanted(entry.Platform) || entry.Platform != nil && attested[entry.attestedDigest()] {
			selected = append(selected, entry)
		}
	}
	return selected
}

// judgeEntry finds the destination's entry for one of the source's.
func (c *comparison) judgeEntry(entry Descriptor, destination []Descriptor) (result judged, known bool) {
	result.Platform, result.Source = entry.Platform.String(), entry.Digest
	var candidates []Descriptor
	for _, other := range destination {
		if !samePlatformInList(*entry.Platform, *other.Platform) {
			continue
		}
		if other.Digest == entry.Digest {
			result.Destination, result.Match, result.mirror = other.Digest, Identical, image{Descriptor: other}
			return result, true
		}
		candidates = append(candidates, other)
	}
	if len(candidates) == 0 {
		return judgeAbsentEntry(result, entry, destination), true
	}
	result.Destination, result.mirror = candidates[0].Digest, image{Descriptor: candidates[0]}
	if entry.MediaType == TypeOCIManifest || Algorithm(entry.Digest) != Algorithm(candidates[0].Digest) {
		return c.judgeConverted(result, entry, candidates)
	}
	result.Reason, result.Message = DigestDiffers, "the digests differ"
	return result, true
}

// samePlatformInList reports whether two lists say the same platform. Between
// lists, the version of the OS must be the same, too.
func samePlatformInList(source, destination Platform) bool {
	field, _, _ := differentField(source, &destination)
	return field == "" && source.OSVersion == destination.OSVersion
}

// judgeAbsentEntry returns the result of an entry if the destination has none for
// its platform. The same image may be there for another platform.
func judgeAbsentEntry(result judged, entry Descriptor, destination []Descriptor) judged {
	at := slices.IndexFunc(destination, func(other Descriptor) bool { return other.Digest == entry.Digest })
	if at < 0 {
		result.Reason = PlatformMissing
		return result
	}
	other := destination[at]
	p := comparePlatforms(*entry.Platform, other.Platform)
	if p == nil {
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
	var missing, notes []string
	var reason Reason
	lost := 0 // how many platforms the source itself has lost
	for _, p := range platforms {
		switch {
		case p.Reason == "":
			continue
		case p.Reason == PlatformMissing:
			missing = append(missing, p.Platform)
		default:
			notes = append(notes, p.Platform+": "+p.Message)
		}
		if reason == "" || reason == SourceMissing {
			reason = p.Reason
		}
		if p.Reason == SourceMissing {
			lost++
		}
	}
	switch {
	case reason == SourceMissing && len(missing) == 0 && len(notes) == lost:
		return Verdict{Status: Error, Reason: SourceMissing, Message: strings.Join(notes, "; ")}, true
	case len(missing) > 0:
		return fail(PlatformMissing, "source platform %s is not in the destination manifest list", strings.Join(missing, ", ")), true
	case reason != "":
		return fail(reason, "source manifest %q != dest %q, tag %q (%s)", c.Source, c.Destination, c.Tag, strings.Join(notes, "; ")), true
	}
	return Verdict{}, false
}

// listEntries returns the entries of a list as Hangar's log shows them.
func listEntries(list []Descriptor) []ListEntry {
	shown := make([]ListEntry, len(list))
	for i, entry := range list {
		shown[i] = ListEntry{Digest: entry.Digest, Platform: *entry.Platform}
	}
	return shown
}
