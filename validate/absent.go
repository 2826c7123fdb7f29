package validate

import "slices"

// findAbsent returns the problem of an image for which the destination has no
// candidate. If the destination has the image for another platform, findAbsent
// also returns its digest.
func (j *judgement) findAbsent(img image) (destination string, p *problem) {
	for _, other := range j.destinationImages {
		switch {
		case other.problem != nil: // other could not be read, and may be the image
			return "", other.problem
		case other.Digest == img.Digest && img.platform != nil:
			return other.Digest, j.findWrongLabel(img, other)
		}
	}
	if img.platform != nil && !img.hasEmptyPlatform() {
		return j.findDisguised(img)
	}
	if other := j.onlyOther(); other != nil {
		return other.Digest, differs("source digest %q != dest digest %q", img.Digest, other.Digest)
	}
	return "", newProblem(PlatformMissing, "%s %s", img.name(), img.Digest)
}

// onlyOther returns the image of the destination that stands in the place of the only
// image without a platform that the destination does not have. It returns nil if there
// are several such images on either side, because none stands for a certain other one.
func (j *judgement) onlyOther() *image {
	absent := 0
	for _, img := range j.selected {
		if !contains(j.destinationImages, img.Digest) {
			absent++
		}
	}
	var other *image
	for i := range j.destinationImages {
		img := &j.destinationImages[i]
		switch {
		case img.attestedDigest() != "" || contains(j.sourceImages, img.Digest):
		case absent > 1 || other != nil:
			return nil
		default:
			other = img
		}
	}
	return other
}

// findDisguised returns the problem that the destination has no image for a platform.
// If the destination has the layers of the image in a manifest that nodes do not take
// for an image of that platform, the problem says why.
func (j *judgement) findDisguised(img image) (destination string, p *problem) {
	compared := 0
	for _, other := range j.destinationImages {
		why := other.whyNoPlatform()
		if why == "" || other.attestedDigest() != "" || contains(j.sourceImages, other.Digest) {
			continue
		}
		if compared++; compared > maxUnlike {
			break
		}
		same, p := j.sameLayers(img, other)
		switch {
		case p == unknown:
			return "", unknown
		case same:
			return other.Digest, newProblem(PlatformMissing, "platform %s (its layers are there in %s, but %s)", img.name(), other.Digest, why)
		}
	}
	return "", &problem{reason: PlatformMissing}
}

// whyNoPlatform says why nodes take an image of the destination for one of no
// platform. It returns "" if the image has a platform.
func (img image) whyNoPlatform() string {
	switch {
	case img.artifact && img.manifest != nil:
		return "its config is of type " + img.manifest.Config.MediaType + ", which is none of an image"
	case img.artifact:
		return "the list calls it an artifact of type " + img.ArtifactType
	case img.hasEmptyPlatform():
		return "neither its list nor its config names a platform"
	}
	return ""
}

// sameLayers reports whether two manifests have the same layers, and any at all.
func (j *judgement) sameLayers(source, destination image) (bool, *problem) {
	from, missingSource := j.manifest(Source, source)
	to, missingDestination := j.manifest(Destination, destination)
	if p := firstProblem(missingSource, missingDestination); p != nil {
		return false, p
	}
	return len(from.Layers) > 0 && slices.EqualFunc(from.Layers, to.Layers, sameDigest), nil
}

// findWrongLabel returns the problem of an image that both sides have, but for
// different platforms. It says which of the two lists is wrong.
func (j *judgement) findWrongLabel(source, destination image) *problem {
	manifest, p := j.manifest(Destination, destination)
	if p != nil {
		return p
	}
	config, p := j.config(Destination, manifest)
	if p != nil {
		return p
	}
	if p := checkLabel(Source, source, config); p != nil {
		return p
	}
	if p := checkLabel(Destination, destination, config); p != nil {
		return p
	}
	return newProblem(PlatformDiffers, "the source offers %s for %s, the destination for %s", source.Digest, source.name(), destination.name())
}
