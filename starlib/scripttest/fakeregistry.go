package scripttest

import (
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"mvrun/engine/imagelist"
	"mvrun/starlib/nearest"
	"mvrun/starlib/param"
)

// FakeRegistry is a registry that a test makes.
type FakeRegistry struct {
	Host       string
	Images     []TaggedImage
	Fault      string // one of the faults, or ""
	FaultTimes int    // how many requests for images have the fault; 0 means all
}

// TaggedImage is an image in a registry.
type TaggedImage struct {
	Repository, Tag string
	Image           FakeImage
}

// These are the faults that a test can give to a registry.
const (
	FaultUnauthorized = "unauthorized" // answers 401
	FaultUnreachable  = "unreachable"  // does not answer
	FaultRateLimited  = "rate_limited" // answers 429
	FaultSlow         = "slow"         // answers after a second
)

var faults = []string{FaultUnauthorized, FaultUnreachable, FaultRateLimited, FaultSlow}

// fakeRegistryValue is the value that fake_registry returns. As a string it is its
// host.
type fakeRegistryValue struct{ host string }

var _ starlark.HasAttrs = (*fakeRegistryValue)(nil)

func (f *fakeRegistryValue) String() string       { return f.host }
func (f *fakeRegistryValue) Type() string         { return "fake_registry" }
func (f *fakeRegistryValue) Freeze()              {}
func (f *fakeRegistryValue) Truth() starlark.Bool { return true }

// Hash implements starlark.Value.
func (f *fakeRegistryValue) Hash() (uint32, error) { return starlark.String(f.host).Hash() }

// Attr implements starlark.HasAttrs.
func (f *fakeRegistryValue) Attr(name string) (starlark.Value, error) {
	if name == "host" {
		return starlark.String(f.host), nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (f *fakeRegistryValue) AttrNames() []string { return []string{"host"} }

// fakeRegistry implements fake_registry(images, host, fault, fault_times).
func (t *test) fakeRegistry(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var images *starlark.Dict
	var times faultTimes
	registry := FakeRegistry{}
	err := param.Unpack(b, args, kwargs, "images?", &images, "host?", &registry.Host,
		"fault?", &registry.Fault, "fault_times?", &times)
	if err != nil {
		return nil, err
	}
	if registry.Fault != "" && !slices.Contains(faults, registry.Fault) {
		return nil, fmt.Errorf("%s: there is no fault %q: want one of %s%s", b.Name(), registry.Fault, strings.Join(faults, ", "), nearest.DidYouMean(registry.Fault, faults))
	}
	if times != 0 && registry.Fault == "" {
		return nil, fmt.Errorf("%s: fault_times says for how many requests a fault lasts: give the fault, too", b.Name())
	}
	registry.FaultTimes = int(times)
	if images != nil {
		if registry.Images, err = taggedImages(images); err != nil {
			return nil, fmt.Errorf("%s: %w", b.Name(), err)
		}
	}
	if registry.Host == "" {
		registry.Host = fmt.Sprintf("registry-%d.example", t.fakes.Add(1))
	} else if err := imagelist.CheckRegistry(registry.Host); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	registry.Host = imagelist.CanonicalRegistry(registry.Host) // as images name it
	if err := t.world.AddRegistry(registry); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return &fakeRegistryValue{registry.Host}, nil
}

// faultTimes is an argument that may be a number of requests, at least 1, or None. It
// is 0 for None.
type faultTimes int

// Unpack implements starlark.Unpacker.
func (f *faultTimes) Unpack(v starlark.Value) error {
	if v == starlark.None {
		return nil
	}
	var n int
	if err := starlark.AsInt(v, &n); err != nil || n < 1 {
		return fmt.Errorf("got %s, want a number of requests, at least 1", v)
	}
	*f = faultTimes(n)
	return nil
}

// taggedImages returns the images in a dict. Its keys are "REPOSITORY:TAG", and its
// values come from fake_image(…).
func taggedImages(images *starlark.Dict) ([]TaggedImage, error) {
	var tagged []TaggedImage
	for _, item := range images.Items() {
		key, ok := starlark.AsString(item[0])
		repository, tag, found := strings.Cut(key, ":")
		if !ok || !found || strings.ContainsAny(tag, ":@") {
			return nil, fmt.Errorf("got %s for an image's name, want \"REPOSITORY:TAG\"", item[0])
		}
		if _, err := imagelist.New("localhost/"+repository, "localhost/"+repository, tag, imagelist.Options{}); err != nil {
			return nil, fmt.Errorf("image %q: %w", key, err)
		}
		image, ok := item[1].(*fakeImageValue)
		if !ok {
			return nil, fmt.Errorf("image %q is %s, want fake_image(…)", key, param.Describe(item[1]))
		}
		tagged = append(tagged, TaggedImage{repository, tag, image.image})
	}
	return tagged, nil
}
