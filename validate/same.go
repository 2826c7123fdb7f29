package validate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// same compares two images whose digests differ. They are the same if a node gets
// the same files from both, and starts them in the same way.
//
// If the configs have the same digest, and the layers are the same, same does not
// read the configs. For images of schema 1 it always reads them.
func (c *comparison) same(source, destination image) (Match, *problem) {
	from, missingSource := c.manifest(Source, source)
	to, missingDestination := c.manifest(Destination, destination)
	if p := firstProblem(missingSource, missingDestination); p != nil {
		return "", p
	}
	switch {
	case from.hasBytesOf(to):
		return Identical, nil
	case from.IsList() || to.IsList():
		return "", differs("a list is no image")
	case from.isArtifact() || to.isArtifact():
		return "", differs("the digests differ")
	}
	match, p := sameFiles(from, to)
	if p == nil {
		p = untyped(from, to)
	}
	if p != nil {
		return "", p
	}
	if from.Config.Digest == to.Config.Digest && match == Converted && !from.IsSchema1() {
		return match, nil
	}
	if p := c.sameConfigs(imagePair{source, destination, from, to}, match); p != nil {
		return "", p
	}
	if to.IsSchema1() && !from.IsSchema1() {
		c.warn("the destination's image is of schema 1, and the source's is not: containerd no longer pulls it from version 2.1 on")
	}
	return match, nil
}

// sameFiles compares the layers of two images by their manifests. If the layers are
// the same, the match is Converted. If they may hold the same files in another
// compression, the match is Recompressed; then the configs must be compared, too.
func sameFiles(from, to *Manifest) (Match, *problem) {
	schema1 := from.IsSchema1() || to.IsSchema1()
	source, destination := from.Layers, to.Layers
	if schema1 { // a conversion may drop empty layers
		source, destination = withoutEmpty(source), withoutEmpty(destination)
		if len(source) == 0 {
			return "", differs("the source has no layers that could be compared")
		}
	}
	difference := differentLayers(source, destination)
	switch {
	case difference == "":
		return Converted, nil
	case schema1, len(source) != len(destination), slices.EqualFunc(source, destination, sameDigest):
		return "", differs("%s", difference)
	}
	for i := range source {
		if wrong := unusable(source[i], destination[i]); wrong != "" {
			return "", differs("layer %d: %s", i+1, wrong)
		}
	}
	return Recompressed, nil
}

// untyped returns a problem if the destination's manifest leaves out a media type that
// nodes need and the source has: CRI-O refuses an image of Docker's type that does not say
// its type itself, and containerd takes a blob without a type for neither a config nor a
// layer. It also returns a problem if nodes get the config from elsewhere.
// https://github.com/containers/image/blob/v5.36.2/manifest/docker_schema2.go (Schema2FromManifest)
// https://github.com/containerd/containerd/blob/v2.1.0/core/unpack/unpacker.go (Unpack)
func untyped(from, to *Manifest) *problem {
	if from.IsSchema1() || to.IsSchema1() {
		return nil
	}
	if to.MediaType == TypeDockerManifest && to.Untyped && !from.Untyped {
		return differs("the manifest at the destination does not say its media type, and CRI-O needs that")
	}
	if why := elsewhere(from.Config, to.Config); why != "" {
		return differs("config: %s", why)
	}
	const message = "it has no media type at the destination, and nodes need that"
	if from.Config.MediaType != "" && to.Config.MediaType == "" {
		return differs("config: %s", message)
	}
	noType := func(d Descriptor) bool { return d.MediaType == "" }
	if at := slices.IndexFunc(to.Layers, noType); at >= 0 && !slices.ContainsFunc(from.Layers, noType) {
		return differs("layer %d: %s", at+1, message)
	}
	return nil
}

func sameDigest(a, b Descriptor) bool { return a.Digest == b.Digest }

// imagePair has two images to compare, and their manifests.
type imagePair struct {
	source, destination image
	from, to            *Manifest
}

