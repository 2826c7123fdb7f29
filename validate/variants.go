package validate

import "fmt"

// judgeBetterVariants finds images of the destination that are for a better
// variant of a platform than the source has, such as arm/v7 beside arm/v6. At
// the source a node of the better variant takes the lesser image, and at the
// destination these, so they have to be the same.
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

// lesserVariant returns the selected image that a node takes at the source,
// where it takes img at the destination: the best of the lesser variants. It is
// nil if there is none, or if the source has the same variant.
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
