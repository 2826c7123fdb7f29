package validate

import "fmt"

// judgeBetterVariants looks at images of the destination that are for a better
// variant of a platform than the source has, such as arm/v7 where the source has
// only arm/v6. A node of arm/v7 takes the lesser image at the source and the
// better one at the destination, so the two must be the same.
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

// lesserVariant returns the image that a node takes at the source if it takes img
// at the destination: of the selected images, the best lesser variant. It returns
// nil if there is none, or if the source has the variant of img.
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
