package validate

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Bytes to manifests: the media types of Docker and OCI, told apart as
// registries serve them, and their digests.

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

// ParseManifest reads a manifest. The media type is the one that the manifest
// states, else the registry's contentType, else it is told from the fields
// (https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md).
// The digest is computed, with the algorithm named ("sha256" or "sha512").
func ParseManifest(contentType, algorithm string, body []byte) (*Manifest, error) {
	var raw struct {
		SchemaVersion int             `json:"schemaVersion"`
		MediaType     string          `json:"mediaType"`
		Manifests     []Descriptor    `json:"manifests"`
		Config        *Descriptor     `json:"config"`
		Layers        []Descriptor    `json:"layers"`
		FSLayers      json.RawMessage `json:"fsLayers"`

		ArtifactType string            `json:"artifactType"`
		Annotations  map[string]string `json:"annotations"`
	}
	if err := parseJSON(body, &raw); err != nil {
		return nil, fmt.Errorf("the answer is no manifest but %s (%w)", beginning(body), err)
	}
	m := &Manifest{MediaType: raw.MediaType, Size: int64(len(body)), ArtifactType: raw.ArtifactType, Annotations: raw.Annotations}
	served, _, _ := strings.Cut(contentType, ";")
	served = strings.TrimSpace(served)
	if m.MediaType == "" {
		m.MediaType = served
	}
	if !slices.Contains(ManifestTypes, m.MediaType) {
		switch {
		case raw.MediaType != "":
			return nil, fmt.Errorf("the manifest's media type %q is not one of an image", raw.MediaType)
		case raw.SchemaVersion == 1:
			m.MediaType = TypeDockerSchema1Signed
		case raw.Manifests != nil:
			m.MediaType = TypeOCIIndex
		case raw.Config != nil:
			m.MediaType = TypeOCIManifest
		default:
			return nil, fmt.Errorf("a document of type %q without schemaVersion 1, manifests or config is no manifest", contentType)
		}
	}
	// A document that is a list to one client and an image to another could
	// pass here and run as something else there (CVE-2021-41190).
	single := raw.Config != nil || raw.Layers != nil
	if raw.Manifests != nil && (single || raw.FSLayers != nil) || single && raw.FSLayers != nil {
		return nil, errors.New("the manifest is ambiguous: of manifests, config with layers, and fsLayers it has more than one")
	}
	if m.IsSchema1() {
		if raw.SchemaVersion != 1 || raw.FSLayers == nil {
			return nil, errors.New("a schema 1 manifest without schemaVersion 1 and fsLayers")
		}
		if err := parseSchema1(m, algorithm, body); err != nil {
			return nil, err
		}
		return m, nil
	}
	m.Digest = Digest(algorithm, body)
	if served != "" && !strings.EqualFold(served, m.MediaType) {
		m.ServedAs = served
	}
	if m.IsList() {
		if raw.Manifests == nil && !hasField(body, "manifests") {
			return nil, fmt.Errorf("a manifest of type %q without manifests", m.MediaType)
		}
		m.Children = raw.Manifests
		for i, child := range m.Children {
			if err := child.check(); err != nil {
				return nil, fmt.Errorf("manifests[%d]: %w", i, err)
			}
		}
		return m, nil
	}
	if raw.Config == nil {
		return nil, fmt.Errorf("a manifest of type %q without config", m.MediaType)
	}
	m.Config = *raw.Config
	if err := m.Config.check(); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	m.Layers = raw.Layers
	for i, layer := range m.Layers {
		if err := layer.check(); err != nil {
			return nil, fmt.Errorf("layers[%d]: %w", i, err)
		}
	}
	return m, nil
}

// hasField says whether a JSON object has a field, be it null: an empty list
// as some tools write it.
func hasField(body []byte, name string) bool {
	var fields map[string]json.RawMessage
	err := json.Unmarshal(body, &fields)
	_, ok := fields[name]
	return err == nil && ok
}

// parseJSON is json.Unmarshal, whose errors do not speak of Go.
func parseJSON(body []byte, v any) error {
	err := json.Unmarshal(body, v)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		if wrong.Field == "" {
			return fmt.Errorf("it is a JSON %s", wrong.Value)
		}
		return fmt.Errorf("%s: no JSON %s belongs there", wrong.Field, wrong.Value)
	}
	return err
}

// beginning shows what a body that is no manifest is instead: often the page
// of a proxy or of a login.
func beginning(body []byte) string {
	const most = 60
	if len(body) > most {
		return fmt.Sprintf("%d bytes beginning with %q", len(body), body[:most])
	}
	return fmt.Sprintf("%q", body)
}
