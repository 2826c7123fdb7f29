package validate

import (
	"fmt"
	"slices"
	"strings"
)

// The rules "hangar": what Hangar 1.6 documents for mirror-validate
// (https://github.com/cnrancher/hangar, docs/mirror-validate.md), in its
// order and its words. Hangar mirrors into a Docker manifest list of the
// selected platforms, even of a single image, and keeps the children's
// digests unless it has to convert them.
//
// On purpose, and unlike Hangar: the order within a list means nothing, an
// OCI source is compared by content where its digests changed, schema 1 by
// its layers, and a child is looked up even if the digests are right.

func (c *comparison) hangar() Verdict {
	source, destination, ok := c.tops()
	if !ok {
		return Verdict{}
	}
	if source == nil {
		return Verdict{Status: Error, Reason: SourceMissing,
			Message: "source manifest does not exist: check the name and the tag in the list"}
	}
	if source.IsList() {
		return c.hangarList(source, destination)
	}
	return c.hangarSingle(source, destination)
}

// hangarDestination judges the destination's manifest by itself.
func hangarDestination(destination *Manifest) (Verdict, bool) {
	switch {
	case destination == nil:
		return fail(DestinationMissing, "destination manifest does not exists"), false
	case destination.MediaType != TypeDockerList:
		return fail(DestinationType, "destination manifest MIME type unknown: %s", destination.MediaType), false
	case len(destination.Children) == 0:
		return fail(DestinationEmpty, "destination manifest list is empty"), false
	}
	return Verdict{}, true
}

// hangarSingle compares an image that is no list with the list of one entry
// that a mirror makes of it.
func (c *comparison) hangarSingle(source, destination *Manifest) Verdict {
	mirrored := destination != nil && destination.child(source.Digest) != nil
	platform, lost, ok := c.platform(source, mirrored)
	if !ok {
		return Verdict{}
	}
	if platform == nil && !source.isArtifact() {
		return Verdict{Status: Error, Reason: SourceMissing,
			Message: fmt.Sprintf("source config %s does not exist: the source image is broken", source.Config.Digest)}
	}
	if !c.wanted(platform) {
		return c.noPlatform(source, platform)
	}
	if verdict, ok := hangarDestination(destination); !ok {
		return verdict
	}
	if len(destination.Children) != 1 {
		return fail(DestinationLength, "destination manifest list length should be 1, it is %d", len(destination.Children))
	}
	child := destination.Children[0]
	judged := PlatformVerdict{Platform: platform.String(), Source: source.Digest, Destination: child.Digest, Match: Identical}
	verdict := c.hangarContent(source, child, &judged)
	if verdict.Status == "" {
		verdict = comparePlatforms(*platform, child.Platform)
	}
	if verdict.Status == "" && lost {
		verdict = fail(BlobMissing, "destination does not have the config %s of %s", source.Config.Digest, child.Digest)
	}
	if verdict.Status == "" {
		verdict = Verdict{Status: Pass, Match: overall(source, destination, []PlatformVerdict{judged})}
	} else {
		judged.Match, judged.Reason, judged.Message = "", verdict.Reason, verdict.Message
	}
	verdict.Platforms = []PlatformVerdict{judged}
	return verdict
}

// hangarContent compares a single image with the only child of the
// destination's list, and proves that this is there.
func (c *comparison) hangarContent(source *Manifest, child Descriptor, judged *PlatformVerdict) Verdict {
	differs := fail(DigestDiffers, "source digest %q != dest digest %q", source.Digest, child.Digest)
	if source.Digest != child.Digest && source.MediaType == TypeDockerManifest {
		return differs
	}
	fact, ok := c.know(Destination, Read, child.Digest)
	switch {
	case !ok:
		return Verdict{}
	case fact.Missing:
		return fail(ChildMissing, "destination manifest list names %s, which the registry does not have", child.Digest)
	case source.Digest == child.Digest:
		return Verdict{}
	}
	judged.Match = Converted
	same, difference := sameContent(source, fact.Manifest)
	if !same {
		differs.Message += ": " + difference
		return differs
	}
	return Verdict{}
}

