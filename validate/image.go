package validate

import "slices"

// image is an image or an artifact behind a tag. The tag leads to it directly or
// through lists.
type image struct {
	Descriptor
	platform   *Platform // the platform that its list names, or else its config; nil if neither names one
	normalized Platform  // the platform in normal form
	manifest   *Manifest // nil if it was not read
	artifact   bool
	hidden     string   // why nodes do not find the image in its list; "" if they find it
	blocks     bool     // nodes find it in its list and cannot use it, so they get no other image for its platform
	barren     bool     // it is no image but a list, which has none for its platform
	nested     bool     // its list stands in another list
	unnamed    bool     // neither its own list nor the list around that says its platform to a node
	problem    *problem // why the image could not be read; nil if it could
}

// name returns the name of the image in results.
func (img image) name() string {
	switch {
	case img.platform != nil && !img.hasEmptyPlatform():
		return img.platform.String()
	case img.isLabelled():
		return img.Platform.String()
	case img.ArtifactType != "":
		return shorten(img.ArtifactType, maxNote)
	case img.manifest != nil && img.manifest.Config.MediaType != "":
		return shorten(img.manifest.Config.MediaType, maxNote)
	}
	return "no platform"
}

// hasEmptyPlatform reports whether the config of an image should name its platform,
// but does not. cosign's signatures are such images.
func (img image) hasEmptyPlatform() bool { return img.platform != nil && *img.platform == Platform{} }

// normalizedFor returns the platform in normal form, to compare it with another image's.
// What the config of an image leaves out, the list around the other one may add.
func (img image) normalizedFor(other image) Platform {
	if img.isLabelled() || img.hasEmptyPlatform() {
		return img.normalized
	}
	return img.normalized.completed(&other.normalized)
}

func (img image) isHidden() bool { return img.hidden != "" }

// visible returns the images that nodes find.
func visible(images []image) []image { return slices.DeleteFunc(slices.Clone(images), image.isHidden) }

// indexOf returns the index of the image with a digest, or -1 if there is none.
func indexOf(images []image, digest string) int {
	for i := range images {
		if images[i].Digest == digest {
			return i
		}
	}
	return -1
}

func contains(images []image, digest string) bool { return indexOf(images, digest) >= 0 }

// isLabelled reports whether the entry of a list names its platform.
func (d Descriptor) isLabelled() bool {
	return d.Platform != nil && (d.Platform.Architecture != "" || d.Platform.OS != "")
}

func isListType(mediaType string) bool {
	return mediaType == TypeDockerList || mediaType == TypeOCIIndex
}

// digestsOf returns the digests of the images that were found, the digests of their
// configs if their manifests were read, and the digests of the lists in top.
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
