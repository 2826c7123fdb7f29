package validate

import "slices"

// judgement compares the selected images with the destination's, one platform
// after the other, and collects the results.
type judgement struct {
	*comparison
	*trees
	platforms []judged
}

// add adds the result of a platform, and the problem if there is one. mirror is
// the destination's image that stands for the platform. An unknown result is
// left out.
func (j *judgement) add(result PlatformVerdict, mirror image, p *problem) {
	if p == unknown {
		return
	}
	if p != nil {
		result.Match, result.Reason, result.Message = "", p.reason, p.message
	}
	j.platforms = append(j.platforms, judged{result, mirror})
}

// byPlatform groups images by their platform, and keeps their order.
func byPlatform(images []image) [][]image {
	var groups [][]image
	at := map[string]int{}
	for _, img := range images {
		key := img.Digest
		if img.platform != nil {
			key = img.normalized.String()
		}
		if _, ok := at[key]; !ok {
			at[key] = len(groups)
			groups = append(groups, nil)
		}
		groups[at[key]] = append(groups[at[key]], img)
	}
	return groups
}

// maxUnlike is how many images of one platform are compared with each other if
// their digests differ.
const maxUnlike = 8

// judgePlatform compares the source's selected images for one platform with
// the destination's. A node may get any of several images for its platform, so
// the destination must have each of them, and no other. Most nodes take the
// first one, so the first ones must be the same.
//
// offered is what such a node may get at the source. That may be more than what
// is selected: an entry without a version of Windows fits nodes of any version.
func (j *judgement) judgePlatform(selected []image) {
	offered, candidates := candidatesFor(selected[0], j.sourceImages), candidatesFor(selected[0], j.destinationImages)
	// Images that nodes do not find only count where the source's are no better.
	visible := slices.DeleteFunc(slices.Clone(candidates), image.isHidden)
	switch {
	case len(visible) > 0:
		candidates = visible
	case len(candidates) > 0 && !slices.ContainsFunc(selected, image.isHidden):
		j.addHidden(selected, candidates[0])
		return
	}
	unlike := slices.DeleteFunc(slices.Clone(candidates), func(img image) bool { return contains(offered, img.Digest) })
	if len(unlike) > 0 && (len(selected) > maxUnlike || len(unlike) > maxUnlike) {
		j.add(PlatformVerdict{Platform: selected[0].name()}, image{}, newProblem(BadManifest,
			"%d entries of the source's list and %d of the destination's are for this platform", len(selected), len(candidates)))
		return
	}
	before := len(j.platforms)
	for _, img := range selected {
		j.judgeImage(img, candidates)
	}
	if len(offered) == 0 || len(candidates) == 0 {
		return
	}
	name := selected[0].name()
	j.judgeOthers(name, unlike, offered, before)
	j.judgeFirst(name, offered, candidates)
}

// addHidden adds the result that nodes do not find the destination's image.
func (j *judgement) addHidden(selected []image, candidate image) {
	for _, img := range selected {
		j.add(PlatformVerdict{Platform: img.name(), Source: img.Digest, Destination: candidate.Digest}, image{},
			newProblem(PlatformDiffers, "nodes do not find %s at the destination: %s", candidate.Digest, candidate.hidden))
	}
}

// judgeImage looks for an image of the source among the destination's
// candidates: by its digest, else by its content.
func (j *judgement) judgeImage(img image, candidates []image) {
	result := PlatformVerdict{Platform: img.name(), Source: img.Digest}
	at := indexOf(candidates, img.Digest)
	switch {
	case at >= 0:
		result.Destination, result.Match = img.Digest, Identical
		j.add(result, candidates[at], nil)
	case img.problem != nil:
		j.add(result, image{}, img.problem)
	case len(candidates) == 0:
		var p *problem
		result.Destination, p = j.findAbsent(img)
		j.add(result, image{}, p)
	default:
		match, candidate, p := closest(candidates, func(candidate image) (Match, *problem) { return j.same(img, candidate) })
		result.Destination, result.Match = candidate.Digest, match
		j.add(result, candidate, p)
	}
}

