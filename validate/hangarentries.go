package validate

import "slices"

// hangarLists are the entries of two lists that are compared with each other. Each
// entry has a platform.
type hangarLists struct {
	source, destination []Descriptor // those that the question asks about
	allDestination      []Descriptor
	offered             []*Platform // all platforms of the source
	lost                []judged    // results for what the source's list names and the source does not have
	broken              *image      // an image of the destination that could not be read, or nil
}

// hangarEntries returns the entries of both lists that are to be compared. An entry of
// the source that names no platform, or that is a list, is read to find out what it
// offers. If hangarEntries returns no lists, either facts are missing, or the verdict
// is clear without a comparison.
func (c *comparison) hangarEntries(source, destination *Manifest) (*hangarLists, Verdict) {
	if !slices.ContainsFunc(source.Children, mustBeRead) {
		lists := &hangarLists{source: c.selectEntries(source.Children)}
		for _, entry := range source.Children {
			lists.offered = append(lists.offered, entry.Platform)
		}
		if destination != nil {
			lists.destination, lists.allDestination = c.selectEntries(destination.Children), destination.Children
		}
		if len(lists.source) == 0 && !slices.ContainsFunc(source.Children, Descriptor.isLabelled) {
			return nil, c.content() // a list of artifacts
		}
		return lists, Verdict{}
	}
	sourceImages, destinationImages, refused := c.bothImages(source, destination)
	switch {
	case c.isWaiting():
		return nil, Verdict{}
	case refused != nil:
		return nil, *refused
	case !slices.ContainsFunc(sourceImages, func(img image) bool { return img.problem != nil || img.platform != nil && !img.hasEmptyPlatform() }):
		return nil, c.content() // a list of artifacts
	}
	return c.readLists(sourceImages, destinationImages), Verdict{}
}

// mustBeRead reports whether an entry of a list does not say what nodes get from it.
func mustBeRead(entry Descriptor) bool {
	return isListType(entry.MediaType) || !entry.isLabelled() && !entry.isArtifact() && !entry.IsAttestation()
}

// readLists returns the entries behind two lists whose entries had to be read. An image
// of the destination that stands in an inner list counts only if the source has such
// lists, because many nodes cannot pull it.
func (c *comparison) readLists(sourceImages, destinationImages []image) *hangarLists {
	lists := &hangarLists{}
	nested := false
	var entries []Descriptor
	for _, img := range sourceImages {
		nested = nested || img.nested
		if img.problem != nil {
			lists.lost = append(lists.lost, judged{PlatformVerdict{Platform: img.name(), Source: img.Digest,
				Reason: img.problem.reason, Message: img.problem.message}, image{}})
			continue
		}
		lists.offered = append(lists.offered, img.platform)
		entries = append(entries, img.entry())
	}
	lists.source = c.selectEntries(entries)
	for i := range destinationImages {
		img := &destinationImages[i]
		switch {
		case img.problem != nil:
			lists.broken = img
		case nested || !img.nested:
			lists.allDestination = append(lists.allDestination, img.entry())
		}
	}
	lists.destination = c.selectEntries(lists.allDestination)
	return lists
}

// entry returns the image as an entry of a list that names its platform.
func (img image) entry() Descriptor {
	entry := img.Descriptor
	entry.Platform = img.platform
	return entry
}

// selectEntries returns the entries that the question asks about.
func (c *comparison) selectEntries(entries []Descriptor) []Descriptor {
	selected := make([]Descriptor, 0, len(entries))
	attested := map[string]bool{}
	if c.Provenance {
		for _, entry := range entries {
			attested[entry.Digest] = attested[entry.Digest] || c.wanted(entry.Platform)
		}
	}
	for _, entry := range entries {
		if c.wanted(entry.Platform) || entry.Platform != nil && attested[entry.attestedDigest()] {
			selected = append(selected, entry)
		}
	}
	return selected
}
