package validate

import "slices"

// Annotations with which BuildKit marks attestations in a list, and names the
// image that they are of.
// https://docs.docker.com/build/metadata/attestations/attestation-storage/
const (
	annotationReferenceType   = "vnd.docker.reference.type"
	annotationReferenceDigest = "vnd.docker.reference.digest"
	attestationManifest       = "attestation-manifest"
)

// attestedDigest returns the digest of the image that the entry is an
// attestation of, or "".
func (d Descriptor) attestedDigest() string {
	if !d.IsAttestation() {
		return ""
	}
	return d.Annotations[annotationReferenceDigest]
}

// attestedDigest returns the digest of the image that this is an attestation of,
// or "". An image for a platform is none, even if only its config tells that.
func (img image) attestedDigest() string {
	if img.platform != nil && *img.platform != (Platform{}) && !img.platform.isUnknown() {
		return ""
	}
	return img.Descriptor.attestedDigest()
}

// isUnknown reports whether the platform is the one that BuildKit gives to
// attestations.
func (p Platform) isUnknown() bool { return p.Architecture == "unknown" && p.OS == "unknown" }

// attestationsOf returns the attestations among images, by the digest of the
// image that they are of.
func attestationsOf(images []image) map[string][]image {
	of := map[string][]image{}
	for _, img := range images {
		if digest := img.attestedDigest(); digest != "" {
			of[digest] = append(of[digest], img)
		}
	}
	return of
}

// judgeAttestations compares the attestations of every image that matched. At
// the destination an attestation has to name the destination's own image, or
// nobody would find it.
func (j *judgement) judgeAttestations() {
	atSource, atDestination := attestationsOf(j.sourceImages), attestationsOf(j.destinationImages)
	for _, attested := range slices.Clone(j.platforms) {
		if attested.Match == "" {
			continue
		}
		for _, attestation := range atSource[attested.Source] {
			j.judgeAttestation(attestation, attested, atDestination[attested.mirror.Digest])
		}
	}
}

// judgeAttestation looks for an attestation among those of the destination's
// image: by digest, or, where a conversion changed that, by what it holds.
func (j *judgement) judgeAttestation(attestation image, attested judged, candidates []image) {
	result := PlatformVerdict{Platform: attestation.name(), Source: attestation.Digest}
	if at := indexOf(candidates, attestation.Digest); at >= 0 {
		result.Destination, result.Match = attestation.Digest, Identical
		j.add(result, candidates[at], nil)
		return
	}
	for _, candidate := range candidates {
		same, p := j.sameAttestation(attestation, candidate)
		if p == unknown {
			return
		}
		if same {
			result.Destination, result.Match = candidate.Digest, Converted
			j.add(result, candidate, nil)
			return
		}
	}
	missing := newProblem(PlatformMissing, "attestation %s of %s", attestation.Digest, attested.Platform)
	if contains(j.destinationImages, attestation.Digest) {
		missing = newProblem(PlatformMissing, "%s (it is there, but its annotation %s does not name %s)",
			missing.message, annotationReferenceDigest, attested.mirror.Digest)
	}
	j.add(result, image{}, missing)
}

// sameAttestation reports whether two attestations hold the same statements.
func (j *judgement) sameAttestation(source, destination image) (bool, *problem) {
	from, missingSource := j.manifest(Source, source)
	to, missingDestination := j.manifest(Destination, destination)
	if p := firstProblem(missingSource, missingDestination); p != nil {
		return false, p
	}
	return slices.EqualFunc(from.Layers, to.Layers, sameDigest), nil
}
