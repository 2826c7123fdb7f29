package validate

import (
	"slices"
	"strings"
)

// The rules "hangar" for lists.

// hangarList compares two lists, reduced to the wanted platforms, entry by
// entry.
func (c *comparison) hangarList(source, destination *Manifest) Verdict {
	selected := c.selected(source)
	if len(selected) == 0 {
		return c.noPlatform(source, nil)
	}
	if verdict, ok := hangarDestination(destination); !ok {
		return verdict
	}
	mirrored := selected
	if destination.Digest != source.Digest {
		mirrored = c.selected(destination)
	}
	switch {
	case len(selected) > maxSelected:
		return tooMany(Source, len(selected))
	case len(mirrored) > maxSelected:
		return tooMany(Destination, len(mirrored))
	}
	verdict := Verdict{Status: Pass}
	matched := make([]ListEntry, 0, len(mirrored)) // entries of the destination
	for _, child := range selected {
		judged, entry, ok := c.hangarChild(child, mirrored)
		if !ok {
			continue // what is needed is noted; look at the others meanwhile
		}
		verdict.Platforms = append(verdict.Platforms, judged)
		matched = append(matched, entry)
	}
	if len(c.needs) > 0 {
		return Verdict{}
	}
	for _, child := range mirrored {
		if !slices.Contains(matched, child.entry()) {
			verdict.Platforms = append(verdict.Platforms, PlatformVerdict{Platform: child.Platform.String(), Destination: child.Digest,
				Reason: DigestDiffers, Message: "the source's list has no such entry"})
		}
	}
	if different := c.listsDiffer(verdict.Platforms); different.Status != "" {
		different.Platforms = verdict.Platforms
		different.Lists = &Lists{Source: entries(selected), Destination: entries(mirrored)}
		return different
	}
	verdict.Match = overall(source, destination, verdict.Platforms)
	return c.prove(verdict, leavesOf(mirrored, verdict.Platforms))
}

// leavesOf returns the entries of a list that a verdict's platforms rest on.
func leavesOf(mirrored []Descriptor, platforms []PlatformVerdict) []leaf {
	matched := make([]leaf, len(platforms))
	for i, p := range platforms {
		at := slices.IndexFunc(mirrored, func(d Descriptor) bool { return d.Digest == p.Destination })
		matched[i] = leaf{Descriptor: mirrored[at]}
	}
	return matched
}

// listsDiffer sums up what differs between two lists, if anything does.
func (c *comparison) listsDiffer(platforms []PlatformVerdict) Verdict {
	var missing, notes []string
	var reason Reason
	lost := 0 // platforms that the source itself lost
	for _, p := range platforms {
		switch {
		case p.Reason == "":
			continue
		case p.Reason == PlatformMissing:
			missing = append(missing, p.Platform)
		default:
			notes = append(notes, p.Platform+": "+p.Message)
		}
		if reason == "" || reason == SourceMissing { // what is sure comes first
			reason = p.Reason
		}
		if p.Reason == SourceMissing {
			lost++
		}
	}
	switch {
	case reason == SourceMissing && len(missing) == 0 && len(notes) == lost:
		return Verdict{Status: Error, Reason: SourceMissing, Message: strings.Join(notes, "; ")}
	case len(missing) > 0:
		return fail(PlatformMissing, "source platform %s is not in the destination manifest list", strings.Join(missing, ", "))
	case reason != "":
		return fail(reason, "source manifest %q != dest %q, tag %q (%s)", c.Source, c.Destination, c.Tag, strings.Join(notes, "; "))
	}
	return Verdict{}
}

// hangarChild finds the destination's entry for one of the source's.
func (c *comparison) hangarChild(child Descriptor, mirrored []Descriptor) (judged PlatformVerdict, found ListEntry, ok bool) {
	judged = PlatformVerdict{Platform: child.Platform.String(), Source: child.Digest}
	var candidates []Descriptor
	for _, other := range mirrored {
		different, _, _ := differentField(*child.Platform, other.Platform)
		same := different == "" && child.Platform.OSVersion == other.Platform.OSVersion
		if same && other.Digest == child.Digest {
			judged.Destination, judged.Match = other.Digest, Identical
			return judged, other.entry(), true
		}
		if same {
			candidates = append(candidates, other)
		}
	}
	if len(candidates) == 0 {
		i := slices.IndexFunc(mirrored, func(other Descriptor) bool { return other.Digest == child.Digest })
		if i < 0 {
			judged.Reason = PlatformMissing
			return judged, ListEntry{}, true
		}
		// The same image under another name.
		differs := comparePlatforms(*child.Platform, mirrored[i].Platform)
		if differs.Status == "" {
			differs = fail(PlatformDiffers, "source os.version %q != dest os.version %q", child.Platform.OSVersion, mirrored[i].Platform.OSVersion)
		}
		judged.Destination, judged.Reason, judged.Message = child.Digest, differs.Reason, differs.Message
		return judged, mirrored[i].entry(), true
	}
	if child.MediaType == TypeOCIManifest {
		return c.hangarConverted(judged, child, candidates)
	}
	judged.Destination, judged.Reason, judged.Message = candidates[0].Digest, DigestDiffers, "the digests differ"
	return judged, candidates[0].entry(), true
}

// hangarConverted looks for what a converting copy made of an OCI child.
func (c *comparison) hangarConverted(judged PlatformVerdict, child Descriptor, candidates []Descriptor) (PlatformVerdict, ListEntry, bool) {
	all := true
	var first difference
	judged.Destination = candidates[0].Digest
	for _, candidate := range candidates {
		match, d, ok := c.hangarSame(leaf{Descriptor: child}, leaf{Descriptor: candidate})
		switch {
		case !ok:
			all = false
		case match != "":
			judged.Destination, judged.Match = candidate.Digest, match
			return judged, candidate.entry(), all
		case first.reason == "" || d.reason == ChildMissing: // it may have been the right one
			judged.Destination, first = candidate.Digest, d
		}
	}
	judged.Reason, judged.Message = first.reason, first.message
	return judged, candidates[0].entry(), all
}

// entries are a list's descriptors as Hangar shows them.
func entries(list []Descriptor) []ListEntry {
	shown := make([]ListEntry, len(list))
	for i, child := range list {
		shown[i] = child.entry()
	}
	return shown
}

func (d Descriptor) entry() ListEntry { return ListEntry{Digest: d.Digest, Platform: *d.Platform} }
