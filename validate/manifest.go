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

// ManifestTypes are the media types that Parse reads, in order of preference.
var ManifestTypes = []string{TypeDockerList, TypeOCIIndex, TypeDockerManifest, TypeOCIManifest, TypeDockerSchema1Signed, TypeDockerSchema1}

// Manifest is a parsed manifest of any type.
type Manifest struct {
	MediaType string
	Digest    string
	Size      int64

	Children []Descriptor // of a list or an index
	Config   Descriptor   // of an image
	Layers   []Descriptor // of an image, the base first

	// ServedAs is the registry's Content-Type where that is another type than the
	// manifest's, else "".
	ServedAs string

	ArtifactType string // as the manifest states it, mostly ""
	Annotations  map[string]string

	// Schema1 is what a manifest of schema 1 says of the image; others leave it
	// to their config.
	Schema1 *Config
}

// Descriptor points to a manifest or a blob.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md
type Descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"` // in bytes; 0 if it is not said
	Platform     *Platform         `json:"platform,omitempty"`
	ArtifactType string            `json:"artifactType,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	URLs         []string          `json:"urls,omitempty"` // from where a layer may be had besides
}

// check says what is wrong with a descriptor.
func (d Descriptor) check() error {
	if d.Size < 0 {
		return fmt.Errorf("%s has a size of %d bytes", d.Digest, d.Size)
	}
	return CheckDigest(d.Digest)
}

// child returns the list's entry of a digest, or nil.
func (m *Manifest) child(digest string) *Descriptor {
	for i := range m.Children {
		if m.Children[i].Digest == digest {
			return &m.Children[i]
		}
	}
	return nil
}

// IsList says whether the manifest is a Docker manifest list or an OCI index.
func (m *Manifest) IsList() bool { return m.MediaType == TypeDockerList || m.MediaType == TypeOCIIndex }

// IsSchema1 says whether the manifest is of Docker's first schema.
func (m *Manifest) IsSchema1() bool {
	return m.MediaType == TypeDockerSchema1 || m.MediaType == TypeDockerSchema1Signed
}

// isArtifact says whether a single manifest is no image: its config is of
// another type, and need not even be JSON.
func (m *Manifest) isArtifact() bool {
	switch m.Config.MediaType {
	case typeDockerConfig, typeOCIConfig, "", "application/octet-stream": // the last two as early tools wrote it
		return false
	}
	return !m.IsSchema1()
}
