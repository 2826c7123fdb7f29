package validate

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
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

// Media types of an image's config.
const (
	typeDockerConfig = "application/vnd.docker.container.image.v1+json"
	typeOCIConfig    = "application/vnd.oci.image.config.v1+json"
)

// emptyLayer is the gzipped empty tar that Docker wrote for build steps
// without files, before it left them out.
const emptyLayer = "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"

// Manifest is a parsed manifest of any type.
type Manifest struct {
	MediaType string
	Digest    string
	Size      int64

	Children []Descriptor // of a list or an index
	Config   Descriptor   // of an image
	Layers   []string     // digests of an image's layers, the base first

	// Platform is set for schema 1 only; other images tell it in their config.
	Platform *Platform
}

// Descriptor points to a manifest or a blob.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md
type Descriptor struct {
	MediaType string    `json:"mediaType"`
	Digest    string    `json:"digest"`
	Size      int64     `json:"size"`
	Platform  *Platform `json:"platform"`
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

// Config is the part of an image's config that is compared.
type Config struct {
	Platform
}

// ParseConfig reads an image's config.
func ParseConfig(body []byte) (*Config, error) {
	var config Config
	if err := json.Unmarshal(body, &config); err != nil {
		return nil, fmt.Errorf("parsing the config: %w", err)
	}
	return &config, nil
}

// ParseManifest reads a manifest. The media type is the one that the manifest
// states, else the registry's contentType, else it is told from the fields
// (https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md).
// The digest is computed, with the algorithm named ("sha256" or "sha512").
func ParseManifest(contentType, algorithm string, body []byte) (*Manifest, error) {
	var raw struct {
		SchemaVersion int             `json:"schemaVersion"`
		MediaType     string          `json:"mediaType"`
		Manifests     json.RawMessage `json:"manifests"`
		Config        *Descriptor     `json:"config"`
		Layers        []Descriptor    `json:"layers"`
		FSLayers      json.RawMessage `json:"fsLayers"`
	}
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, fmt.Errorf("the answer is no manifest but %s (%w)", beginning(body), err)
	}
	m := &Manifest{MediaType: raw.MediaType, Size: int64(len(body))}
	if m.MediaType == "" {
		m.MediaType, _, _ = strings.Cut(contentType, ";")
		m.MediaType = strings.TrimSpace(m.MediaType)
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
	if m.IsList() {
		if raw.Manifests == nil {
			return nil, fmt.Errorf("a manifest of type %q without manifests", m.MediaType)
		}
		if err := json.Unmarshal(raw.Manifests, &m.Children); err != nil {
			return nil, fmt.Errorf("manifests: %w", err)
		}
		for i, child := range m.Children {
			if err := CheckDigest(child.Digest); err != nil {
				return nil, fmt.Errorf("manifests[%d]: %w", i, err)
			}
		}
		return m, nil
	}
	if raw.Config == nil {
		return nil, fmt.Errorf("a manifest of type %q without config", m.MediaType)
	}
	m.Config = *raw.Config
	if err := CheckDigest(m.Config.Digest); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	for i, layer := range raw.Layers {
		if err := CheckDigest(layer.Digest); err != nil {
			return nil, fmt.Errorf("layers[%d]: %w", i, err)
		}
		m.Layers = append(m.Layers, layer.Digest)
	}
	return m, nil
}

// parseSchema1 fills m from a manifest of schema 1, whose layers stand newest
// first beside a history that marks the empty ones.
// https://distribution.github.io/distribution/spec/deprecated-schema-v1/
func parseSchema1(m *Manifest, algorithm string, body []byte) error {
	payload, err := signedPayload(body)
	if err != nil {
		return fmt.Errorf("signatures[0]: %w", err)
	}
	var raw struct {
		SchemaVersion int    `json:"schemaVersion"`
		Architecture  string `json:"architecture"`
		FSLayers      []struct {
			BlobSum string `json:"blobSum"`
		} `json:"fsLayers"`
		History []struct {
			V1Compatibility string `json:"v1Compatibility"`
		} `json:"history"`
	}
	if err := json.Unmarshal(payload, &raw); err != nil {
		return fmt.Errorf("parsing the schema 1 manifest: %w", err)
	}
	if raw.SchemaVersion != 1 {
		return errors.New("what a schema 1 manifest signs is no schema 1 manifest")
	}
	if len(raw.History) != len(raw.FSLayers) || len(raw.History) == 0 {
		return fmt.Errorf("a schema 1 manifest with %d layers and %d history entries", len(raw.FSLayers), len(raw.History))
	}
	type v1 struct {
		Platform
		ThrowAway bool `json:"throwaway"`
	}
	m.Platform = &Platform{Architecture: raw.Architecture}
	for i := len(raw.FSLayers) - 1; i >= 0; i-- {
		var image v1
		if err := json.Unmarshal([]byte(raw.History[i].V1Compatibility), &image); err != nil {
			return fmt.Errorf("history[%d].v1Compatibility: %w", i, err)
		}
		if err := CheckDigest(raw.FSLayers[i].BlobSum); err != nil {
			return fmt.Errorf("fsLayers[%d]: %w", i, err)
		}
		if !image.ThrowAway {
			m.Layers = append(m.Layers, raw.FSLayers[i].BlobSum)
		}
		if i == 0 { // the image itself
			m.Platform.OS, m.Platform.Variant, m.Platform.OSVersion = image.OS, image.Variant, image.OSVersion
			if m.Platform.OS == "" {
				m.Platform.OS = "linux" // schema 1 knew no other
			}
		}
	}
	m.Digest = Digest(algorithm, payload)
	return nil
}

// signedPayload returns what the signatures of a schema 1 manifest sign, which
// is what its digest is of, and so all that may be believed of it: the manifest
// as it was before they were inserted (https://github.com/docker/libtrust, the
// "prettyjws" format). Without signatures it is the manifest itself.
func signedPayload(body []byte) ([]byte, error) {
	var raw struct {
		Signatures []struct {
			Protected string `json:"protected"`
		} `json:"signatures"`
	}
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, err
	}
	if len(raw.Signatures) == 0 {
		return body, nil
	}
	header, err := base64.RawURLEncoding.DecodeString(raw.Signatures[0].Protected)
	if err != nil {
		return nil, fmt.Errorf("the protected header: %w", err)
	}
	var format struct {
		Length int    `json:"formatLength"`
		Tail   string `json:"formatTail"`
	}
	if err := json.Unmarshal(header, &format); err != nil {
		return nil, fmt.Errorf("the protected header: %w", err)
	}
	tail, err := base64.RawURLEncoding.DecodeString(format.Tail)
	if err != nil {
		return nil, fmt.Errorf("formatTail: %w", err)
	}
	if format.Length < 0 || format.Length > len(body) {
		return nil, fmt.Errorf("formatLength %d of %d bytes", format.Length, len(body))
	}
	return slices.Concat(body[:format.Length], tail), nil
}

