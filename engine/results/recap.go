package results

import (
	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// This file makes what a report of the counts names beside them: the first images that did
// not pass, or that a script accepts.

// Waiver is an image that the script accepts in spite of its result.
type Waiver struct {
	Image
	Status validate.Status `json:"status"`
	Reason validate.Reason `json:"reason"`
	Waived string          `json:"waived"` // why the script accepts it
}

// maxWaivers is how many waived images a report of the counts names.
const maxWaivers = 20

// Group are the images that did not pass for one reason.
type Group struct {
	Status validate.Status `json:"status"`
	Reason validate.Reason `json:"reason"`
	Count  int             `json:"count"`
	Advice string          `json:"advice"` // what a reader can do; may be empty
	First  []Image         `json:"first"`  // the first ones in the order of the lists, at most 20
}

// End returns the end of the run over all parts, with what a reader has to know beside
// the counts. advice says for a reason what the reader can do.
func (o *Outcome) End(advice map[validate.Reason]string) End {
	end := endOf(o.Summary)
	end.Finished = o.Summary.Started.Add(o.Summary.Elapsed)
	end.Notices = o.Notices
	for _, group := range o.Summary.NotPassed {
		first := make([]Image, len(group.First))
		for i, image := range group.First {
			first[i] = identify(image)
		}
		end.Recap = append(end.Recap, Group{group.Status, group.Reason, group.Count, advice[group.Reason], first})
	}
	if end.Waived == 0 {
		return end
	}
	for r := range o.Results() {
		if r.Waived == "" {
			continue
		}
		end.Waivers = append(end.Waivers, Waiver{identify(r.Image), r.Status, r.Reason, r.Waived})
		if len(end.Waivers) == maxWaivers {
			break
		}
	}
	return end
}

// identify returns the image of a list as records name it.
func identify(image *imagelist.Image) Image {
	source, destination := image.WrittenTags()
	return Image{image.List, image.Number, image.Source, image.Destination, source, destination}
}
