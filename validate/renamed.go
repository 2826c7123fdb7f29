package validate

// hasNoPlatform reports whether an image is an artifact, or one of cosign's signatures.
func (img image) hasNoPlatform() bool { return img.platform == nil || img.hasEmptyPlatform() }

// findRenamed looks for an artifact of the source that the destination has under a
// digest of another algorithm. It returns no image if there is none. Images for a
// platform need no such search: the platform leads to the candidates, whose content is
// compared.
func (j *judgement) findRenamed(artifact image) (image, *problem) {
	if !artifact.hasNoPlatform() {
		return image{}, nil
	}
	tried := 0
	for _, other := range j.destinationImages {
		if other.problem != nil || !other.hasNoPlatform() || Algorithm(other.Digest) == Algorithm(artifact.Digest) {
			continue
		}
		if tried++; tried > maxUnlike {
			break
		}
		from, p := j.withSHA256(Source, artifact)
		to, q := j.withSHA256(Destination, other)
		switch p := firstProblem(p, q); {
		case p == unknown:
			return image{}, unknown
		case p == nil && from.hasBytesOf(to):
			return other, nil
		}
	}
	return image{}, nil
}

// withSHA256 returns a manifest whose SHA-256 digest is known. Only a manifest that has
// a digest of another algorithm must be read for this.
func (c *comparison) withSHA256(side Side, img image) (*Manifest, *problem) {
	if Algorithm(img.Digest) == "sha256" {
		return &Manifest{Digest: img.Digest}, nil
	}
	return c.manifest(side, img)
}
