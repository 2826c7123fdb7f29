package validate

// checkNested returns a problem if only the destination's image stands in a list in the
// list. containerd follows both lists. CRI-O and Podman take the first entry for their
// platform, and fail if that is a list. Docker does the same.
// https://github.com/containers/image/blob/v5.34.0/copy/single.go (copySingleImage)
func checkNested(source, destination image) *problem {
	if source.platform == nil || source.nested || !destination.nested {
		return nil
	}
	return newProblem(PlatformDiffers, "its image stands in a list within the destination's list, where CRI-O, Podman and Docker cannot pull it; at the source it does not")
}

// checkNarrowed returns a problem if the destination's list offers an image to fewer
// nodes than the source does, or sends them elsewhere for it. The image may stand in an inner list. The list may name features that a node must have. It may
// also name a version of Windows where the source's list names none. The version is
// right if the source's config says it, because copying tools add it from there.
func (j *judgement) checkNarrowed(source, destination image) *problem {
	if source.platform == nil || destination.platform == nil || !j.destination.IsList() {
		return nil
	}
	if p := checkNested(source, destination); p != nil {
		return p
	}
	if p := j.checkUnfound(source, destination); p != nil {
		return p
	}
	if why := elsewhere(source.Descriptor, destination.Descriptor); why != "" {
		return newProblem(PlatformDiffers, "%s: %s", destination.Digest, why)
	}
	offered, listed := *source.platform, *destination.platform
	if more := listed.OSFeatures.without(offered.OSFeatures); more != "" {
		return newProblem(PlatformDiffers, "the destination's list says os.features %q of %s, which the source does not: nodes without them do not find it",
			more, destination.Digest)
	}
	if !listed.isWindows() || listed.OSVersion == "" || offered.OSVersion != "" {
		return nil
	}
	config, p := j.sourceConfig(source, destination)
	switch {
	case p != nil:
		return p
	case config.OSVersion == "":
		return newProblem(PlatformDiffers, "the destination offers %s for os.version %q, which neither the source's list nor its config says: nodes of other versions do not find it",
			destination.Digest, listed.OSVersion)
	}
	return checkLabel(Destination, destination, config)
}

// sourceConfig returns the config of the source's image. If the destination has the
// same image, the config is read there.
func (j *judgement) sourceConfig(source, destination image) (*Config, *problem) {
	side := Source
	if source.Digest == destination.Digest {
		side, source = Destination, destination
	}
	manifest, p := j.manifest(side, source)
	if p != nil {
		return nil, p
	}
	return j.config(side, manifest)
}
