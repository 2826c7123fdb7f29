package validate

import (
	"cmp"
	"slices"
	"strings"
)

// content judges by the rules "content": whatever tool made the mirror, a node
// that pulls a wanted platform from the destination gets the same files, and
// runs them the same way.
func (c *comparison) content() Verdict {
	t, verdict := c.readTrees()
	if t == nil {
		return verdict
	}
	return c.compareTrees(t)
}

// exact judges by the rules "exact": as "content", and the tag has the same
// digest on both sides.
func (c *comparison) exact() Verdict {
	t, verdict := c.readTrees()
	if t == nil {
		return verdict
	}
	if t.source.Digest != t.destination.Digest {
		return exactDiffers(t)
	}
	return c.compareTrees(t)
}

// trees is what the tag leads to on both sides.
type trees struct {
	source, destination             *Manifest // under the tag
	sourceImages, destinationImages []image   // that these lead to
	selected                        []image   // of the source's images, those that the question asks about
}

// readTrees reads both sides. It returns no trees if facts are missing, or if
// there is nothing to compare and so a verdict.
func (c *comparison) readTrees() (*trees, Verdict) {
	source, destination, known := c.tops()
	if !known {
		return nil, Verdict{}
	}
	if source == nil {
		return nil, sourceMissing()
	}
	sourceImages, destinationImages, refused := c.bothImages(source, destination)
	if c.isWaiting() {
		return nil, Verdict{}
	}
	if refused != nil {
		return nil, *refused
	}
	selected := c.selectImages(sourceImages)
	switch {
	case len(selected) == 0:
		return nil, c.noImage(source, sourceImages)
	case destination == nil:
		return nil, fail(DestinationMissing, "destination manifest does not exists")
	case destination.IsList() && len(destination.Children) == 0:
		return nil, fail(DestinationEmpty, "destination manifest list is empty")
	case len(selected) > maxSelected:
		return nil, tooMany(Source, len(selected))
	}
	return &trees{source, destination, sourceImages, destinationImages, selected}, Verdict{}
}

// bothImages returns what the manifests of both sides lead to. Where they are
// the same manifest, only the destination is asked.
func (c *comparison) bothImages(source, destination *Manifest) (sourceImages, destinationImages []image, refused *Verdict) {
	shared := map[string]bool{}
	if destination != nil {
		if destinationImages, refused = c.imagesBehind(Destination, destination, nil); refused != nil {
			return nil, nil, refused
		}
		if destination.IsList() && c.isWaiting() { // the source need not be asked for what is found here
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

// selectImages returns the images that the question asks about. Where no image
// names a platform, as with artifacts and cosign's signatures, these are all.
func (c *comparison) selectImages(images []image) []image {
	var wanted, withoutPlatform []image
	named := false
	for _, img := range images {
		switch {
		case img.attestedDigest() != "":
		case img.artifact || img.hasEmptyPlatform():
			withoutPlatform = append(withoutPlatform, img)
		case img.problem != nil || c.wanted(img.platform): // what was not found may be wanted
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

// noImage is the verdict on a source that has nothing that is wanted.
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

// exactDiffers is the verdict on two digests under one tag.
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

// compareTrees compares the selected images with the destination's.
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

// contentDiffers sums up what differs, if anything does. What is sure comes
// before what could not be looked at.
func contentDiffers(platforms []judged) (verdict Verdict, differ bool) {
	var missing, notes []string
	var failed, unsure Reason
	for _, p := range platforms {
		switch p.Reason {
		case "":
			continue
		case SourceMissing, BadManifest:
			unsure = cmp.Or(unsure, p.Reason)
		default:
			failed = cmp.Or(failed, p.Reason)
		}
		if p.Reason == PlatformMissing {
			missing = append(missing, cmp.Or(p.Message, "platform "+p.Platform)) // the message is of an attestation
			continue
		}
		notes = append(notes, p.Platform+": "+p.Message)
	}
	if len(missing) > 0 {
		notes = append([]string{"the destination does not have " + strings.Join(missing, ", ")}, notes...)
	}
	verdict = Verdict{Status: Fail, Reason: failed, Message: strings.Join(notes, "; "), Platforms: results(platforms)}
	if failed == "" {
		verdict.Status, verdict.Reason = Error, unsure
	}
	return verdict, failed != "" || unsure != ""
}
