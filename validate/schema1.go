package validate

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// schema1Manifest is a manifest of Docker's first schema. The newest layer comes
// first. The history has an entry for each layer, which says if the layer is empty.
// https://distribution.github.io/distribution/spec/deprecated-schema-v1/
type schema1Manifest struct {
	SchemaVersion int    `json:"schemaVersion"`
	Architecture  string `json:"architecture"`
	FSLayers      []struct {
		BlobSum string `json:"blobSum"`
	} `json:"fsLayers"`
	History []struct {
		V1Compatibility string `json:"v1Compatibility"`
	} `json:"history"`
}

// schema1History is the entry of the history for one layer. The entry for the newest
// layer has the config of the whole image.
type schema1History struct {
	Config
	ThrowAway bool `json:"throwaway"` // whether the layer is empty
}

// signedManifest has the signatures of a manifest of schema 1.
type signedManifest struct {
	Signatures []struct {
		Protected string `json:"protected"`
	} `json:"signatures"`
}

// signedPart says which part of a manifest was signed: the first bytes, and the tail.
type signedPart struct {
	Length int    `json:"formatLength"`
	Tail   string `json:"formatTail"`
}

var (
	schema1Fields    = fieldsOf(reflect.TypeFor[schema1Manifest]())
	historyFields    = fieldsOf(reflect.TypeFor[schema1History]())
	signedPartFields = fieldsOf(reflect.TypeFor[signedPart]())
)

// parseSchema1 fills m from a manifest of schema 1.
func parseSchema1(m *Manifest, algorithm string, body []byte) error {
	payload, err := signedPayload(body)
	if err != nil {
		return fmt.Errorf("signatures[0]: %w", err)
	}
	var s schema1Manifest
	if err := parseJSON(payload, &s); err != nil {
		return fmt.Errorf("parsing the schema 1 manifest: %w", err)
	}
	if err := checkUnambiguous(payload, schema1Fields); err != nil {
		return fmt.Errorf("the signed part of the schema 1 manifest is ambiguous: %w", err)
	}
	if s.SchemaVersion != 1 {
		return errors.New("the signed part of a schema 1 manifest is not a schema 1 manifest")
	}
	if len(s.History) != len(s.FSLayers) || len(s.History) == 0 {
		return fmt.Errorf("a schema 1 manifest with %d layers and %d history entries", len(s.FSLayers), len(s.History))
	}
	m.computeDigest(algorithm, payload)
	return s.fill(m)
}

// fill fills m with the layers and the config. In m the newest layer comes last. The
// config comes from the history of the newest layer.
func (s *schema1Manifest) fill(m *Manifest) error {
	var newest schema1History
	for i, v := range slices.Backward(s.FSLayers) {
		newest = schema1History{}
		if err := parseJSON([]byte(s.History[i].V1Compatibility), &newest); err != nil {
			return fmt.Errorf("history[%d].v1Compatibility: %w", i, err)
		}
		if err := checkUnambiguous([]byte(s.History[i].V1Compatibility), historyFields); err != nil {
			return fmt.Errorf("history[%d].v1Compatibility is ambiguous: %w", i, err)
		}
		digest := v.BlobSum
		if err := CheckDigest(digest); err != nil {
			return fmt.Errorf("fsLayers[%d]: %w", i, err)
		}
		if !newest.ThrowAway {
			m.Layers = append(m.Layers, Descriptor{Digest: digest})
		}
	}
	m.Schema1 = &newest.Config
	m.Schema1.Architecture = s.Architecture
	m.Schema1.OS = cmp.Or(newest.OS, "linux") // schema 1 may leave out the operating system
	return nil
}

// signedPayload returns the signed part of a schema 1 manifest: the manifest before
// the signatures were added to it. The digest proves only this part, so everything
// else must be ignored. If there are no signatures, the signed part is the whole
// manifest. The format is "prettyjws" of https://github.com/docker/libtrust.
func signedPayload(body []byte) ([]byte, error) {
	var raw signedManifest
	if err := parseJSON(body, &raw); err != nil {
		return nil, err
	}
	if len(raw.Signatures) == 0 {
		return body, nil
	}
	header, err := base64.RawURLEncoding.DecodeString(raw.Signatures[0].Protected)
	if err != nil {
		return nil, fmt.Errorf("the protected header: %w", err)
	}
	var format signedPart
	if err := parseJSON(header, &format); err != nil {
		return nil, fmt.Errorf("the protected header: %w", err)
	}
	if err := checkUnambiguous(header, signedPartFields); err != nil {
		return nil, fmt.Errorf("the protected header is ambiguous: %w", err)
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
