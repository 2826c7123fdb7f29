package starlib

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"mvrun/engine/imagelist"
	"mvrun/starlib/nearest"
	"mvrun/starlib/param"
	"mvrun/validate"
)

// Registries and images that tests make.

// FakeImage is an image that a test makes. The same one is the same bytes
// wherever it is.
type FakeImage struct {
	Platforms []validate.Platform
	List      bool // a manifest list or an index, else one manifest
	OCI       bool // OCI media types instead of Docker's
	Content   string
	Labels    map[string]string
	Env       []string // NAME=VALUE
}

// FakeRegistry is a registry that a test makes.
type FakeRegistry struct {
	Host       string
	Images     []TaggedImage
	Fault      string // one of the faults, or ""
	FaultTimes int    // how many requests for an image meet the fault; 0 for all
}

// TaggedImage is an image in a registry.
type TaggedImage struct {
	Repository, Tag string
	Image           FakeImage
}

// Faults of a registry.
const (
	FaultUnauthorized = "unauthorized" // answers 401
	FaultUnreachable  = "unreachable"  // does not answer
	FaultRateLimited  = "rate_limited" // answers 429
	FaultSlow         = "slow"         // answers after a second
)

var faults = []string{FaultUnauthorized, FaultUnreachable, FaultRateLimited, FaultSlow}

// fakeImageValue is what fake_image returns. It cannot change.
type fakeImageValue struct{ image FakeImage }

func (f *fakeImageValue) String() string {
	shown := make([]string, len(f.image.Platforms))
	for i, p := range f.image.Platforms {
		shown[i] = p.String()
	}
	return fmt.Sprintf("fake_image(%q)", shown)
}
func (f *fakeImageValue) Type() string         { return "fake_image" }
func (f *fakeImageValue) Freeze()              {}
func (f *fakeImageValue) Truth() starlark.Bool { return true }

// Hash implements starlark.Value.
func (f *fakeImageValue) Hash() (uint32, error) { return 0, errors.New("unhashable: fake_image") }

// fakeImage is fake_image(platforms, platform, labels, env, content, format).
func fakeImage(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var platforms param.Words
	var platform, content string
	var labels, env param.StringDict
	format := "docker"
	err := param.Unpack(b, args, kwargs, "platforms?", &platforms, "platform?", &platform,
		"labels?", &labels, "env?", &env, "content?", &content, "format?", &format)
	if err != nil {
		return nil, err
	}
	switch {
	case platform != "" && platforms != nil:
		return nil, fmt.Errorf("%s: platforms makes a list of images, platform one without a list: give one of them", b.Name())
	case format != "docker" && format != "oci":
		return nil, fmt.Errorf("%s: there is no format %q: want docker or oci", b.Name(), format)
	}
	image := FakeImage{List: platform == "", OCI: format == "oci", Content: content, Labels: labels}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		image.Env = append(image.Env, name+"="+env[name])
	}
	switch {
	case platform != "":
		platforms = param.Words{platform}
	case platforms == nil:
		platforms = param.Words{"linux/amd64", "linux/arm64"}
	}
	for _, p := range platforms {
		parsed, err := parsePlatform(p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.Name(), err)
		}
		image.Platforms = append(image.Platforms, parsed)
	}
	return &fakeImageValue{image}, nil
}

// parsePlatform reads what validate.Platform's String writes.
func parsePlatform(s string) (validate.Platform, error) {
	name, version, _ := strings.Cut(s, ":")
	parts := append(strings.Split(name, "/"), "")
	if len(parts) < 3 || len(parts) > 4 || slices.Contains(parts[:len(parts)-1], "") {
		return validate.Platform{}, fmt.Errorf("platform %q: want OS/ARCHITECTURE[/VARIANT], such as linux/amd64", s)
	}
	return validate.Platform{OS: parts[0], Architecture: parts[1], Variant: parts[2], OSVersion: version}, nil
}

// fakeRegistryValue is what fake_registry returns. As a string it is its host.
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

// fakeRegistry is fake_registry(images, host, fault, fault_times).
func (r *run) fakeRegistry(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var images *starlark.Dict
	registry := FakeRegistry{}
	var times starlark.Value = starlark.None
	err := param.Unpack(b, args, kwargs, "images?", &images, "host?", &registry.Host,
		"fault?", &registry.Fault, "fault_times?", &times)
	if err != nil {
		return nil, err
	}
	if registry.Fault != "" && !slices.Contains(faults, registry.Fault) {
		return nil, fmt.Errorf("%s: there is no fault %q: want one of %s%s", b.Name(), registry.Fault, strings.Join(faults, ", "), nearest.DidYouMean(registry.Fault, faults))
	}
	if times != starlark.None {
		if err := starlark.AsInt(times, &registry.FaultTimes); err != nil || registry.FaultTimes < 1 {
			return nil, fmt.Errorf("%s: for parameter fault_times: got %s, want a number of requests, at least 1", b.Name(), times)
		}
		if registry.Fault == "" {
			return nil, fmt.Errorf("%s: fault_times says for how many requests a fault lasts: give the fault, too", b.Name())
		}
	}
	if images != nil {
		if registry.Images, err = taggedImages(images); err != nil {
			return nil, fmt.Errorf("%s: %w", b.Name(), err)
		}
	}
	if registry.Host == "" {
		registry.Host = fmt.Sprintf("registry-%d.example", r.fakes.Add(1))
	} else if err := imagelist.CheckRegistry(registry.Host); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	if err := r.world.AddRegistry(registry); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return &fakeRegistryValue{registry.Host}, nil
}

// taggedImages reads a dict from "REPOSITORY:TAG" to fake_image(…).
func taggedImages(images *starlark.Dict) ([]TaggedImage, error) {
	var tagged []TaggedImage
	for _, item := range images.Items() {
		key, ok := starlark.AsString(item[0])
		repository, tag, found := strings.Cut(key, ":")
		if !ok || !found || imagelist.IsDigest(tag) {
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
