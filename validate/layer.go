package validate

import (
	"fmt"
	"slices"
	"strings"
)

// emptyLayer is a compressed empty tar. Docker once wrote it for every build step
// that changed no file; later it left such layers out.
const emptyLayer = "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"

// isForeign reports whether a layer need not be in the registry, because the
// manifest names URLs from which nodes get it.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#non-distributable-layers
func (d Descriptor) isForeign() bool { return d.hasForeignType() && len(d.URLs) > 0 }

func (d Descriptor) hasForeignType() bool {
	return strings.HasPrefix(d.MediaType, "application/vnd.docker.image.rootfs.foreign.diff.tar") ||
		strings.HasPrefix(d.MediaType, "application/vnd.oci.image.layer.nondistributable.v1.tar")
}

// formats are the formats that nodes unpack.
var formats = []string{"tar", "gzip", "zstd"}

// format returns one of formats if the media type is one of Docker's or OCI's for
// layers, else the media type itself. Schema 1 tells no media type, and its
// layers are gzip.
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
	if d.MediaType == "" {
		return "gzip"
	}
	return d.MediaType
}

// differentLayers says how the layers of two images differ, or returns "". Layers
// are compared in their order, by digest. The same bytes under the media type of
// another format differ as well, since nodes could not unpack them.
func differentLayers(source, destination []Descriptor) string {
	if len(source) != len(destination) {
		return fmt.Sprintf("%d layers != %d", len(source), len(destination))
	}
	for i := range source {
		if source[i].Digest != destination[i].Digest {
			return fmt.Sprintf("layer %d: %s != %s", i+1, source[i].Digest, destination[i].Digest)
		}
		wrong := wrongMediaType(source[i], destination[i])
		from, to := source[i].format(), destination[i].format()
		if wrong == "" && from != to && from != "tar" && !destination[i].isGuessed() {
			wrong = fmt.Sprintf("its media type says %s at the source and %s at the destination", from, to)
		}
		if wrong != "" {
			return fmt.Sprintf("layer %d: %s", i+1, wrong)
		}
	}
	return ""
}

// isGuessed reports whether nodes look how the layer begins instead of trusting
// its media type. They do so for Docker's type of an uncompressed layer, since
// early tools gave it to compressed layers, too.
// https://github.com/containerd/containerd/blob/v2.1.0/core/images/mediatypes.go (DiffCompression)
func (d Descriptor) isGuessed() bool {
	return d.MediaType == "application/vnd.docker.image.rootfs.diff.tar" || d.MediaType == "application/vnd.docker.image.rootfs.foreign.diff.tar"
}

// wrongMediaType says why nodes cannot use a layer under the media type that a
// copy gave it, or returns "".
func wrongMediaType(source, destination Descriptor) string {
	switch {
	case slices.Contains(formats, source.format()) && !slices.Contains(formats, destination.format()):
		return fmt.Sprintf("its media type at the destination, %q, is none that nodes unpack", destination.MediaType)
	case destination.hasForeignType() && !source.hasForeignType():
		return fmt.Sprintf("its media type at the destination, %q, says that it is to be had elsewhere", destination.MediaType)
	}
	return ""
}

// withoutEmpty returns the layers without emptyLayer.
func withoutEmpty(layers []Descriptor) []Descriptor {
	return slices.DeleteFunc(slices.Clone(layers), func(d Descriptor) bool { return d.Digest == emptyLayer })
}