var digestPattern = regexp.MustCompile(`^(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$`)

// CheckDigest says what is wrong with a digest. Only the registered algorithms
// are known: another one could not be verified.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests
func CheckDigest(digest string) error {
	if !digestPattern.MatchString(digest) {
		return fmt.Errorf("%q is no digest: want sha256: and 64, or sha512: and 128 hexadecimal digits", digest)
	}
	return nil
}

// Digest hashes content with a registered algorithm: sha512, else sha256.
func Digest(algorithm string, content []byte) string {
	if algorithm == "sha512" {
		sum := sha512.Sum512(content)
		return "sha512:" + hex.EncodeToString(sum[:])
	}
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Algorithm returns the part of a digest before the colon.
func Algorithm(digest string) string {
	algorithm, _, _ := strings.Cut(digest, ":")
	return algorithm
}

// sameContent says whether two image manifests have the same config and
// layers, whatever their media types; if not, what differs first. Of schema 1
// the layers alone are compared: a conversion writes its config anew, and may
// drop the empty ones.
func sameContent(source, destination *Manifest) (bool, string) {
	if source.IsList() || destination.IsList() {
		return false, "a list is no image"
	}
	if source.IsSchema1() {
		layers := withoutEmpty(source.Layers)
		if len(layers) == 0 {
			return false, "the source has no layers that could be compared"
		}
		return sameLayers(layers, withoutEmpty(destination.Layers))
	}
	if source.Config.Digest != destination.Config.Digest {
		return false, fmt.Sprintf("config %s != %s", source.Config.Digest, destination.Config.Digest)
	}
	return sameLayers(source.Layers, destination.Layers)
}

// sameLayers compares layers in their order.
func sameLayers(source, destination []string) (bool, string) {
	if len(source) != len(destination) {
		return false, fmt.Sprintf("%d layers != %d", len(source), len(destination))
	}
	for i := range source {
		if source[i] != destination[i] {
			return false, fmt.Sprintf("layer %d: %s != %s", i+1, source[i], destination[i])
		}
	}
	return true, ""
}

// withoutEmpty returns layers without the empty one of old Docker.
func withoutEmpty(layers []string) []string {
	return slices.DeleteFunc(slices.Clone(layers), func(digest string) bool { return digest == emptyLayer })
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
