package validate

import (
	"fmt"
	"slices"
	"strings"
)

// subject is a manifest that referrers are attached to.
type subject struct {
	source, destination string // its digests
	platform            int    // where it stands in the verdict; -1 for the tag's own manifest
}

// withReferrers returns the verdict on an image that passed so far: signatures,
// SBOMs and whatever else is attached at the source, to the tag's manifest and
// to each selected image, must be attached at the destination, too.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
func (c *comparison) withReferrers(verdict Verdict) Verdict {
	top := subject{c.topDigest(Source), c.topDigest(Destination), -1}
	subjects := []subject{top}
	for i, p := range verdict.Platforms {
		if p.Source != top.source {
			subjects = append(subjects, subject{p.Source, p.Destination, i})
		}
	}
	var notes []string
	for _, s := range subjects {
		p := c.checkReferrers(s)
		if p == nil || p == unknown {
			continue
		}
		if s.platform < 0 {
			notes = append(notes, p.message)
			continue
		}
		result := &verdict.Platforms[s.platform]
		result.Match, result.Reason, result.Message = "", p.reason, p.message
		notes = append(notes, result.Platform+": "+p.message)
	}
	if len(notes) > 0 {
		verdict.Status, verdict.Reason, verdict.Match, verdict.Message = Fail, ReferrerMissing, "", strings.Join(notes, "; ")
	}
	return verdict
}

// checkReferrers finds out which referrers of a subject the destination lacks.
func (c *comparison) checkReferrers(s subject) *problem {
	source, known := c.fact(Need{Side: Source, Action: ListReferrers, Digest: s.source})
	switch {
	case !known:
		return unknown
	case len(source.Referrers) == 0:
		return nil
	case s.source != s.destination:
		return newProblem(ReferrerMissing, "the source has %s attached to %s, but the destination has another manifest there, %s: "+
			"copying it anew broke what refers to it, and signatures are of one digest only", kinds(source.Referrers), s.source, s.destination)
	}
	destination, known := c.fact(Need{Side: Destination, Action: ListReferrers, Digest: s.destination})
	if !known {
		return unknown
	}
	var missing []Descriptor
	var wrong problems
	for _, referrer := range source.Referrers {
		found, known := c.findReferrer(referrer, destination.Referrers)
		switch {
		case !known:
		case found == nil:
			missing = append(missing, referrer)
		default:
			wrong = append(wrong, c.check(c, image{Descriptor: *found}, Identical)...)
		}
	}
	for _, referrer := range missing {
		c.found = append(c.found, foundObject{Object{Digest: referrer.Digest, Kind: KindReferrer}, false})
	}
	switch {
	case len(missing) > 0:
		return newProblem(ReferrerMissing, "the destination does not have %s attached to %s", kinds(missing), s.source)
	case len(wrong) > 0:
		c.noteObjects("", wrong)
		return newProblem(ReferrerMissing, "of what is attached to %s, %s", s.source, wrong)
	}
	return nil
}

// findReferrer finds a referrer among the destination's, by its digest or by its
// layers. The destination's may have more layers: some tools keep all signatures
// in one manifest, and others may have signed at the destination.
func (c *comparison) findReferrer(referrer Descriptor, candidates []Descriptor) (found *Descriptor, known bool) {
	for i := range candidates {
		if candidates[i].Digest == referrer.Digest {
			return &candidates[i], true
		}
	}
	known = true
	for i := range candidates {
		if candidates[i].ArtifactType != referrer.ArtifactType {
			continue
		}
		from, knownSource := c.fact(Need{Side: Source, Action: ReadManifest, Digest: referrer.Digest})
		to, knownDestination := c.fact(Need{Side: Destination, Action: ReadManifest, Digest: candidates[i].Digest})
		switch {
		case !knownSource || !knownDestination:
			known = false
		case from.Manifest == nil || to.Manifest == nil || len(from.Manifest.Layers) == 0:
		case hasLayers(to.Manifest, from.Manifest.Layers):
			return &candidates[i], known
		}
	}
	return nil, known
}

// hasLayers reports whether a manifest has all of some layers.
func hasLayers(manifest *Manifest, layers []Descriptor) bool {
	for _, layer := range layers {
		if !slices.ContainsFunc(manifest.Layers, func(other Descriptor) bool { return sameDigest(layer, other) }) {
			return false
		}
	}
	return true
}

// kinds writes the artifact types of referrers, each once with its count, such as
// "application/spdx+json, 2 application/vnd.dev.sigstore.bundle.v0.3+json".
func kinds(referrers []Descriptor) string {
	count := map[string]int{}
	var order []string
	for _, r := range referrers {
		kind := r.ArtifactType
		if kind == "" {
			kind = "something of no artifact type"
		}
		if count[kind]++; count[kind] == 1 {
			order = append(order, kind)
		}
	}
	slices.Sort(order)
	for i, kind := range order {
		if n := count[kind]; n > 1 {
			order[i] = fmt.Sprintf("%d %s", n, kind)
		}
	}
	return strings.Join(order, ", ")
}
