package engine

import (
	"context"
	"strings"
	"testing"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// namelessError is an error about an object whose name it does not know.
type namelessError struct{ name string }

func (e *namelessError) Error() string                { return "reading " + e.name + ": refused" }
func (e *namelessError) NameObject(name string) error { return &namelessError{name} }

// TestErrorNamesObject shows that the message of a result names the layer that could not
// be read.
func TestErrorNamesObject(t *testing.T) {
	layer := strings.Replace(digest, "a", "b", 1)
	registry := func(_ context.Context, _ imagelist.Image, need validate.Need) (validate.Fact, int, error) {
		if need.Action == validate.HeadBlob {
			return validate.Fact{}, 1, &namelessError{"a blob"}
		}
		if need.Action == validate.ReadConfig {
			return validate.Fact{Digest: need.Digest, Config: &validate.Config{}}, 1, nil
		}
		m := &validate.Manifest{MediaType: validate.TypeOCIManifest, Digest: digest, Config: validate.Descriptor{Digest: digest}, Layers: []validate.Descriptor{{Digest: layer, Size: 1}}}
		return validate.Fact{Digest: digest, Manifest: m}, 1, nil
	}
	e := newEngine(registry, 1)
	defer e.Close(nil)
	img, q := image(1), question
	q.Rules, q.Depth = validate.Exact, validate.Blobs
	if result := e.Begin().Validate(t.Context(), &img, q); result.Status != validate.Error || result.Message != "reading layer 1: refused" {
		t.Errorf("got %s %s %q", result.Status, result.Reason, result.Message)
	}
}