// judgeOthers looks at the destination's images for a platform whose digests the
// source does not offer, and adds those that are other images. It leaves out
// those that the results from index before on are about already.
func (j *judgement) judgeOthers(platform string, unlike, offered []image, before int) {
	for _, img := range unlike {
		if slices.ContainsFunc(j.platforms[before:], func(p judged) bool { return p.Destination == img.Digest }) {
			continue
		}
		_, _, p := closest(offered, func(candidate image) (Match, *problem) { return j.same(candidate, img) })
		if p != nil {
			j.add(PlatformVerdict{Platform: platform, Destination: img.Digest}, image{},
				p.after("the destination also has another image for this platform: "))
		}
	}
}

// judgeFirst compares the first images for a platform, which most nodes take, if
// there are several.
func (j *judgement) judgeFirst(platform string, offered, candidates []image) {
	source, destination := offered[0], candidates[0]
	if source.Digest == destination.Digest || len(offered)+len(candidates) <= 2 {
		return
	}
	if _, p := j.same(source, destination); p != nil {
		j.add(PlatformVerdict{Platform: platform, Source: source.Digest, Destination: destination.Digest}, image{},
			p.after("the first image for this platform, which nodes pull, is another one: "))
	}
}

// candidatesFor returns the images of one side that a node may get where it would
// get the wanted image elsewhere: those for the same platform. Nodes prefer
// images that their list labels, so these stand first. The only candidate for
// an artifact is the artifact itself.
func candidatesFor(want image, side []image) []image {
	var found, variantless []image
	for _, img := range side {
		switch {
		case img.problem != nil || img.attestedDigest() != "":
		case (want.platform == nil || want.hasEmptyPlatform()) && img.Digest == want.Digest,
			want.platform != nil && img.platform != nil && want.normalized.fits(img.normalized):
			found = append(found, img)
		case want.platform != nil && img.platform != nil && !img.isLabelled() && img.platform.Variant == "" &&
			samePlatform(want.platform.withoutVariant(), *img.platform):
			variantless = append(variantless, img)
		}
	}
	if len(found) == 0 { // many configs leave out the variant
		return variantless
	}
	slices.SortStableFunc(found, func(a, b image) int {
		switch {
		case a.isLabelled() == b.isLabelled():
			return 0
		case a.isLabelled():
			return -1
		}
		return 1
	})
	return found
}

// closest returns the candidate with the strongest match. If none matches, it
// returns the first candidate, and why that one does not match.
func closest(candidates []image, compare func(image) (Match, *problem)) (best Match, which image, p *problem) {
	allKnown := true
	for _, candidate := range candidates {
		match, differs := compare(candidate)
		switch {
		case differs == unknown:
			allKnown = false
		case differs == nil && (best == "" || match == Converted):
			best, which, p = match, candidate, nil
		case differs != nil && best == "" && p == nil:
			which, p = candidate, differs
		}
	}
	if !allKnown {
		return "", image{}, unknown
	}
	return best, which, p
}

// findAbsent says what is wrong if the destination has no candidate for an image.
// The image may be there for another platform; its digest is then returned.
func (j *judgement) findAbsent(img image) (destination string, p *problem) {
	for _, other := range j.destinationImages {
		switch {
		case other.problem != nil: // it may be the image
			return "", other.problem
		case other.Digest == img.Digest && img.platform != nil:
			return other.Digest, j.findWrongLabel(img, other)
		}
	}
	switch {
	case img.platform != nil && !img.hasEmptyPlatform():
		return "", &problem{reason: PlatformMissing}
	case len(j.destinationImages) == 1:
		destination = j.destinationImages[0].Digest
		return destination, differs("source digest %q != dest digest %q", img.Digest, destination)
	}
	return "", differs("the destination does not have %s", img.Digest)
}

// findWrongLabel says which list is wrong if both sides have the same image for
// different platforms.
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
