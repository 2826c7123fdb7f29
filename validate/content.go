package validate

import (
	"cmp"
	"slices"
	"strings"
)

// content judges by the rules "content". A mirror is good if a node that pulls a
// wanted platform gets the same files from the destination as from the source,
// and runs them the same way. It does not matter which tool made the mirror.
func (c *comparison) content() Verdict {
	t, verdict := c.readTrees()
	if t == nil {
		return verdict
	}
	return c.compareTrees(t)
}

// exact judges by the rules "exact": those of "content", and the tag must have the
// same digest on both sides.
func (c *comparison) exact() Verdict {
	t, verdict := c.readTrees()
	if t == nil {
		return verdict
	}
	if !t.source.hasBytesOf(t.destination) {
		return exactDiffers(t)
	}
	return c.compareTrees(t)
}

// trees holds everything that the tag leads to on both sides.
type trees struct {
	source, destination             *Manifest // under the tag
	sourceImages, destinationImages []image   // behind these manifests
	selected                        []image   // of the source's images, those that the question asks about
}

// readTrees reads both sides. If it returns no trees, either facts are missing,
// or the verdict is clear without a comparison.
func (c *comparison) readTrees() (*trees, Verdict) {
	source, destination, lost, known := c.tops()
	if !known {
		return nil, Verdict{}
	}
	if source == nil {
		return nil, sourceMissing()
	}
	return c.readBehind(source, destination, lost)
}

// readBehind reads what is behind a manifest of each side, as readTrees does. If
// destination is nil, lost says why.
func (c *comparison) readBehind(source, destination *Manifest, lost *problem) (*trees, Verdict) {
	sourceImages, destinationImages, refused := c.bothImages(source, destination)
	if c.isWaiting() {
		return nil, Verdict{}
	}
	if refused != nil {
		return nil, *refused
	}
	selected := c.selectImages(sourceImages)
	switch {
	case len(sourceImages) == 0:
		return nil, emptySource()
	case len(selected) == 0:
		return nil, c.noImage(source, sourceImages)
	case destination == nil:
		return nil, c.failEach(lost, selected)
	case destination.IsList() && len(destination.Children) == 0:
		return nil, c.failEach(newProblem(DestinationEmpty, "destination manifest list is empty"), selected)
	case len(selected) > maxSelected:
		return nil, tooMany(Source, len(selected))
	}
	return &trees{source, destination, sourceImages, destinationImages, selected}, Verdict{}
}

// bothImages returns the images behind the manifests of both sides. If these are
// the same manifest, only the destination is asked.
func (c *comparison) bothImages(source, destination *Manifest) (sourceImages, destinationImages []image, refused *Verdict) {
	shared := map[string]bool{}
	if destination != nil {
		if destinationImages, refused = c.imagesBehind(Destination, destination, nil); refused != nil {
			return nil, nil, refused
		}
		if destination.IsList() && c.isWaiting() { // what is found here need not be read at the source
			return nil, nil, nil
		}
		shared = digestsOf(destinationImages, destination)
		allFound := !slices.ContainsFunc(destinationImages, func(img image) bool { return img.problem != nil })
		if source.Digest == destination.Digest && allFound {
			return destinationImages, destinationImages, nil
		}
	}
	switch {
	case shared[source.Digest]:
		shared[source.Config.Digest] = true
	case destination != nil && !destination.IsList():
		shared[destination.Config.Digest] = true
	}
	sourceImages, refused = c.imagesBehind(Source, source, shared)
	return sourceImages, destinationImages, refused
}

// selectImages returns the images that the question asks about. If none of them
// has a platform, it asks about all: they are artifacts, or cosign's signatures.
func (c *comparison) selectImages(images []image) []image {
	var wanted, withoutPlatform []image
	named := false
	for _, img := range images {
		switch {
		case img.attestedDigest() != "", img.barren:
		case img.artifact || img.hasEmptyPlatform():
			withoutPlatform = append(withoutPlatform, img)
		case img.problem != nil || c.wanted(img.platform): // an image that was not found may be wanted
			wanted = append(wanted, img)
			named = true
		default:
			named = true
		}
	}
	if !named {
		return withoutPlatform
	}
	return wanted
}

// noImage returns the verdict on a source without a wanted image.
func (c *comparison) noImage(source *Manifest, images []image) Verdict {
	if !source.IsList() {
		return c.noPlatform(describeSingle(source, images[0].platform))
	}
	var platforms []*Platform
	for _, img := range images {
		platforms = append(platforms, img.platform)
	}
	return c.noPlatform(describeList(platforms))
}

// exactDiffers returns the verdict on a tag that has two digests.
func exactDiffers(t *trees) Verdict {
	verdict := fail(DigestDiffers, "source digest %q != dest digest %q", t.source.Digest, t.destination.Digest)
	for _, img := range t.selected {
		p := PlatformVerdict{Platform: img.name(), Source: img.Digest}
		if contains(t.destinationImages, img.Digest) {
			p.Destination, p.Match = img.Digest, Identical
		} else {
			p.Reason, p.Message = DigestDiffers, "the destination has no manifest of this digest"
		}
		verdict.Platforms = append(verdict.Platforms, p)
	}
	return verdict
}

// compareTrees compares the selected images with the destination's, and proves
// what they rest on.
func (c *comparison) compareTrees(t *trees) Verdict {
	offered := 0
	for _, img := range t.destinationImages {
		if c.wanted(img.platform) {
			offered++
		}
	}
	if offered > maxSelected {
		return tooMany(Destination, offered)
	}
	j := &judgement{comparison: c, trees: t}
	for _, selected := range byPlatform(t.selected) {
		j.judgePlatform(selected)
	}
	j.judgeBetterVariants()
	j.judgeWindows()
	if c.Provenance {
		j.judgeAttestations()
	}
	if c.isWaiting() {
		return Verdict{}
	}
	if verdict, differ := contentDiffers(j.platforms); differ {
		return verdict
	}
	return c.prove(overall(t.source, t.destination, j.platforms), j.platforms)
}

// contentDiffers returns the verdict on platforms if any of them differs. A
// proven difference counts more than a platform that could not be compared.
func contentDiffers(platforms []judged) (verdict Verdict, differ bool) {
	var missing []string
	var differences notes
	var failed, unsure Reason
	for _, p := range platforms {
		switch {
		case p.Reason == "":
			continue
		case p.Reason.isUnsure():
			unsure = cmp.Or(unsure, p.Reason)
		default:
			failed = cmp.Or(failed, p.Reason)
		}
		if p.Reason == PlatformMissing {
			missing = append(missing, shorten(cmp.Or(p.Message, "platform "+p.Platform), maxNote)) // an attestation has a message
			continue
		}
		differences.add(p.Platform, p.Message)
	}
	var all []string
	if len(missing) > 0 {
		all = append(all, "the destination does not have "+firstNames(unique(missing)))
	}
	if len(differences.texts) > 0 {
		all = append(all, differences.String())
	}
	verdict = Verdict{Status: Fail, Reason: failed, Message: strings.Join(all, "; "), Platforms: results(platforms)}
	if failed == "" {
		verdict.Status, verdict.Reason = Error, unsure
	}
	return verdict, failed != "" || unsure != ""
}
