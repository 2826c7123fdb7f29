package validate

import (
	"cmp"
	"fmt"
)

// These are the media types of manifests.
const (
	TypeDockerSchema1       = "application/vnd.docker.distribution.manifest.v1+json"
	TypeDockerSchema1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws"
	TypeDockerManifest      = "application/vnd.docker.distribution.manifest.v2+json"
	TypeDockerList          = "application/vnd.docker.distribution.manifest.list.v2+json"
	TypeOCIManifest         = "application/vnd.oci.image.manifest.v1+json"
	TypeOCIIndex            = "application/vnd.oci.image.index.v1+json"
)

// ManifestTypes are the media types that ParseManifest can read. The preferred ones
// come first.
var ManifestTypes = []string{TypeDockerList, TypeOCIIndex, TypeDockerManifest, TypeOCIManifest, TypeDockerSchema1Signed, TypeDockerSchema1}

// Manifest is a parsed manifest of any type.
type Manifest struct {
	MediaType string
	Digest    string
	Size      int64
	sha256    string // the SHA-256 digest, if Digest has another algorithm; else ""

	Children []Descriptor // the entries of a list or an index
	Config   Descriptor   // the config of an image
	Layers   []Descriptor // the layers of an image; the base comes first

	// ServedAs is the Content-Type that the registry sent, if it is not MediaType.
	// Otherwise it is "".
	ServedAs string

	// Untyped reports whether the manifest does not say its media type, so that only the
	// registry's Content-Type does.
	Untyped bool

	ArtifactType string // the type that the manifest itself names, or ""
	Annotations  map[string]string

	// Schema1 is the config that an image of schema 1 has inside its manifest. It is
	// nil for other manifests.
	Schema1 *Config
}

// Descriptor describes a manifest or a blob, and names its digest.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md
type Descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"` // in bytes; 0 if it is not known
	Platform     *Platform         `json:"platform,omitempty"`
	ArtifactType string            `json:"artifactType,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	URLs         []string          `json:"urls,omitempty"` // other places that have the blob

	// Data are the bytes that the descriptor has in itself, if they are wrong.
	// ParseManifest leaves out right ones; see dropRightData.
	Data []byte `json:"data,omitempty"`
}

// check returns an error if the size or the digest is not valid. It drops Data if that
// is right.
func (d *Descriptor) check() error {
	if d.Size < 0 {
		return fmt.Errorf("%s has a size of %d bytes", d.Digest, d.Size)
	}
	d.dropRightData()
	return CheckDigest(d.Digest)
}

// hasBytesOf reports whether two manifests are the same document. Registries may name it
// by digests of two algorithms.
func (m *Manifest) hasBytesOf(other *Manifest) bool {
	return m.Digest == other.Digest || cmp.Or(m.sha256, m.Digest) == cmp.Or(other.sha256, other.Digest)
}

// computeDigest computes the digest of a manifest by its bytes. A digest of another
// algorithm than SHA-256 can only be compared if both are known.
func (m *Manifest) computeDigest(algorithm string, body []byte) {
	m.Digest = Digest(algorithm, body)
	if Algorithm(m.Digest) != "sha256" {
		m.sha256 = Digest("sha256", body)
	}
}

// child returns the first entry of a list with a digest, or nil if there is none.
func (m *Manifest) child(digest string) *Descriptor {
	for i := range m.Children {
		if m.Children[i].Digest == digest {
			return &m.Children[i]
		}
	}
	return nil
}

// IsList reports whether the manifest is a Docker manifest list or an OCI index.
func (m *Manifest) IsList() bool { return m.MediaType == TypeDockerList || m.MediaType == TypeOCIIndex }

// IsSchema1 reports whether the manifest has Docker's first schema.
func (m *Manifest) IsSchema1() bool {
	return m.MediaType == TypeDockerSchema1 || m.MediaType == TypeDockerSchema1Signed
}

// isArtifact reports whether a single manifest is that of an artifact, not of an
// image. The config of an artifact has its own media type, and need not be JSON.
func (m *Manifest) isArtifact() bool {
	return !isImageConfig(m.Config.MediaType) && !m.IsSchema1()
}

// isImageConfig reports whether a media type is that of an image's config. Early tools
// wrote no type, or that of any file.
func isImageConfig(mediaType string) bool {
	switch mediaType {
	case typeDockerConfig, typeOCIConfig, "", "application/octet-stream":
		return true
	}
	return false
}

// isArtifact reports whether the entry of a list says that its manifest is that of an
// artifact. Some tools, such as go-containerregistry, write the type of the config
// there, also for images. Others drop the type again.
func (d Descriptor) isArtifact() bool { return !isImageConfig(d.ArtifactType) }
