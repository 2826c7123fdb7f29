package validate

import (
	"fmt"
	"slices"
	"strings"
)

// Layers: their media types, and whether two images have the same ones.

// emptyLayer is the gzipped empty tar that Docker wrote for build steps
// without files, before it left them out.
const emptyLayer = "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"

// isForeign says whether a layer need not be in the registry: whoever pulls it
// gets it from elsewhere.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#non-distributable-layers
func (d Descriptor) isForeign() bool {
	return strings.HasPrefix(d.MediaType, "application/vnd.docker.image.rootfs.foreign.diff.tar") ||
		strings.HasPrefix(d.MediaType, "application/vnd.oci.image.layer.nondistributable.v1.tar")
}

// format is how a layer is packed, by its media type: "tar", "gzip" or "zstd"
// as Docker and OCI write them, else the media type itself.
func (d Descriptor) format() string {
	for _, tar := range []string{
		"application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.nondistributable.v1.tar",
		"application/vnd.docker.image.rootfs.diff.tar", "application/vnd.docker.image.rootfs.foreign.diff.tar",
	} {
		if suffix, ok := strings.CutPrefix(d.MediaType, tar); ok {
			switch suffix {
			case "":
				return "tar"
			case "+gzip", ".gzip":
				return "gzip"
			case "+zstd", ".zstd":
				return "zstd"
			}
		}
	}
	return d.MediaType
}

// sameLayers compares layers in their order, by digest; if they differ, it says
// how. The same bytes under a format that is not theirs would not unpack.
func sameLayers(source, destination []Descriptor) (bool, string) {
	if len(source) != len(destination) {
		return false, fmt.Sprintf("%d layers != %d", len(source), len(destination))
	}
	for i := range source {
		if source[i].Digest != destination[i].Digest {
			return false, fmt.Sprintf("layer %d: %s != %s", i+1, source[i].Digest, destination[i].Digest)
		}
		from, to := source[i].format(), destination[i].format()
		if from != to && !slices.Contains([]string{from, to}, "tar") && source[i].MediaType != "" { // schema 1 tells none
			return false, fmt.Sprintf("layer %d: its media type says %s at the source and %s at the destination", i+1, from, to)
		}
	}
	return true, ""
}

// withoutEmpty returns layers without the empty one of old Docker.
func withoutEmpty(layers []Descriptor) []Descriptor {
	return slices.DeleteFunc(slices.Clone(layers), func(d Descriptor) bool { return d.Digest == emptyLayer })
}
