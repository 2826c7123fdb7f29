package engine

import (
	"context"
	"testing"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// routed is a registry that reads images of one repository at several mirrors. The tag
// of an image says at which.
type routed struct {
	fakeRegistry
}

func (routed) ServedBy(image imagelist.Image) string { return image.Tag + ".example" }
func (routed) Place(image imagelist.Image) string    { return image.Tag }

// TestRouter shows that the result names the host that has answered, and that images of
// different mirrors do not share facts of the destination.
func TestRouter(t *testing.T) {
	asked := map[validate.Side]int{}
	counting := func(_ context.Context, _ imagelist.Image, need validate.Need) (validate.Fact, int, error) {
		if need.Digest != "" {
			asked[need.Side]++
		}
		return validate.Fact{Digest: digest, Size: 1}, 1, nil
	}
	e := New(Options{Registry: routed{counting}, Jobs: 1, Stop: func(error) {}})
	defer e.Close(nil)
	for _, tag := range []string{"m1", "m1", "m2"} {
		one := image(1)
		one.Tag = tag
		if by := e.servedBy(one); by != tag+".example" {
			t.Errorf("served by %s", by)
		}
		for _, side := range []validate.Side{validate.Source, validate.Destination} {
			need := validate.Need{Side: side, Action: validate.HeadManifest, Digest: digest}
			if _, _, err := e.fact(t.Context(), one, need); err != nil {
				t.Fatal(err)
			}
		}
	}
	if asked[validate.Source] != 1 || asked[validate.Destination] != 2 {
		t.Errorf("asked %v", asked)
	}
}
