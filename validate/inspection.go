package validate

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Inspection holds the manifest that a registry has under a reference, and the
// config if the manifest is that of an image. Scripts get it from inspect().
type Inspection struct {
	Manifest *Manifest
	Config   *Config // nil if the manifest is a list or an artifact
}

// Size returns how many bytes a pull transfers besides the manifest: the config
// and the compressed layers. A manifest of schema 1 does not name its sizes, so
// its size is not known. A list has no size; each of its images has one.
func (i *Inspection) Size() (size int64, known bool) {
	if i.Manifest.IsList() || i.Manifest.IsSchema1() {
		return 0, false
	}
	for _, blob := range append(slices.Clone(i.Manifest.Layers), i.Manifest.Config) {
		size += min(blob.Size, math.MaxInt64-size) // a manifest may lie about its sizes; the sum must not overflow
	}
	return size, true
}

// ArtifactType returns the type of an artifact. It is "" for a list and an image.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage
func (i *Inspection) ArtifactType() string {
	if i.Manifest.IsList() || !i.Manifest.isArtifact() {
		return ""
	}
	return cmp.Or(i.Manifest.ArtifactType, i.Manifest.Config.MediaType)
}

// Created returns the time when an image was made. It is the zero time if the
// config does not name a time.
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

// IsImage reports whether the manifest is that of one image with a config. Lists
// and artifacts are no images. Manifests of schema 1 have no config.
func (m *Manifest) IsImage() bool { return !m.IsList() && !m.IsSchema1() && !m.isArtifact() }

// IsAttestation reports whether an entry of a list is an attestation that BuildKit
// made for an image. An entry that names a platform is an image, whatever its
// annotations say, because nodes do not read annotations.
func (d Descriptor) IsAttestation() bool {
	return d.Annotations[annotationReferenceType] == attestationManifest && (!d.isLabelled() || d.Platform.isUnknown())
}
