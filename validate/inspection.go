package validate

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// What a registry has under a reference, for rules that users write.

// Inspection is a manifest, and the config of an image.
type Inspection struct {
	Manifest *Manifest
	Config   *Config // nil of a list, and of what is no image
}

// Size is what a pull takes besides the manifest: config and layers in bytes,
// as they are stored. It is not known of schema 1, nor of a list, whose images
// have their own.
func (i *Inspection) Size() (size int64, known bool) {
	if i.Manifest.IsList() || i.Manifest.IsSchema1() {
		return 0, false
	}
	for _, blob := range append(slices.Clone(i.Manifest.Layers), i.Manifest.Config) {
		size += min(blob.Size, math.MaxInt64-size) // whoever lies that much is big enough
	}
	return size, true
}

// ArtifactType says what a single manifest holds that is no image, else "".
// https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage
func (i *Inspection) ArtifactType() string {
	if i.Manifest.IsList() || !i.Manifest.isArtifact() {
		return ""
	}
	return cmp.Or(i.Manifest.ArtifactType, i.Manifest.Config.MediaType)
}

// Created returns when an image was made, zero if its config does not say.
func (i *Inspection) Created() time.Time {
	if i.Config == nil {
		return time.Time{}
	}
	created, err := time.Parse(time.RFC3339Nano, i.Config.Created)
	if err != nil {
		return time.Time{}
	}
	return created
}

// IsImage says whether the manifest is of one image that has a config of its
// own: it is no list, no artifact, and not of schema 1.
func (m *Manifest) IsImage() bool { return !m.IsList() && !m.IsSchema1() && !m.isArtifact() }

// IsAttestation says whether a list's entry is no image, but what BuildKit
// attests of one. What is offered for a platform is an image, whatever its
// annotations say: nodes do not read them.
func (d Descriptor) IsAttestation() bool {
	return d.Annotations[annotationReferenceType] == attestationManifest && (!d.isLabelled() || d.Platform.isUnknown())
}

// Wants says whether the question asks about a platform.
func (q Question) Wants(p Platform) bool { return q.wanted(&p) }