// comparePlatforms compares a single image's platform with what the
// destination's list says of it.
func comparePlatforms(source Platform, listed *Platform) Verdict {
	var destination Platform
	if listed != nil {
		destination = *listed
	}
	for _, field := range []struct{ name, source, destination string }{
		{"arch", normalArchitecture(source.Architecture), normalArchitecture(destination.Architecture)},
		{"os", source.OS, destination.OS},
		{"variant", source.Variant, destination.Variant},
		{"os.version", source.OSVersion, destination.OSVersion},
	} {
		// Hangar leaves the version of a single image out of the list it makes.
		if field.source == field.destination || field.name == "os.version" && field.destination == "" {
			continue
		}
		return fail(PlatformDiffers, "source %s %q != dest %s %q", field.name, field.source, field.name, field.destination)
	}
	return Verdict{}
}

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
	mirrored := c.selected(destination)
	verdict := Verdict{Status: Pass}
	matched := map[ListEntry]bool{} // entries of the destination
	for _, child := range selected {
		judged, entry, ok := c.hangarChild(child, mirrored)
		if !ok {
			continue // what is needed is noted; look at the others meanwhile
		}
		verdict.Platforms = append(verdict.Platforms, judged)
		matched[entry] = true
	}
	if len(c.needs) > 0 {
		return Verdict{}
	}
	for _, child := range mirrored {
		if !matched[child.entry()] {
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
	return c.hangarChildren(verdict)
}

// overall is the match of an image whose platforms all match.
func overall(source, destination *Manifest, platforms []PlatformVerdict) Match {
	if source.Digest == destination.Digest {
		return Identical
	}
	for _, p := range platforms {
		if p.Match == Converted {
			return Converted
		}
	}
	return SamePlatforms
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
		same := comparePlatforms(*child.Platform, other.Platform).Status == "" && child.Platform.OSVersion == other.Platform.OSVersion
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
	source, ok := c.know(Source, Read, child.Digest)
	facts := make([]Fact, len(candidates))
	for i, candidate := range candidates {
		fact, known := c.know(Destination, Read, candidate.Digest)
		facts[i], ok = fact, ok && known
	}
	if !ok {
		return judged, ListEntry{}, false
	}
	judged.Destination = candidates[0].Digest
	if source.Missing {
		judged.Reason, judged.Message = SourceMissing, fmt.Sprintf("source list names %s, which the registry does not have", child.Digest)
		return judged, candidates[0].entry(), true
	}
	for i, candidate := range candidates {
		if facts[i].Missing { // it may have been the right one
			judged.Destination, judged.Reason = candidate.Digest, ChildMissing
			judged.Message = fmt.Sprintf("destination list names %s, which the registry does not have", candidate.Digest)
			continue
		}
		same, difference := sameContent(source.Manifest, facts[i].Manifest)
		if same {
			judged.Destination, judged.Match, judged.Reason, judged.Message = candidate.Digest, Converted, "", ""
			return judged, candidate.entry(), true
		}
		if judged.Reason == "" {
			judged.Destination, judged.Reason, judged.Message = candidate.Digest, DigestDiffers, difference
		}
	}
	return judged, candidates[0].entry(), true
}

// hangarChildren proves that the destination has the children that the
// verdict rests on.
func (c *comparison) hangarChildren(verdict Verdict) Verdict {
	var missing []string
	for i := range verdict.Platforms {
		p := &verdict.Platforms[i]
		if p.Match == Converted {
			continue // it was read
		}
		fact, ok := c.know(Destination, Head, p.Destination)
		if ok && fact.Missing {
			p.Match, p.Reason = "", ChildMissing
			missing = append(missing, p.Destination+" ("+p.Platform+")")
		}
	}
	if len(missing) > 0 {
		verdict.Status, verdict.Reason, verdict.Match = Fail, ChildMissing, ""
		verdict.Message = "destination manifest list names what the registry does not have: " + strings.Join(missing, ", ")
	}
	return verdict
}

func (c *comparison) noPlatform(source *Manifest, platform *Platform) Verdict {
	has := "no platform: its type is " + source.MediaType
	switch {
	case source.IsList():
		var platforms []string
		for _, child := range source.Children {
			if child.Platform != nil {
				platforms = append(platforms, child.Platform.String())
			}
		}
		has = "only " + strings.Join(platforms, ", ")
		if len(platforms) == 0 {
			has = "no platform in its list"
		}
	case platform != nil && *platform == Platform{}:
		has = "no platform in its config"
	case platform != nil:
		has = "only " + platform.String()
	case source.Config.MediaType != "":
		has = "no platform: its config is of type " + source.Config.MediaType
	}
	return Verdict{Status: Skip, Reason: NoPlatform,
		Message: fmt.Sprintf("source does not have OS [%s], arch [%s]; it has %s", strings.Join(c.OS, ","), strings.Join(c.Arch, ","), has)}
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
