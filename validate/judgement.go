package validate

import "slices"

// judgement compares the selected images with the destination's, one platform
// after the other.
type judgement struct {
	*comparison
	*trees
	platforms []judged
}

// add notes the result of a platform, unless it is unknown. mirror is the
// destination's image that the result is about, if there is one.
func (j *judgement) add(result PlatformVerdict, mirror image, p *problem) {
	if p == unknown {
		return
	}
	if p != nil {
		result.Match, result.Reason, result.Message = "", p.reason, p.message
	}
	j.platforms = append(j.platforms, judged{result, mirror})
}

// byPlatform puts images together that one node could pull, in their order.
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

// maxUnlike is how many images of one platform are compared with each other
// where their digests differ.
const maxUnlike = 8

// judgePlatform compares the source's selected images for one platform with
// the destination's. Each must be there, and no other, since a node may get any
// of them. Most clients take the first one, so that has to be the same.
//
// A node of that platform may get more from the source than what is selected:
// versions of Windows may stand beside an entry of no version.
func (j *judgement) judgePlatform(selected []image) {
	offered, candidates := candidatesFor(selected[0], j.sourceImages), candidatesFor(selected[0], j.destinationImages)
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

// addHidden notes that nodes do not find the destination's only image.
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

// judgeOthers notes which of the destination's images for a platform are none
// of those that the source offers. Those that a result since before is about
// are judged already.
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

// judgeFirst compares what most nodes take where there are several images for a
// platform: the first.
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

// candidatesFor returns the images of one side that a node may get when it wants
// an image: those for the same platform. Nodes prefer those that their list
// labels, so these stand first. For an artifact it is the same artifact.
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

// closest returns the candidate with the strongest match, else the first one
// and why it does not match. It is unknown while any comparison is.
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

// findAbsent says why the destination has no candidate for an image, and which
// of its images is the closest. The same image may be there for another
// platform.
func (j *judgement) findAbsent(img image) (destination string, p *problem) {
	for _, other := range j.destinationImages {
		switch {
		case other.problem != nil: // it may be the one
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

// findWrongLabel says which list is wrong about an image that both sides have
// for different platforms.
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
