package scripttest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.starlark.net/starlark"

	"mvrun/starlib/param"
	"mvrun/validate"
)

// FakeImage describes an image that a test makes. Two images that are described in the
// same way have the same digest in every registry.
type FakeImage struct {
	Platforms []validate.Platform
	List      bool // whether it is a list, and not a single image
	OCI       bool // whether it has OCI media types, and not Docker's
	Content   string
	Labels    map[string]string
	Env       []string // NAME=VALUE
	Created   string   // as RFC 3339 writes a time; "" means that the image does not say
	Referrers []string // the types of the artifacts that are attached to it
}

// fakeImageValue is the value that fake_image returns. It is immutable.
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

// fakeImage implements fake_image(platforms, platform, labels, env, content, format,
// created, referrers).
func fakeImage(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var platforms, referrers param.Words
	var platform, content string
	var created param.Time
	var labels, env param.StringDict
	format := "docker"
	err := param.Unpack(b, args, kwargs, "platforms?", &platforms, "platform?", &platform,
		"labels?", &labels, "env?", &env, "content?", &content, "format?", &format, "created?", &created, "referrers?", &referrers)
	if err != nil {
		return nil, err
	}
	switch {
	case platform != "" && platforms != nil:
		return nil, fmt.Errorf("%s: platforms makes a list of images, platform one without a list: give one of them", b.Name())
	case format != "docker" && format != "oci":
		return nil, fmt.Errorf("%s: there is no format %q: want docker or oci", b.Name(), format)
	}
	image := FakeImage{List: platform == "", OCI: format == "oci", Content: content, Labels: labels, Referrers: referrers}
	if !time.Time(created).IsZero() {
		image.Created = time.Time(created).UTC().Format(time.RFC3339)
	}
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

// parsePlatform parses a platform in the form that validate.Platform.String writes.
func parsePlatform(s string) (validate.Platform, error) {
	name, version, _ := strings.Cut(s, ":")
	parts := append(strings.Split(name, "/"), "")
	if len(parts) < 3 || len(parts) > 4 || slices.Contains(parts[:len(parts)-1], "") {
		return validate.Platform{}, fmt.Errorf("platform %q: want OS/ARCHITECTURE[/VARIANT], such as linux/amd64", s)
	}
	return validate.Platform{OS: parts[0], Architecture: parts[1], Variant: parts[2], OSVersion: version}, nil
}
