package validate

import (
	"fmt"
	"slices"
)

// Whether two images are the same under other media types.

// emptyLayer is the gzipped empty tar that Docker wrote for build steps
// without files, before it left them out.
const emptyLayer = "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"

// sameContent says whether two image manifests have the same config and
// layers, whatever their media types; if not, what differs first. Of schema 1
// the layers alone are compared: a conversion writes its config anew, and may
// drop the empty ones.
func sameContent(source, destination *Manifest) (bool, string) {
	if source.IsList() || destination.IsList() {
		return false, "a list is no image"
	}
	if source.IsSchema1() {
		layers := withoutEmpty(source.Layers)
		if len(layers) == 0 {
			return false, "the source has no layers that could be compared"
		}
		return sameLayers(layers, withoutEmpty(destination.Layers))
	}
	if source.Config.Digest != destination.Config.Digest {
		return false, fmt.Sprintf("config %s != %s", source.Config.Digest, destination.Config.Digest)
	}
	return sameLayers(source.Layers, destination.Layers)
}

// sameLayers compares layers in their order.
func sameLayers(source, destination []string) (bool, string) {
	if len(source) != len(destination) {
		return false, fmt.Sprintf("%d layers != %d", len(source), len(destination))
	}
	for i := range source {
		if source[i] != destination[i] {
			return false, fmt.Sprintf("layer %d: %s != %s", i+1, source[i], destination[i])
		}
	}
	return true, ""
}

// withoutEmpty returns layers without the empty one of old Docker.
func withoutEmpty(layers []string) []string {
	return slices.DeleteFunc(slices.Clone(layers), func(digest string) bool { return digest == emptyLayer })
}
