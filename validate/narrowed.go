package validate

// checkNarrowed returns a problem if the destination's list offers an image to fewer
// nodes than the source does. The list may name features that a node must have. It may
// also name a version of Windows where the source names none. The version is right if
// it is the one in the config, because copying tools add it from there.
func (c *comparison) checkNarrowed(source, destination image) *problem {
	if !destination.isLabelled() || source.platform == nil {
		return nil
	}
	listed, offered := *destination.platform, *source.platform
	if more := listed.OSFeatures.without(offered.OSFeatures); more != "" {
		return newProblem(PlatformDiffers, "the destination's list says os.features %q of %s, which the source does not: nodes without them do not find it",
			more, destination.Digest)
	}
	if !listed.isWindows() || listed.OSVersion == "" || offered.OSVersion != "" {
		return nil
	}
	manifest, p := c.manifest(Destination, destination)
	if p != nil {
		return p
	}
	config, p := c.config(Destination, manifest)
	switch {
	case p != nil:
		return p
	case config.OSVersion == "":
		return newProblem(PlatformDiffers, "the destination's list says os.version %q of %s, which neither the source nor its config says: nodes of other versions do not find it",
			listed.OSVersion, destination.Digest)
	}
	return checkLabel(Destination, destination, config)
}
