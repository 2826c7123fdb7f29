package validate

import "fmt"

// judgeBetterVariants compares images of the destination that are for a better
// variant of a platform than the source has. For example, the destination has
// arm/v7 and the source only arm/v6. Then an arm/v7 node gets the image for arm/v6
// from the source, but the image for arm/v7 from the destination. So these two
// images must be the same.
func (j *judgement) judgeBetterVariants() {
	compared := 0
	for _, img := range j.destinationImages {
		lesser := j.lesserVariant(img)
		if lesser == nil {
			continue
		}
		if compared++; compared > maxUnlike {
			j.add(PlatformVerdict{Platform: lesser.name(), Source: lesser.Digest}, image{},
				newProblem(BadManifest, "the destination has more than %d other variants of this platform", maxUnlike))
			return
		}
		if lesser.Digest == img.Digest {
			continue
		}
		if _, p := j.same(*lesser, img); p != nil {
			j.add(PlatformVerdict{Platform: lesser.name(), Source: lesser.Digest, Destination: img.Digest}, image{},
				p.after(fmt.Sprintf("the destination has another image for %s, where nodes of that variant take this one at the source: ", img.name())))
		}
	}
}

// lesserVariant returns the image that a node gets from the source, if it gets img
// from the destination. It looks at the selected images for lesser variants than
// img's, and returns the one for the best of these variants. It returns nil if there
// is none, or if the source has the variant of img.
func (j *judgement) lesserVariant(img image) *image {
	if img.isHidden() || img.platform == nil || len(candidatesFor(img, j.sourceImages)) > 0 {
		return nil
	}
	var best *image
	for i := range j.selected {
		lesser := &j.selected[i]
		if lesser.platform == nil || lesser.isHidden() || !img.platform.runs(*lesser.platform) {
			continue
		}
		if best == nil || lesser.platform.runs(*best.platform) && !best.platform.runs(*lesser.platform) {
			best = lesser
		}
	}
	return best
}
