package validate

import (
	"fmt"
	"slices"
	"strings"
)

// Whether two images whose digests differ are the same all the same: whether a
// node that pulls either gets the same files, and starts them the same way.

// difference is why two images are not the same; none has no reason.
type difference struct {
	reason  Reason
	message string
}

func differs(format string, args ...any) difference {
	return difference{DigestDiffers, fmt.Sprintf(format, args...)}
}

// same compares two images. ok is false if more has to be read.
//
// The configs are read only where their digests differ, or could not: with
// schema 1, which has none; and where only they can tell, with other layers.
func (c *comparison) same(source, destination leaf) (match Match, d difference, ok bool) {
	from, d, okSource := c.manifest(Source, source)
	to, problem, okDestination := c.manifest(Destination, destination)
	switch {
	case !okSource || !okDestination:
		return "", difference{}, false
	case d.reason != "":
		return "", d, true
	case problem.reason != "":
		return "", problem, true
	case from.IsList() || to.IsList():
		return "", differs("a list is no image"), true
	case from.isArtifact() || to.isArtifact():
		return "", differs("the digests differ"), true
	}
	match, d = sameFiles(from, to)
	if d.reason != "" {
		return "", d, true
	}
	if from.Config.Digest == to.Config.Digest && match == Converted && !from.IsSchema1() {
		return match, difference{}, true
	}
	d, ok = c.sameConfigs(source, from, destination, to, match)
	if !ok || d.reason != "" {
		return "", d, ok
	}
	return match, difference{}, true
}

// manifest returns a leaf's manifest, which may have to be read.
func (c *comparison) manifest(side Side, l leaf) (*Manifest, difference, bool) {
	if l.manifest != nil {
		return l.manifest, difference{}, true
	}
	fact, ok := c.know(side, Read, l.Digest)
	if !ok || !fact.Missing {
		return fact.Manifest, difference{}, ok
	}
	if side == Source {
		return nil, difference{SourceMissing, namesMissing(side, l.Digest)}, true
	}
	return nil, difference{ChildMissing, namesMissing(side, l.Digest)}, true
}

// sameFiles compares two images' layers as far as manifests tell: Converted if
// they are the same, Recompressed if the configs have to tell.
func sameFiles(from, to *Manifest) (Match, difference) {
	source, destination := from.Layers, to.Layers
	if from.IsSchema1() || to.IsSchema1() { // a conversion may drop the empty ones
		source, destination = withoutEmpty(source), withoutEmpty(destination)
		if len(source) == 0 {
			return "", differs("the source has no layers that could be compared")
		}
	}
	same, how := sameLayers(source, destination)
	switch {
	case same:
		return Converted, difference{}
	case len(source) != len(destination) || slices.EqualFunc(source, destination, sameDigest), from.IsSchema1() || to.IsSchema1():
		return "", differs("%s", how)
	}
	for i := range source {
		if how := mislabelled(source[i], destination[i]); how != "" {
			return "", differs("layer %d: %s", i+1, how)
		}
	}
	return Recompressed, difference{}
}

func sameDigest(a, b Descriptor) bool { return a.Digest == b.Digest }

// sameConfigs compares what two images are started with, what they say they
// run on, and the digests of their layers before compression.
func (c *comparison) sameConfigs(source leaf, from *Manifest, destination leaf, to *Manifest, match Match) (difference, bool) {
	theirs, problem, okDestination := c.config(Destination, to)
	ours, d, okSource := theirs, problem, okDestination
	if from.Config.Digest != to.Config.Digest || from.IsSchema1() {
		ours, d, okSource = c.config(Source, from)
	}
	switch {
	case !okSource || !okDestination:
		return difference{}, false
	case d.reason != "":
		return d, true
	case problem.reason != "":
		return problem, true
	}
	if d := lies(Source, source, ours); d.reason != "" {
		return d, true
	}
	if d := lies(Destination, destination, theirs); d.reason != "" {
		return d, true
	}
	what, stated, copied := contradiction(ours.Platform, theirs.Platform)
	switch { // what no tool leaves out, and nodes look for
	case ours.Architecture != "" && theirs.Architecture == "":
		what, stated = "architecture", ours.Architecture
	case ours.OS != "" && theirs.OS == "":
		what, stated = "os", ours.OS
	}
	if what != "" {
		return difference{PlatformDiffers, fmt.Sprintf("config field %s: %q != %q", what, stated, copied)}, true
	}
	if how := ours.Runtime.difference(theirs.Runtime, ours.OS); how != "" {
		return differs("%s", how), true
	}
	return sameDiffIDs(ours, from, theirs, to, match), true
}

// sameDiffIDs compares the digests of the uncompressed layers.
func sameDiffIDs(ours *Config, from *Manifest, theirs *Config, to *Manifest, match Match) difference {
	if from.IsSchema1() || to.IsSchema1() { // which has none; the layers are the same
		return difference{}
	}
	source, destination := ours.RootFS.DiffIDs, theirs.RootFS.DiffIDs
	switch {
	case len(source) == 0 && len(destination) == 0 && match == Converted:
		return difference{}
	case len(source) == 0 && len(destination) == 0:
		_, how := sameLayers(from.Layers, to.Layers)
		return differs("%s, and the configs do not tell what is in them", how)
	case len(source) != len(from.Layers):
		return difference{BadManifest, fmt.Sprintf("source config %s has %d diff IDs, the manifest has %d layers: it belongs to another image",
			from.Config.Digest, len(source), len(from.Layers))}
	case len(destination) != len(to.Layers):
		return differs("destination config %s has %d diff IDs, the manifest has %d layers: it belongs to another image",
			to.Config.Digest, len(destination), len(to.Layers))
	}
	for i := range source {
		switch {
		case match == Recompressed && CheckDigest(source[i]) != nil:
			return differs("layer %d: %s != %s, and the source's config does not tell what is in it", i+1, from.Layers[i].Digest, to.Layers[i].Digest)
		case source[i] == destination[i]:
		case match == Recompressed:
			return differs("layer %d: %s != %s, also when unpacked", i+1, from.Layers[i].Digest, to.Layers[i].Digest)
		default:
			return differs("config field rootfs.diff_ids: layer %d: %s != %s", i+1, source[i], destination[i])
		}
	}
	return difference{}
}

// lies says whether a list offers an image for what its config denies.
func lies(side Side, l leaf, config *Config) difference {
	if !l.isLabelled() {
		return difference{}
	}
	what, listed, stated := contradiction(*l.Platform, config.Platform)
	if what == "" {
		return difference{}
	}
	return difference{PlatformDiffers, fmt.Sprintf("the %s's list says %s %q of %s, but its config says %q: the list lies", side, what, listed, l.Digest, stated)}
}

// contradiction names a field in which two platforms exclude each other. What
// one of them leaves out is no contradiction: many configs leave out variants.
func contradiction(a, b Platform) (field, first, second string) {
	for _, f := range []struct{ name, a, b string }{
		{"architecture", normalArchitecture(a.Architecture), normalArchitecture(b.Architecture)},
		{"os", normalOS(a.OS), normalOS(b.OS)},
		{"variant", a.normalVariant(), b.normalVariant()},
		{"os.version", a.OSVersion, b.OSVersion},
	} {
		if f.name == "variant" && (a.Variant == "" || b.Variant == "") || f.a == "" || f.b == "" {
			continue
		}
		if f.name == "os.version" && (strings.HasPrefix(f.a, f.b+".") || strings.HasPrefix(f.b, f.a+".")) {
			continue // nodes look at the beginning only
		}
		if f.a != f.b {
			return f.name, f.a, f.b
		}
	}
	return "", "", ""
}
