package validate

import (
	"fmt"
	"slices"
)

// Attestations, which BuildKit keeps in lists beside the images that they are of.

// Annotations with which BuildKit marks attestations, and what they are of.
// https://docs.docker.com/build/metadata/attestations/attestation-storage/
const (
	annotationReferenceType   = "vnd.docker.reference.type"
	annotationReferenceDigest = "vnd.docker.reference.digest"
	attestationManifest       = "attestation-manifest"
)

// attests returns the digest of the image that the entry is an attestation of,
// or "".
func (d Descriptor) attests() string {
	if !d.IsAttestation() {
		return ""
	}
	return d.Annotations[annotationReferenceDigest]
}

// attests is the same where the config, not the list, tells the platform.
func (l leaf) attests() string {
	if l.platform != nil && *l.platform != (Platform{}) && !l.platform.isUnknown() {
		return ""
	}
	return l.Descriptor.attests()
}

// isUnknown says whether nothing runs on the platform: attestations have it.
func (p Platform) isUnknown() bool { return p.Architecture == "unknown" && p.OS == "unknown" }

// attestations returns the attestations by the digest of what they are of.
func attestations(leaves []leaf) map[string][]leaf {
	of := map[string][]leaf{}
	for _, l := range leaves {
		if digest := l.attests(); digest != "" {
			of[digest] = append(of[digest], l)
		}
	}
	return of
}

// attestations compares those of every image that matched: by digest, or, where
// a conversion changed that, by what they hold. The destination's have to name
// its own image: who looks for them finds no others.
func (j *judgement) attestations(ours []leaf) {
	of, theirsOf := attestations(ours), attestations(j.theirs)
	for i, judged := range slices.Clone(j.platforms) {
		if judged.Match == "" {
			continue
		}
		for _, l := range of[judged.Source] {
			a := PlatformVerdict{Platform: l.name(), Source: l.Digest}
			theirs := theirsOf[j.matched[i].Digest]
			at := slices.IndexFunc(theirs, func(other leaf) bool { return other.Digest == l.Digest })
			if at >= 0 {
				a.Destination, a.Match = l.Digest, Identical
				j.add(a, theirs[at])
				continue
			}
			match, which, ok := j.sameAttestation(l, theirs)
			switch {
			case !ok:
				continue
			case match != "":
				a.Destination, a.Match = which.Digest, match
			default:
				a.Reason, a.Message = PlatformMissing, fmt.Sprintf("attestation %s of %s", l.Digest, judged.Platform)
				if contains(j.theirs, l) {
					a.Message += fmt.Sprintf(" (it is there, but its annotation %s does not name %s)", annotationReferenceDigest, j.matched[i].Digest)
				}
			}
			j.add(a, which)
		}
	}
}

func (j *judgement) sameAttestation(l leaf, theirs []leaf) (Match, leaf, bool) {
	for _, other := range theirs {
		from, d, okSource := j.manifest(Source, l)
		to, problem, okDestination := j.manifest(Destination, other)
		if !okSource || !okDestination {
			return "", leaf{}, false
		}
		if d.reason != "" || problem.reason != "" {
			continue
		}
		if slices.EqualFunc(from.Layers, to.Layers, sameDigest) {
			return Converted, other, true
		}
	}
	return "", leaf{}, true
}
