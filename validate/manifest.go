package validate

import "fmt"

// Media types of manifests.
const (
	TypeDockerSchema1       = "application/vnd.docker.distribution.manifest.v1+json"
	TypeDockerSchema1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws"
	TypeDockerManifest      = "application/vnd.docker.distribution.manifest.v2+json"
	TypeDockerList          = "application/vnd.docker.distribution.manifest.list.v2+json"
	TypeOCIManifest         = "application/vnd.oci.image.manifest.v1+json"
	TypeOCIIndex            = "application/vnd.oci.image.index.v1+json"
)

// ManifestTypes are the media types that ParseManifest reads, the preferred ones
// first.
var ManifestTypes = []string{TypeDockerList, TypeOCIIndex, TypeDockerManifest, TypeOCIManifest, TypeDockerSchema1Signed, TypeDockerSchema1}

// Manifest is a parsed manifest of any type.
type Manifest struct {
	MediaType string
	Digest    string
	Size      int64

	Children []Descriptor // of a list or an index
	Config   Descriptor   // of an image
	Layers   []Descriptor // of an image, the base first

	// ServedAs is the registry's Content-Type if that is not MediaType, else "".
	ServedAs string

	ArtifactType string // as the manifest states it, mostly ""
	Annotations  map[string]string

	// Schema1 stands in for the config of an image of schema 1, which has none. It
	// is nil for other manifests.
	Schema1 *Config
}

// Descriptor points to a manifest or a blob.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md
type Descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"` // in bytes; 0 if whoever points does not tell
	Platform     *Platform         `json:"platform,omitempty"`
	ArtifactType string            `json:"artifactType,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	URLs         []string          `json:"urls,omitempty"` // other places that have the blob
}

// check returns an error if the descriptor cannot point to anything.
func (d Descriptor) check() error {
	if d.Size < 0 {
		return fmt.Errorf("%s has a size of %d bytes", d.Digest, d.Size)
	}
	return CheckDigest(d.Digest)
}

// child returns the first entry of a list that has the digest, or nil.
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

// IsSchema1 reports whether the manifest is of Docker's first schema.
func (m *Manifest) IsSchema1() bool {
	return m.MediaType == TypeDockerSchema1 || m.MediaType == TypeDockerSchema1Signed
}

// isArtifact reports whether a single manifest is of something else than an
// image. Its config then has a type of its own, and need not even be JSON.
func (m *Manifest) isArtifact() bool {
	switch m.Config.MediaType {
	case typeDockerConfig, typeOCIConfig, "", "application/octet-stream": // the last two as early tools wrote it
		return false
	}
	return !m.IsSchema1()
}
