package validate

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// document is a manifest of any type as it stands in JSON.
type document struct {
	SchemaVersion int             `json:"schemaVersion"`
	MediaType     string          `json:"mediaType"`
	Manifests     []Descriptor    `json:"manifests"`
	Config        *Descriptor     `json:"config"`
	Layers        []Descriptor    `json:"layers"`
	FSLayers      json.RawMessage `json:"fsLayers"`
	Subject       *Descriptor     `json:"subject"` // not compared, but nodes refuse a wrong type

	ArtifactType string            `json:"artifactType"`
	Annotations  map[string]string `json:"annotations"`
}

var manifestFields = fieldsOf(reflect.TypeFor[document](), reflect.TypeFor[signedManifest]())

// ParseManifest reads a manifest. Its media type is the one that the manifest
// names. If it names none, the media type is contentType, which the registry sent.
// If that is no type of a manifest, the fields of the manifest tell its type
// (https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md).
// ParseManifest computes the digest with algorithm, "sha256" or "sha512".
func ParseManifest(contentType, algorithm string, body []byte) (*Manifest, error) {
	var d document
	if err := parseJSON(body, &d); err != nil {
		return nil, fmt.Errorf("the answer is no manifest but %s (%w)", beginning(body), err)
	}
	mediaType, err := d.mediaType(contentType)
	if err != nil {
		return nil, err
	}
	if d.isAmbiguous() {
		return nil, errors.New("the manifest is ambiguous: of manifests, config with layers, and fsLayers it has more than one")
	}
	if err := checkUnambiguous(body, manifestFields); err != nil {
		return nil, fmt.Errorf("the manifest is ambiguous: %w", err)
	}
	m := &Manifest{MediaType: mediaType, Size: int64(len(body)), ArtifactType: d.ArtifactType, Annotations: d.Annotations, Untyped: d.MediaType == ""}
	if !m.IsSchema1() { // schema 1 has a signature in it, and registries serve it under many types
		m.computeDigest(algorithm, body)
		if served := withoutParameters(contentType); !strings.EqualFold(served, mediaType) {
			m.ServedAs = served
		}
	}
	switch {
	case m.IsSchema1():
		err = d.readSchema1(m, algorithm, body)
	case m.IsList():
		err = d.readList(m, body)
	default:
		err = d.readImage(m)
	}
	if err == nil && !m.isArtifact() { // an artifact may be compared by its digest alone
		err = m.checkLayers()
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// withoutParameters returns the media type in a Content-Type header, such as
// "application/json" for "application/json; charset=utf-8".
func withoutParameters(contentType string) string {
	mediaType, _, _ := strings.Cut(contentType, ";")
	return strings.TrimSpace(mediaType)
}

// mediaType returns the media type of a manifest. It is always one of
// ManifestTypes.
func (d *document) mediaType(contentType string) (string, error) {
	if slices.Contains(ManifestTypes, d.MediaType) {
		return d.MediaType, nil
	}
	if d.MediaType != "" {
		return "", fmt.Errorf("the manifest's media type %q is not one of an image", d.MediaType)
	}
	if served := withoutParameters(contentType); slices.Contains(ManifestTypes, served) {
		return served, nil
	}
	switch {
	case d.SchemaVersion == 1:
		return TypeDockerSchema1Signed, nil
	case d.Manifests != nil:
		return TypeOCIIndex, nil
	case d.Config != nil:
		return TypeOCIManifest, nil
	}
	return "", fmt.Errorf("a document of type %q without schemaVersion 1, manifests or config is no manifest", contentType)
}

// isAmbiguous reports whether a document has the fields of several types. mvrun
// could take it for a list while a node takes it for an image, so the node could
// run something that was not compared (CVE-2021-41190).
func (d *document) isAmbiguous() bool {
	types := 0
	for _, has := range []bool{d.Manifests != nil, d.Config != nil || d.Layers != nil, d.FSLayers != nil} {
		if has {
			types++
		}
	}
	return types > 1
}

// readList fills m from a list.
func (d *document) readList(m *Manifest, body []byte) error {
	if d.Manifests == nil && !hasField(body, "manifests") {
		return fmt.Errorf("a manifest of type %q without manifests", m.MediaType)
	}
	m.Children = d.Manifests
	for i := range m.Children {
		if err := m.Children[i].check(); err != nil {
			return fmt.Errorf("manifests[%d]: %w", i, err)
		}
	}
	return nil
}

// readImage fills m from a single image, or an artifact.
func (d *document) readImage(m *Manifest) error {
	if d.Config == nil {
		return fmt.Errorf("a manifest of type %q without config", m.MediaType)
	}
	m.Config = *d.Config
	if err := m.Config.check(); err != nil {
		return fmt.Errorf("config: %w", err)
	}
	m.Layers = d.Layers
	for i := range m.Layers {
		if err := m.Layers[i].check(); err != nil {
			return fmt.Errorf("layers[%d]: %w", i, err)
		}
	}
	return nil
}

// readSchema1 fills m from an image of schema 1.
func (d *document) readSchema1(m *Manifest, algorithm string, body []byte) error {
	if d.SchemaVersion != 1 || d.FSLayers == nil {
		return errors.New("a schema 1 manifest without schemaVersion 1 and fsLayers")
	}
	return parseSchema1(m, algorithm, body)
}

// hasField reports whether a JSON object has a field. The value of the field may
// be null, because some tools write an empty list as null.
func hasField(body []byte, name string) bool {
	var fields map[string]json.RawMessage
	err := json.Unmarshal(body, &fields)
	_, ok := fields[name]
	return err == nil && ok
}

// parseJSON does the same as json.Unmarshal, but its errors name no types of Go.
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

// beginning returns the first bytes of a body that is no manifest, for a message.
// Such a body is often the page of a proxy or of a login.
func beginning(body []byte) string {
	const most = 60
	if len(body) > most {
		return fmt.Sprintf("%d bytes beginning with %q", len(body), body[:most])
	}
	return fmt.Sprintf("%q", body)
}
