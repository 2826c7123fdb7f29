package validate

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Inspection is what a registry has under a reference, for scripts: a manifest,
// and the config if the manifest is of an image.
type Inspection struct {
	Manifest *Manifest
	Config   *Config // nil if the manifest is a list or an artifact
}

// Size returns how many bytes a pull transfers besides the manifest: the config
// and the layers as they are stored. The size is not known of schema 1, whose
// manifest does not tell it, nor of a list, whose images have their own.
func (i *Inspection) Size() (size int64, known bool) {
	if i.Manifest.IsList() || i.Manifest.IsSchema1() {
		return 0, false
	}
	for _, blob := range append(slices.Clone(i.Manifest.Layers), i.Manifest.Config) {
		size += min(blob.Size, math.MaxInt64-size) // such a manifest lies; the sum must not overflow
	}
	return size, true
}

// ArtifactType returns the type of an artifact, "" of a list and of an image.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage
func (i *Inspection) ArtifactType() string {
	if i.Manifest.IsList() || !i.Manifest.isArtifact() {
		return ""
	}
	return cmp.Or(i.Manifest.ArtifactType, i.Manifest.Config.MediaType)
}

// Created returns when an image was made, the zero time if its config does not
// tell.
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

// IsImage reports whether the manifest is of one image that has a config of its
// own: it is no list, no artifact, and not of schema 1.
func (m *Manifest) IsImage() bool { return !m.IsList() && !m.IsSchema1() && !m.isArtifact() }

// IsAttestation reports whether a list's entry is an attestation that BuildKit
// made of an image. An entry for a platform is an image, whatever its
// annotations say, since nodes do not read annotations.
func (d Descriptor) IsAttestation() bool {
	return d.Annotations[annotationReferenceType] == attestationManifest && (!d.isLabelled() || d.Platform.isUnknown())
}
