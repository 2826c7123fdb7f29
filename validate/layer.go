package validate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// emptyLayer is the digest of an empty tar file, compressed with gzip. Old versions
// of Docker wrote this layer for every build step that changed no file. Newer
// versions write no layer for such a step.
const emptyLayer = "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"

// isForeign reports whether nodes get a layer from the URLs in the manifest. Such a
// layer need not be in the registry.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#non-distributable-layers
func (d Descriptor) isForeign() bool { return d.hasForeignType() && len(d.URLs) > 0 }

// hasForeignType reports whether the media type of a layer is one for layers that
// nodes get from elsewhere.
func (d Descriptor) hasForeignType() bool {
	return strings.HasPrefix(d.MediaType, "application/vnd.docker.image.rootfs.foreign.diff.tar") ||
		strings.HasPrefix(d.MediaType, "application/vnd.oci.image.layer.nondistributable.v1.tar")
}

// formats are the formats of layers that nodes can unpack.
var formats = []string{"tar", "gzip", "zstd"}

// format returns the format of a layer, by its media type. If Docker and OCI do not
// define this media type, format returns the media type itself. Manifests of schema
// 1 name no media types; their layers are gzip.
func (d Descriptor) format() string {
	if plain, ok := strings.CutSuffix(d.MediaType, encryptedSuffix); ok {
		return Descriptor{MediaType: plain}.format() + encryptedSuffix
	}
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

// differentLayers says how the layers of two images differ. It returns "" if they
// are the same. It compares the digests of the layers, in their order. Layers with
// the same digest still differ if their media types name different formats, because
// nodes could not unpack one of them.
func differentLayers(source, destination []Descriptor) string {
	if len(source) != len(destination) {
		return fmt.Sprintf("%d layers != %d", len(source), len(destination))
	}
	for i := range source {
		if source[i].Digest != destination[i].Digest {
			return fmt.Sprintf("layer %d: %s != %s", i+1, source[i].Digest, destination[i].Digest)
		}
		wrong := unusable(source[i], destination[i])
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

// isGuessed reports whether nodes find out the format of a layer from its first
// bytes, and ignore its media type. They do so for Docker's media type of an
// uncompressed layer, because early tools also used it for compressed layers.
// https://github.com/containerd/containerd/blob/v2.1.0/core/images/mediatypes.go (DiffCompression)
func (d Descriptor) isGuessed() bool {
	return d.MediaType == "application/vnd.docker.image.rootfs.diff.tar" || d.MediaType == "application/vnd.docker.image.rootfs.foreign.diff.tar"
}

// unusable says why nodes cannot use a layer of the destination, because of the media
// type or the annotations that the copying tool gave to it. It returns "" if they can.
func unusable(source, destination Descriptor) string {
	switch {
	case destination.isEncrypted() && source.isEncrypted():
		return cmp.Or(wrongKeys(source, destination), elsewhere(source, destination))
	case (source.isEncrypted() || slices.Contains(formats, source.format())) && !slices.Contains(formats, destination.format()):
		return fmt.Sprintf("its media type at the destination, %q, is not one that nodes can unpack", destination.MediaType)
	case destination.hasForeignType() && !source.hasForeignType():
		return fmt.Sprintf("its media type at the destination, %q, says that nodes get it from elsewhere", destination.MediaType)
	}
	return elsewhere(source, destination)
}

// withoutEmpty returns the layers without emptyLayer.
func withoutEmpty(layers []Descriptor) []Descriptor {
	return slices.DeleteFunc(slices.Clone(layers), func(d Descriptor) bool { return d.Digest == emptyLayer })
}

// maxLayers is how many layers of one manifest are looked at. No node runs an image of
// more than a few hundred layers, and each layer may cost a request.
const maxLayers = 1000

// checkLayers returns an error if a manifest has too many layers.
func (m *Manifest) checkLayers() error {
	if len(m.Layers) <= maxLayers {
		return nil
	}
	return fmt.Errorf("the manifest has %d layers, and mvrun looks at no more than %d", len(m.Layers), maxLayers)
}
