package validate

// image is an image or an artifact that a tag leads to, directly or through
// lists.
type image struct {
	Descriptor
	platform   *Platform // what it runs on: by its list, else by its config; nil if neither tells
	normalized Platform  // the platform in normal form
	manifest   *Manifest // nil if it was not read
	artifact   bool
	hidden     string   // why nodes do not find it behind its list, "" if they do
	problem    *problem // why nothing else is known of it, mostly nil
}

// name returns what results call the image.
func (img image) name() string {
	switch {
	case img.platform != nil && !img.hasEmptyPlatform():
		return img.platform.String()
	case img.ArtifactType != "":
		return img.ArtifactType
	case img.manifest != nil && img.manifest.Config.MediaType != "":
		return img.manifest.Config.MediaType
	}
	return "no platform"
}

// hasEmptyPlatform reports whether the config that should tell what the image
// runs on tells nothing. cosign's signatures are such images.
func (img image) hasEmptyPlatform() bool { return img.platform != nil && *img.platform == Platform{} }

func (img image) isHidden() bool { return img.hidden != "" }

// indexOf returns where an image of that digest stands, or -1.
func indexOf(images []image, digest string) int {
	for i := range images {
		if images[i].Digest == digest {
			return i
		}
	}
	return -1
}

func contains(images []image, digest string) bool { return indexOf(images, digest) >= 0 }

// isLabelled reports whether a list tells what its entry runs on.
func (d Descriptor) isLabelled() bool {
	return d.Platform != nil && (d.Platform.Architecture != "" || d.Platform.OS != "")
}

func isListType(mediaType string) bool {
	return mediaType == TypeDockerList || mediaType == TypeOCIIndex
}

// digestsOf returns the digests of the images that were found, of their configs
// as far as these are known, and of the lists that top names.
func digestsOf(images []image, top *Manifest) map[string]bool {
	digests := map[string]bool{}
	for _, img := range images {
		if img.problem != nil {
			continue
		}
		digests[img.Digest] = true
		if img.manifest != nil {
			digests[img.manifest.Config.Digest] = true
		}
	}
	for _, child := range top.Children {
		if isListType(child.MediaType) {
			digests[child.Digest] = true
		}
	}
	return digests
}
