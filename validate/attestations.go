package validate

import "slices"

// BuildKit marks an attestation in a list with these annotations. One of them
// names the image that the attestation is about.
// https://docs.docker.com/build/metadata/attestations/attestation-storage/
const (
	annotationReferenceType   = "vnd.docker.reference.type"
	annotationReferenceDigest = "vnd.docker.reference.digest"
	attestationManifest       = "attestation-manifest"
)

// attestedDigest returns the digest of the image that an attestation is about. It
// returns "" if the entry is no attestation.
func (d Descriptor) attestedDigest() string {
	if !d.IsAttestation() {
		return ""
	}
	return d.Annotations[annotationReferenceDigest]
}

// attestedDigest returns the digest of the image that an attestation is about. It
// returns "" if img is no attestation. An image that has a platform, in its list or
// in its config, is no attestation.
func (img image) attestedDigest() string {
	if img.platform != nil && *img.platform != (Platform{}) && !img.platform.isUnknown() {
		return ""
	}
	return img.Descriptor.attestedDigest()
}

// isUnknown reports whether the platform is the one that BuildKit gives to
// attestations.
func (p Platform) isUnknown() bool { return p.Architecture == "unknown" && p.OS == "unknown" }

// attestationsOf returns the attestations among images. The keys are the digests
// of the images that the attestations are about.
func attestationsOf(images []image) map[string][]image {
	of := map[string][]image{}
	for _, img := range images {
		if digest := img.attestedDigest(); digest != "" {
			of[digest] = append(of[digest], img)
		}
	}
	return of
}

// judgeAttestations compares the attestations of every image that matched. An
// attestation at the destination must name the destination's image, because
// clients look for attestations that name the image that they pulled.
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

// judgeAttestation looks for an attestation among the candidates, which are the
// attestations of the destination's image. A conversion changes the digest of an
// attestation. So if no digest is the same, judgeAttestation compares what the
// attestations say.
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
