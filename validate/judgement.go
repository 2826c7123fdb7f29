package validate

import "slices"

// judgement compares the selected images with the images of the destination, one
// platform after the other, and collects the results.
type judgement struct {
	*comparison
	*trees
	platforms []judged
}

// add adds the result of a platform. p is the problem of that platform, or nil.
// mirror is the image that the destination has for the platform. If p is unknown,
// add does nothing.
func (j *judgement) add(result PlatformVerdict, mirror image, p *problem) {
	if p == unknown {
		return
	}
	if p != nil {
		result.Match, result.Reason, result.Message = "", p.reason, p.message
		j.noteObjects(result.Platform, problems{*p})
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

// maxUnlike is the highest number of images of one platform that are compared by
// their content, because their digests differ.
const maxUnlike = 8

// judgePlatform compares the source's selected images for one platform with
// the destination's. A node may get any of several images for its platform, so
// the destination must have each of them, and no other. Most nodes take the
// first one, so the first ones must be the same.
//
// offered are the images that a node of this platform may get at the source. They may
// be more than the selected ones: an entry without a version of Windows fits nodes of
// any version.
func (j *judgement) judgePlatform(selected []image) {
	offered, candidates := candidatesFor(selected[0], j.sourceImages), candidatesFor(selected[0], j.destinationImages)
	// An image that nodes do not find counts only if nodes do not find the source's
	// image either. An image that nodes find and cannot use leaves them without any.
	switch found := visible(candidates); {
	case len(found) > 0 && len(offered) > 0 && candidates[0].blocks && !offered[0].blocks:
		j.addHidden(selected, candidates[0])
		return
	case len(found) > 0:
		candidates = found
	case len(candidates) > 0 && len(visible(offered)) > 0:
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
	if found := visible(offered); len(found) > 0 {
		offered = found
	}
	j.judgeFirst(name, "the first image for this platform, which nodes pull,", offered, candidates, before)
	j.judgeFirst(name, "the image that CRI-O and Podman prefer for this platform", crioFirst(j.trees.source, offered), crioFirst(j.destination, candidates), before)
	j.judgeNested(name, offered[0], candidates[0], before)
}

// addHidden adds a problem for each selected image: the destination has the
// candidate, but nodes do not find it.
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
		j.add(result, candidates[at], j.checkNarrowed(img, candidates[at]))
	case img.problem != nil:
		j.add(result, image{}, img.problem)
	case len(candidates) == 0:
		mirror, p := j.findRenamed(img)
		result.Destination, result.Match = mirror.Digest, Identical
		switch {
		case p == nil && mirror.Digest == "":
			result.Destination, p = j.findAbsent(img)
		case p == nil:
			p = j.checkNarrowed(img, mirror)
		}
		j.add(result, mirror, p)
	default:
		match, candidate, p := closest(candidates, func(candidate image) (Match, *problem) { return j.same(img, candidate) })
		if p == nil {
			p = j.checkNarrowed(img, candidate)
		}
		result.Destination, result.Match = candidate.Digest, match
		j.add(result, candidate, p)
	}
}

// judgeOthers adds a problem for each image that only the destination has for a
// platform. unlike are the destination's images whose digests the source does not
// offer. An image is left out if a result from index before on already names it.
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

// judgeFirst compares the first images of both sides for a platform, because nodes take
// the first one. which says which one that is. Nodes of Windows choose by the version;
// see judgeWindows. Single images were compared before. judgeFirst adds nothing if a
// result from index before on already says what is wrong with the destination's.
func (j *judgement) judgeFirst(platform, which string, offered, candidates []image, before int) {
	source, destination := offered[0], candidates[0]
	if source.Digest == destination.Digest || len(offered)+len(candidates) <= 2 || source.platform != nil && source.platform.isWindows() {
		return
	}
	if slices.ContainsFunc(j.platforms[before:], func(p judged) bool {
		return p.Reason != "" && p.Destination == destination.Digest
	}) {
		return
	}
	if _, p := j.same(source, destination); p != nil {
		j.add(PlatformVerdict{Platform: platform, Source: source.Digest, Destination: destination.Digest}, image{},
			p.after(which+" is another one: "))
	}
}

// judgeNested adds a problem if the first image for a platform, which most nodes take,
// stands in an inner list only at the destination. A result from index before on may
// already say that, or what else is wrong.
func (j *judgement) judgeNested(platform string, source, destination image, before int) {
	if slices.ContainsFunc(j.platforms[before:], func(p judged) bool { return p.Reason != "" }) {
		return
	}
	if p := checkNested(source, destination); p != nil {
		j.add(PlatformVerdict{Platform: platform, Source: source.Digest, Destination: destination.Digest}, image{}, p)
	}
}

// candidatesFor returns the images of one side that have the same platform as the
// wanted image. Any of them may be the one that a node gets. Nodes prefer images
// whose platform stands in the list, so these come first. The only candidate for
// an artifact is the artifact itself.
func candidatesFor(want image, side []image) []image {
	var found, variantless []image
	for _, img := range side {
		offered := img.normalized
		if want.platform != nil && lacksOS(img.Descriptor) {
			offered.OS = want.normalized.OS
		}
		switch {
		case img.problem != nil || img.attestedDigest() != "":
		case (want.platform == nil || want.hasEmptyPlatform()) && img.Digest == want.Digest,
			want.platform != nil && img.platform != nil && want.normalizedFor(img).fits(offered):
			found = append(found, img)
		case want.platform != nil && img.platform != nil && !img.isLabelled() && img.platform.Variant == "" &&
			samePlatform(want.platform.withoutVariant(), *img.platform):
			variantless = append(variantless, img)
		}
	}
	if len(found) == 0 { // many configs do not name the variant
		return variantless
	}
	slices.SortStableFunc(found, func(a, b image) int {
		switch {
		case a.unnamed == b.unnamed:
			return 0
		case b.unnamed:
			return -1
		}
		return 1
	})
	return found
}

// closest returns the candidate with the strongest match. If no candidate
// matches, it returns the first one, and the reason why that one does not match.
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
