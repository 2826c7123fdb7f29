package validate

// A leaf: an image or an artifact that a tag leads to.

// leaf is an image or an artifact that a tag leads to.
type leaf struct {
	Descriptor
	platform *Platform // what it is offered for, by its list, else by its config; nil if by neither
	normal   Platform  // the same, normalised
	manifest *Manifest // nil if there was no need to read it
	artifact bool
	hidden   string // why nodes do not find it behind its list, "" if they do

	// Why nothing else is known of it, "" if that is not so.
	reason  Reason
	message string
}

// name is how results call a leaf.
func (l leaf) name() string {
	switch {
	case l.platform != nil && !l.isPlain():
		return l.platform.String()
	case l.ArtifactType != "":
		return l.ArtifactType
	case l.manifest != nil && l.manifest.Config.MediaType != "":
		return l.manifest.Config.MediaType
	}
	return "no platform"
}

// isPlain says whether neither a list nor its config tells what an image runs on.
func (l leaf) isPlain() bool { return l.platform != nil && *l.platform == Platform{} }

// isLabelled says whether a list tells what its entry runs on.
func (d Descriptor) isLabelled() bool {
	return d.Platform != nil && (d.Platform.Architecture != "" || d.Platform.OS != "")
}

func isListType(mediaType string) bool {
	return mediaType == TypeDockerList || mediaType == TypeOCIIndex
}

// digests are those of leaves that are known to be there, and of their configs.
func digests(leaves []leaf, lists *Manifest) map[string]bool {
	all := map[string]bool{}
	for _, l := range leaves {
		if l.reason != "" {
			continue
		}
		all[l.Digest] = true
		if l.manifest != nil {
			all[l.manifest.Config.Digest] = true
		}
	}
	for _, child := range lists.Children {
		if isListType(child.MediaType) {
			all[child.Digest] = true
		}
	}
	return all
}
