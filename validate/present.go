package validate

import (
	"fmt"
	"slices"
	"strings"
)

// present judges by the rules "present". There is no source, or it cannot be
// reached, so only the destination is asked. The destination must have the image,
// with at least one wanted platform, and every wanted platform that its list names.
// An image without a platform, such as a chart, must only be there.
func (c *comparison) present() Verdict {
	top, p := c.destinationTop()
	switch {
	case p == unknown:
		return Verdict{}
	case p != nil:
		return c.failEach(p, nil)
	case top == nil:
		return c.destinationMissing().fail()
	case top.IsList() && len(top.Children) == 0:
		return fail(DestinationEmpty, "destination manifest list is empty")
	}
	images, refused := c.imagesBehind(Destination, top, nil)
	if c.isWaiting() {
		return Verdict{}
	}
	if refused != nil {
		return *refused
	}
	return c.presentImages(top, images)
}

// presentImages returns the verdict on the images behind the destination's manifest.
func (c *comparison) presentImages(top *Manifest, images []image) Verdict {
	selected := slices.DeleteFunc(c.selectImages(images), func(img image) bool {
		return img.problem != nil && img.isLabelled() && !c.wanted(img.Platform) // a list that is missing, of another platform
	})
	var attestations []image
	if c.Provenance {
		attestations = wantedAttestations(images, selected)
	}
	switch n := len(selected) + len(attestations); {
	case len(selected) == 0:
		return c.noneWanted(top, images)
	case n > maxSelected:
		return tooMany(Destination, n)
	}
	j := &judgement{comparison: c}
	for _, group := range byPlatform(selected) {
		j.findVisible(group)
	}
	for _, img := range attestations {
		j.addFound(img)
	}
	if verdict, differ := contentDiffers(j.platforms); differ {
		return verdict
	}
	return c.prove("", j.platforms)
}

// noneWanted returns the verdict on a destination that has none of the wanted
// platforms.
func (c *comparison) noneWanted(top *Manifest, images []image) Verdict {
	var has string
	if top.IsList() {
		var platforms []*Platform
		for _, img := range images {
			platforms = append(platforms, img.platform)
		}
		has = describeList(platforms)
	} else {
		has = describeSingle(top, images[0].platform)
	}
	return fail(PlatformMissing, "the destination does not have OS [%s], arch [%s]; it has %s", strings.Join(c.OS, ","), strings.Join(c.Arch, ","), has)
}

// findVisible adds a result for each image of one platform that nodes find in the
// destination's list. If they find none, the platform fails.
func (j *judgement) findVisible(group []image) {
	visible := slices.DeleteFunc(slices.Clone(group), image.isHidden)
	for _, img := range visible {
		j.addFound(img)
	}
	if len(visible) == 0 {
		hidden := group[0]
		j.add(PlatformVerdict{Platform: hidden.name(), Destination: hidden.Digest}, image{},
			newProblem(PlatformDiffers, "nodes do not find %s at the destination: %s", hidden.Digest, hidden.hidden))
	}
}

// addFound adds the result of an image that nodes find.
func (j *judgement) addFound(img image) {
	j.add(PlatformVerdict{Platform: img.name(), Destination: img.Digest}, img, img.problem)
}

// wantedAttestations returns the attestations that the destination's list names,
// except those about an image of a platform that is not wanted.
func wantedAttestations(images, selected []image) (wanted []image) {
	unwanted := map[string]bool{}
	for _, img := range images {
		unwanted[img.Digest] = true
	}
	for _, img := range selected {
		delete(unwanted, img.Digest)
	}
	for _, img := range images {
		if digest := img.attestedDigest(); digest != "" && !unwanted[digest] {
			wanted = append(wanted, img)
		}
	}
	return wanted
}

// sourceless is the verdict on an image whose line names no source, by rules that
// compare with one.
func (q Question) sourceless() Verdict {
	return Verdict{Status: Error, Reason: SourceMissing,
		Message: fmt.Sprintf("the line names only the destination, and the rules %q compare with a source: write SOURCE DESTINATION TAG", q.Rules)}
}

// checkReferrers returns an error if the question is about referrers, and its rules
// do not ask the source: nobody else knows what should be attached.
func (q Question) checkReferrers() error {
	if q.Referrers && !q.Rules.AskSource() {
		return fmt.Errorf("the rules %q never ask the source, which alone knows what is attached to an image: do not ask for referrers, or choose other rules", q.Rules)
	}
	return nil
}
