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
		return sourceMissing()
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
		_, d, _ := c.config(Source, source)
		return Verdict{Status: Error, Reason: d.reason, Message: d.message}
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
	if verdict.Status == "" || verdict.Reason == PlatformDiffers { // of which the list's own words come first
		if listed := comparePlatforms(*platform, child.Platform); listed.Status != "" {
			verdict = listed
		}
	}
	if verdict.Status == "" && lost {
		_, d, _ := c.config(Destination, source)
		verdict = fail(d.reason, "%s", d.message)
	}
	if verdict.Status != "" {
		judged.Match, judged.Reason, judged.Message = "", verdict.Reason, verdict.Message
		verdict.Platforms = []PlatformVerdict{judged}
		return verdict
	}
	platforms := []PlatformVerdict{judged}
	return c.prove(Verdict{Status: Pass, Match: overall(source, destination, platforms), Platforms: platforms}, []leaf{{Descriptor: child}})
}

// hangarContent compares a single image with the only child of the
// destination's list, and proves that this is there.
func (c *comparison) hangarContent(source *Manifest, child Descriptor, judged *PlatformVerdict) Verdict {
	differs := fail(DigestDiffers, "source digest %q != dest digest %q", source.Digest, child.Digest)
	if source.Digest != child.Digest && source.MediaType == TypeDockerManifest {
		return differs
	}
	if source.Digest == child.Digest {
		fact, ok := c.know(Destination, Read, child.Digest)
		if ok && fact.Missing {
			return fail(ChildMissing, "destination manifest list names %s, which the registry does not have", child.Digest)
		}
		return Verdict{}
	}
	match, d, _ := c.hangarSame(leaf{Descriptor: Descriptor{Digest: source.Digest}, manifest: source}, leaf{Descriptor: child})
	switch {
	case d.reason == DigestDiffers:
		differs.Message += ": " + d.message
		return differs
	case d.reason != "":
		return fail(d.reason, "%s", d.message)
	}
	judged.Match = match
	return Verdict{}
}

// hangarSame compares two images as Hangar's conversions leave them: it keeps
// the layers as they are.
func (c *comparison) hangarSame(source, destination leaf) (Match, difference, bool) {
	from, _, okSource := c.manifest(Source, source)
	to, _, okDestination := c.manifest(Destination, destination)
	if !okSource || !okDestination {
		return "", difference{}, false
	}
	if from != nil && to != nil && !from.IsSchema1() && !to.IsSchema1() {
		if same, how := sameLayers(from.Layers, to.Layers); !same {
			return "", differs("%s", how), true
		}
	}
	return c.same(source, destination)
}

// comparePlatforms compares a single image's platform with what the
// destination's list says of it.
func comparePlatforms(source Platform, listed *Platform) Verdict {
	if name, from, to := differentField(source, listed); name != "" {
		return fail(PlatformDiffers, "source %s %q != dest %s %q", name, from, name, to)
	}
	return Verdict{}
}

// differentField is the first that differs, "" if none does.
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
	} {
		// Hangar leaves the version of a single image out of the list it makes.
		if field.source == field.destination || field.name == "os.version" && field.destination == "" {
			continue
		}
		return field.name, field.source, field.destination
	}
	return "", "", ""
}

func (c *comparison) noPlatform(source *Manifest, platform *Platform) Verdict {
	has := "no platform: its type is " + source.MediaType
	switch {
	case source.IsList():
		const most = 20
		var platforms []string
		for _, child := range source.Children {
			if child.Platform == nil || slices.Contains(platforms, child.Platform.String()) {
				continue
			}
			if len(platforms) == most {
				platforms = append(platforms, "and others")
				break
			}
			platforms = append(platforms, child.Platform.String())
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

// overall is the match of an image whose platforms all match.
func overall(source, destination *Manifest, platforms []PlatformVerdict) Match {
	if source.Digest == destination.Digest {
		return Identical
	}
	weakest := SamePlatforms
	for _, p := range platforms {
		switch p.Match {
		case Recompressed:
			return Recompressed
		case Converted:
			weakest = Converted
		}
	}
	return weakest
}