// sameConfigs compares the configs of two images: the platform, the runtime
// configuration, and the digests of the uncompressed layers.
func (c *comparison) sameConfigs(images imagePair, match Match) *problem {
	destination, wrongDestination := c.config(Destination, images.to)
	source, wrongSource := destination, wrongDestination
	if images.from.Config.Digest != images.to.Config.Digest || images.from.IsSchema1() {
		source, wrongSource = c.config(Source, images.from)
	}
	if p := firstProblem(wrongSource, wrongDestination); p != nil {
		return p
	}
	if p := firstProblem(checkLabel(Source, images.source, source), checkLabel(Destination, images.destination, destination)); p != nil {
		return p
	}
	var different []string
	reason := DigestDiffers
	if field, from, to := differentPlatform(source.Platform.narrowedBy(images.source), destination.Platform); field != "" {
		reason, different = PlatformDiffers, append(different, fmt.Sprintf("config field %s: %q != %q", field, from, to))
	}
	if destination.refused != "" && source.refused == "" {
		different = append(different, "nodes refuse the destination's config: "+destination.refused)
	}
	different = append(different, source.Runtime.differences(destination.Runtime, source.OS)...)
	if !images.from.IsSchema1() && !images.to.IsSchema1() { // schema 1 has no diff IDs, but sameFiles has found the same layers
		p := sameDiffIDs(source, images.from, destination, images.to, match)
		switch {
		case len(different) == 0:
			return p
		case p != nil && !p.reason.isUnsure():
			different = append(different, p.message)
		}
	}
	if len(different) == 0 {
		return nil
	}
	return newProblem(reason, "%s", strings.Join(different, ", "))
}

// differentPlatform returns the first field in which the platforms of two configs
// differ, and both values. field is "" if none differs. The destination may lack the
// variant. It may not lack the architecture or the OS, because nodes need them. It may not
// have a better variant where the source has none, because containerd unpacks no image
// whose config is not for the node.
func differentPlatform(source, destination Platform) (field, from, to string) {
	switch {
	case source.Variant == "" && destination.Variant != "" && samePlatform(source, destination.withoutVariant()) && !source.runs(destination):
		return "variant", "", destination.Variant
	case source.Architecture != "" && destination.Architecture == "":
		return "architecture", source.Architecture, ""
	case source.OS != "" && destination.OS == "":
		return "os", source.OS, ""
	}
	return contradiction(source, destination)
}

// narrowedBy returns the platform of a config with the variant that the list around the
// image names, if the config names none.
func (p Platform) narrowedBy(img image) Platform {
	if img.platform != nil {
		p.Variant = cmp.Or(p.Variant, img.platform.Variant)
	}
	return p
}

// sameDiffIDs compares the digests of the uncompressed layers (diff IDs).
func sameDiffIDs(source *Config, from *Manifest, destination *Config, to *Manifest, match Match) *problem {
	sourceIDs, destinationIDs := source.RootFS.DiffIDs, destination.RootFS.DiffIDs
	switch {
	case len(sourceIDs) == 0 && len(destinationIDs) == 0 && match == Converted:
		return nil
	case len(sourceIDs) == 0 && len(destinationIDs) == 0:
		return differs("%s, and the configs do not tell what is in them", differentLayers(from.Layers, to.Layers))
	case len(sourceIDs) != len(from.Layers):
		return newProblem(BadManifest, "source config %s has %d diff IDs, the manifest has %d layers: it belongs to another image",
			from.Config.Digest, len(sourceIDs), len(from.Layers))
	case len(destinationIDs) != len(to.Layers):
		return differs("destination config %s has %d diff IDs, the manifest has %d layers: it belongs to another image",
			to.Config.Digest, len(destinationIDs), len(to.Layers))
	}
	for i := range sourceIDs {
		switch {
		case match == Recompressed && CheckDigest(sourceIDs[i]) != nil:
			return differs("layer %d: %s != %s, and the source's config does not tell what is in it", i+1, from.Layers[i].Digest, to.Layers[i].Digest)
		case sourceIDs[i] == destinationIDs[i]:
		case Algorithm(sourceIDs[i]) != Algorithm(destinationIDs[i]):
			return newProblem(BadManifest, "layer %d: the source's config names its content %s, and the destination's names it %s: digests of two algorithms tell nothing about each other",
				i+1, sourceIDs[i], destinationIDs[i])
		case match == Recompressed:
			return differs("layer %d: %s != %s, and the configs say that their uncompressed contents differ", i+1, from.Layers[i].Digest, to.Layers[i].Digest)
		default:
			return differs("config field rootfs.diff_ids: layer %d: %s != %s", i+1, sourceIDs[i], destinationIDs[i])
		}
	}
	return nil
}

// checkLabel returns a problem if a list and the config of an image name different
// platforms for the image.
func checkLabel(side Side, img image, config *Config) *problem {
	if !img.isLabelled() {
		return nil
	}
	field, listed, stated := contradiction(*img.Platform, config.Platform)
	if field == "" {
		return nil
	}
	return newProblem(PlatformDiffers, "the %s's list says %s %q of %s, but its config says %q: the list lies", side, field, listed, img.Digest, stated)
}
