package validate

import (
	"cmp"
	"slices"
	"strings"
)

// annotationZstd is what an entry of a list has whose image has layers in zstd.
const annotationZstd = "io.github.containers.compression.zstd"

// preferredByCRIO returns the image that CRI-O and Podman choose among the images of one
// list for one platform. They prefer an entry that names the variant of arm, and then one that is
// annotated as zstd. Other nodes take the first one.
// https://github.com/containers/image/blob/v5.34.0/internal/manifest/oci_index.go (isPreferredOver)
func preferredByCRIO(images []image) image {
	rank := func(img image) int {
		rank := 0
		if img.unnamed {
			rank += 4
		}
		if strings.HasPrefix(img.normalized.Architecture, "arm") && img.platform.Variant == "" {
			rank += 2
		}
		if img.Annotations[annotationZstd] != "true" {
			rank++
		}
		return rank
	}
	return slices.MinFunc(images, func(a, b image) int { return cmp.Compare(rank(a), rank(b)) })
}
