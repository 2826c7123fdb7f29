package validate

import "slices"

// annotationZstd marks an entry of an OCI index whose image has layers of zstd. Podman
// writes it.
const annotationZstd = "io.github.containers.compression.zstd"

// zstdFirst returns images of one platform in the order in which CRI-O and Podman prefer
// them. In an OCI index they take an image of zstd layers first. In a list of Docker's
// they do not see the mark.
// https://github.com/containers/image/blob/v5.36.2/internal/manifest/oci_index.go (isPreferredOver)
func zstdFirst(list *Manifest, images []image) []image {
	if list.MediaType != TypeOCIIndex {
		return images
	}
	ordered := slices.Clone(images)
	slices.SortStableFunc(ordered, func(a, b image) int {
		switch x, y := a.isZstd(), b.isZstd(); {
		case x && !y:
			return -1
		case y && !x:
			return 1
		}
		return 0
	})
	return ordered
}

func (img image) isZstd() bool { return img.isLabelled() && img.Annotations[annotationZstd] == "true" }
