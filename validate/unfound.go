package validate

import (
	"fmt"
	"slices"
)

// checkUnfound returns a problem if the destination's list says the platform of an
// image in a way that some nodes do not find, and the source does not. Other words for
// the same platform are only a warning: containerd and Docker know that x86_64 and
// amd64/v1 are amd64. CRI-O and Podman compare the words.
// https://github.com/containers/image/blob/v5.36.2/internal/pkg/platform/platform_matcher.go (MatchesPlatform)
func (j *judgement) checkUnfound(source, destination image) *problem {
	if !destination.isLabelled() {
		return j.checkUnlabelled(source, destination)
	}
	said := destination.Platform.unusual()
	if said == "" || source.isLabelled() && source.Platform.unusual() == said {
		return nil
	}
	j.warn(fmt.Sprintf("the destination's list says %s of %s, which the source does not: CRI-O and Podman compare the words, and do not find it", said, destination.Digest))
	return nil
}

// checkUnlabelled returns a problem if the destination's list names no platform for an
// image, and the source does. CRI-O and Podman never take such an entry of a Docker
// list. containerd prefers an entry that names an older architecture.
func (j *judgement) checkUnlabelled(source, destination image) *problem {
	if !source.isLabelled() && j.trees.source.IsList() {
		return nil
	}
	if j.destination.MediaType == TypeDockerList {
		return newProblem(PlatformDiffers, "the destination's list names no platform for %s: CRI-O and Podman do not find it in a list of Docker's", destination.Digest)
	}
	older := map[string]string{"amd64": "386", "arm64": "arm"}[destination.normalized.Architecture]
	if slices.ContainsFunc(j.destinationImages, func(img image) bool {
		return img.isLabelled() && img.normalized.Architecture == older && img.normalized.OS == destination.normalized.OS
	}) {
		return newProblem(PlatformDiffers, "the destination's list names no platform for %s, but names %s for another image: containerd takes that one", destination.Digest, older)
	}
	return nil
}

// unusual returns the first field that is not written as Go writes it, and its value.
func (p *Platform) unusual() string {
	switch {
	case p.Architecture != normalArchitecture(p.Architecture):
		return fmt.Sprintf("architecture %q", p.Architecture)
	case p.OS != normalOS(p.OS):
		return fmt.Sprintf("os %q", p.OS)
	case p.Architecture == "amd64" && p.Variant != "" && p.normalVariant() == "":
		return fmt.Sprintf("variant %q", p.Variant)
	}
	return ""
}
