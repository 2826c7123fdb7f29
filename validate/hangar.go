package validate

import "strings"

// hangar judges by the rules "hangar": what Hangar 1.6 documents for its
// mirror-validate (https://github.com/cnrancher/hangar,
// docs/mirror-validate.md), in its order and its words. Hangar mirrors into a
// Docker manifest list of the selected platforms, even of a single image, and
// keeps the digests of the images unless it has to convert them.
//
// Six things differ from Hangar on purpose. The order within a list means
// nothing. An OCI source is compared by content where its digests changed. An
// image of schema 1 is compared by its layers. An image is looked up even if
// its digest is right. Charts and other artifacts, which Hangar skips, are
// compared as under the rules "content". So that nothing is skipped that is
// wanted, entries that name no platform are read, and lists in the list, too.
func (c *comparison) hangar() Verdict {
	source, destination, lost, known := c.tops()
	if !known {
		return Verdict{}
	}
	if source == nil {
		return sourceMissing()
	}
	if source.IsList() {
		return c.hangarList(source, destination, lost)
	}
	return c.hangarSingle(source, destination, lost)
}

// checkHangarList returns the problem of a destination that is no list as Hangar
// makes them, whatever the source is. lost says why there is no destination.
func checkHangarList(destination *Manifest, lost *problem) *problem {
	switch {
	case destination == nil:
		return lost
	case destination.MediaType != TypeDockerList:
		return newProblem(DestinationType, "destination manifest MIME type unknown: %s", destination.MediaType)
	case len(destination.Children) == 0:
		return newProblem(DestinationEmpty, "destination manifest list is empty")
	}
	return nil
}

// hangarSingle compares a single image with the list of one entry that Hangar
// makes of it.
func (c *comparison) hangarSingle(source, destination *Manifest, lost *problem) Verdict {
	mirrored := destination != nil && destination.child(source.Digest) != nil
	platform, lostConfig, p := c.singlePlatform(source, mirrored)
	switch {
	case p == unknown:
		return Verdict{}
	case p != nil:
		return Verdict{Status: Error, Reason: p.reason, Message: p.message}
	case platform == nil || *platform == Platform{}:
		return c.content()
	case !c.wanted(platform):
		return c.noPlatform(describeSingle(source, platform))
	}
	if p := checkHangarList(destination, lost); p != nil {
		return c.failEach(p, []image{{Descriptor: Descriptor{Digest: source.Digest}, platform: platform, manifest: source}})
	}
	if len(destination.Children) != 1 {
		return fail(DestinationLength, "destination manifest list length should be 1, it is %d", len(destination.Children))
	}
	entry := destination.Children[0]
	match, p := c.compareSingle(source, entry)
	if p == nil || p.reason == PlatformDiffers { // the list's own words about the platform come first
		p = firstProblem(comparePlatforms(platform.completed(entry.Platform), entry.Platform), p)
	}
	if p = firstProblem(p, lostConfig); p == unknown {
		return Verdict{}
	}
	result := PlatformVerdict{Platform: platform.String(), Source: source.Digest, Destination: entry.Digest, Match: match}
	if p != nil {
		result.Match, result.Reason, result.Message = "", p.reason, p.message
		c.noteObjects(result.Platform, problems{*p})
		verdict := p.fail()
		verdict.Platforms = []PlatformVerdict{result}
		return verdict
	}
	platforms := []judged{{result, image{Descriptor: entry}}}
	return c.prove(overall(source, destination, platforms), platforms)
}

// singlePlatform returns the platform of a single image of the source, nil if it
// is an artifact. If the destination has the same image, the config is read
// there; lostConfig is the problem if that failed and the source's was read.
func (c *comparison) singlePlatform(source *Manifest, mirrored bool) (platform *Platform, lostConfig, p *problem) {
	if source.isArtifact() {
		return nil, nil, nil
	}
	if mirrored {
		config, p := c.config(Destination, source)
		switch p {
		case nil:
			return &config.Platform, nil, nil
		case unknown:
			return nil, nil, unknown
		}
		lostConfig = p
	}
	config, p := c.config(Source, source)
	if p != nil {
		return nil, nil, p
	}
	return &config.Platform, lostConfig, nil
}

// compareSingle compares a single image with the only entry of the
// destination's list, and makes sure that the entry's manifest is there.
func (c *comparison) compareSingle(source *Manifest, entry Descriptor) (Match, *problem) {
	if source.Digest == entry.Digest {
		fact, known := c.fact(Need{Side: Destination, Action: ReadManifest, Digest: entry.Digest})
		switch {
		case !known:
			return "", unknown
		case fact.Missing:
			return "", newProblem(ChildMissing, "destination manifest list names %s, which the registry does not have%s", entry.Digest, fact.atStore())
		case fact.Claimed != "":
			return "", manifestCorrupt(Destination, fact)
		}
		return Identical, nil
	}
	digestsDiffer := differs("source digest %q != dest digest %q", source.Digest, entry.Digest)
	if source.MediaType == TypeDockerManifest && Algorithm(source.Digest) == Algorithm(entry.Digest) {
		return "", digestsDiffer
	}
	match, p := c.sameForHangar(image{Descriptor: Descriptor{Digest: source.Digest}, manifest: source}, image{Descriptor: entry})
	if p != nil && p.reason == DigestDiffers {
		p = p.after(digestsDiffer.message + ": ")
	}
	return match, p
}

// sameForHangar compares two images whose digests differ. Hangar's conversions
// keep the layers as they are, so other layers are a difference even if they
// hold the same files.
func (c *comparison) sameForHangar(source, destination image) (Match, *problem) {
	from, missingSource := c.manifest(Source, source)
	to, missingDestination := c.manifest(Destination, destination)
	if p := firstProblem(missingSource, missingDestination); p != nil {
		return "", p
	}
	if !from.IsSchema1() && !to.IsSchema1() {
		if difference := differentLayers(from.Layers, to.Layers); difference != "" {
			return "", differs("%s", difference)
		}
	}
	return c.same(source, destination)
}

// comparePlatforms compares the platform of an image with the one that the
// destination's list says.
func comparePlatforms(source Platform, listed *Platform) *problem {
	if field, from, to := differentField(source, listed); field != "" {
		return newProblem(PlatformDiffers, "source %s %q != dest %s %q", field, from, field, to)
	}
	return nil
}

// differentField names the first field in which a platform differs from the one
// that a list says, "" if none does.
func differentField(source Platform, listed *Platform) (name, from, to string) {
	var destination Platform
	if listed != nil {
		destination = *listed
	}
	if source == destination {
		return "", "", ""
	}
	for _, field := range []struct{ name, source, destination string }{
		{"arch", normalArchitecture(source.Architecture), normalArchitecture(destination.Architecture)},
		{"os", source.OS, destination.OS},
		{"variant", source.Variant, destination.Variant},
		{"os.version", source.OSVersion, destination.OSVersion},
		{"os.features", string(source.OSFeatures), string(destination.OSFeatures)},
	} {
		// Hangar's list of a single image leaves out the version of its OS, and its features.
		if field.source == field.destination || strings.HasPrefix(field.name, "os.") && field.destination == "" {
			continue
		}
		return field.name, field.source, field.destination
	}
	return "", "", ""
}
