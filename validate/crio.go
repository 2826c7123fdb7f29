package validate

import (
	"cmp"
	"slices"
	"strings"
)

// annotationZstd marks an entry of an OCI index whose image has layers of zstd. Podman
// writes it.
const annotationZstd = "io.github.containers.compression.zstd"

// crioFirst returns images of one platform in the order in which CRI-O and Podman prefer
// them: those for which the list names a platform, then those of arm that name a variant,
// then those of zstd layers. In a list of Docker's they do not see the mark of zstd. Other
// nodes take the first one.
// https://github.com/containers/image/blob/v5.36.2/internal/manifest/oci_index.go (isPreferredOver)
func crioFirst(list *Manifest, images []image) []image {
	rank := func(img image) (rank int) {
		if img.unnamed {
			rank += 4
		}
		if strings.HasPrefix(img.normalized.Architecture, "arm") && img.platform != nil && img.platform.Variant == "" {
			rank += 2
		}
		if list.MediaType != TypeOCIIndex || img.Annotations[annotationZstd] != "true" {
			rank++
		}
		return rank
	}
	ordered := slices.Clone(images)
	slices.SortStableFunc(ordered, func(a, b image) int { return cmp.Compare(rank(a), rank(b)) })
	return ordered
}
