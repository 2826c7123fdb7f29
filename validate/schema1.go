package validate

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
)

// Docker's first schema of manifests, which signs itself.

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
	if err := parseJSON(payload, &raw); err != nil {
		return fmt.Errorf("parsing the schema 1 manifest: %w", err)
	}
	if raw.SchemaVersion != 1 {
		return errors.New("what a schema 1 manifest signs is no schema 1 manifest")
	}
	if len(raw.History) != len(raw.FSLayers) || len(raw.History) == 0 {
		return fmt.Errorf("a schema 1 manifest with %d layers and %d history entries", len(raw.FSLayers), len(raw.History))
	}
	type v1 struct {
		Config
		ThrowAway bool `json:"throwaway"`
	}
	for i := len(raw.FSLayers) - 1; i >= 0; i-- {
		var image v1
		if err := parseJSON([]byte(raw.History[i].V1Compatibility), &image); err != nil {
			return fmt.Errorf("history[%d].v1Compatibility: %w", i, err)
		}
		if err := CheckDigest(raw.FSLayers[i].BlobSum); err != nil {
			return fmt.Errorf("fsLayers[%d]: %w", i, err)
		}
		if !image.ThrowAway {
			m.Layers = append(m.Layers, Descriptor{Digest: raw.FSLayers[i].BlobSum})
		}
		if i == 0 { // the image itself
			m.Schema1 = &image.Config
			m.Schema1.Architecture = raw.Architecture
			m.Schema1.OS = cmp.Or(image.OS, "linux") // schema 1 knew no other
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
	var format struct {
		Length int    `json:"formatLength"`
		Tail   string `json:"formatTail"`
	}
	if err := parseJSON(header, &format); err != nil {
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
