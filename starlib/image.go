package starlib

import (
	"errors"
	"fmt"
	"sync"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"mvrun/engine/imagelist"
	"mvrun/starlib/param"
)

// Image is an image of a list, or one that the script made. It is immutable.
type Image struct{ image imagelist.Image }

var (
	_ starlark.HasAttrs   = (*Image)(nil)
	_ starlark.Comparable = (*Image)(nil)
)

// String returns the call of image() that makes this image.
func (i *Image) String() string {
	if i.image.SourceTag != "" {
		return fmt.Sprintf("image(%q, %q)", i.image.SourceReference(), i.image.DestinationReference())
	}
	return fmt.Sprintf("image(%q, %q, %q)", i.image.Source, i.image.Destination, i.image.Tag)
}
func (i *Image) Type() string         { return "image" }
func (i *Image) Freeze()              {}
func (i *Image) Truth() starlark.Bool { return true }

// Hash implements starlark.Value.
func (i *Image) Hash() (uint32, error) { return starlark.String(i.String()).Hash() }

// CompareSameType implements starlark.Comparable. Images are equal if they have
// the same source, destination and tags, also if they come from different lists.
func (i *Image) CompareSameType(op syntax.Token, other starlark.Value, _ int) (bool, error) {
	equal := i.String() == other.String()
	switch op {
	case syntax.EQL:
		return equal, nil
	case syntax.NEQ:
		return !equal, nil
	}
	return false, fmt.Errorf("image has no order: image %s image", op)
}

// madeImages numbers the images that a script made. An image that is made again,
// for another attempt perhaps, has the same number: it is the same line of the
// run.
type madeImages struct {
	mu      sync.Mutex
	numbers map[imagelist.Image]int
}

// number returns the number of an image, which has none yet.
func (m *madeImages) number(image imagelist.Image) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.numbers == nil {
		m.numbers = map[imagelist.Image]int{}
	}
	number, ok := m.numbers[image]
	if !ok {
		number = len(m.numbers) + 1
		m.numbers[image] = number
	}
	return number
}

// Attr implements starlark.HasAttrs.
func (i *Image) Attr(name string) (starlark.Value, error) {
	switch name {
	case "source":
		return starlark.String(i.image.Source), nil
	case "destination":
		return starlark.String(i.image.Destination), nil
	case "tag", "destination_tag":
		return starlark.String(i.image.DestinationLookup()), nil
	case "source_tag":
		return starlark.String(i.image.SourceName()), nil
	case "digest":
		return starlark.String(i.image.Digest()), nil
	case "source_reference":
		return starlark.String(i.image.SourceReference()), nil
	case "destination_reference":
		return starlark.String(i.image.DestinationReference()), nil
	case "line":
		return starlark.String(i.image.Line), nil
	case "number":
		return starlark.MakeInt(i.image.Number), nil
	case "replace":
		return starlark.NewBuiltin("replace", i.replace), nil
	}
	return nil, nil
}

// replace is image.replace(source, destination, tag). It returns an image of the
// same line that is looked up elsewhere.
func (i *Image) replace(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) > 0 {
		return nil, fmt.Errorf("%s: say what to replace by its name, replace(source = …)", b.Name())
	}
	var words [3]optionalString
	if err := param.Unpack(b, args, kwargs, "source?", &words[0], "destination?", &words[1], "tag?", &words[2]); err != nil {
		return nil, err
	}
	for at, name := range []string{"source", "destination", "tag"} {
		if words[at].isGiven && words[at].value == "" {
			return nil, fmt.Errorf("%s: %s is empty: leave it out to keep that of the image", b.Name(), name)
		}
	}
	options := imagelist.Options{DestinationOnly: i.image.Source == "" && !words[0].isGiven}
	if hints, ok := thread.Local(hintsLocal).(*imagelist.Hints); ok {
		options.Hints = *hints
	}
	image, err := i.image.Replace(words[0].value, words[1].value, words[2].value, options)
	if err != nil {
		return nil, imageError(b, err)
	}
	return &Image{image}, nil
}

// imageError returns the error of a builtin that could not make an image.
func imageError(b *starlark.Builtin, err error) error {
	switch {
	case errors.Is(err, imagelist.ErrTagged):
		return fmt.Errorf("%s: %w beside the argument tag: leave out one of them", b.Name(), err)
	case errors.Is(err, imagelist.ErrNoTag):
		return fmt.Errorf("%s: %w: give the argument tag, or write NAME:TAG", b.Name(), err)
	}
	return fmt.Errorf("%s: %w", b.Name(), err)
}

// optionalString is an argument that may be a string or None, which means that the
// argument is left out.
type optionalString struct {
	value   string
	isGiven bool
}

// Unpack implements starlark.Unpacker.
func (o *optionalString) Unpack(v starlark.Value) error {
	if v == starlark.None {
		return nil
	}
	s, ok := starlark.AsString(v)
	if !ok {
		return fmt.Errorf("got %s, want string", v.Type())
	}
	o.value, o.isGiven = s, true
	return nil
}

// AttrNames implements starlark.HasAttrs.
func (i *Image) AttrNames() []string {
	return []string{"destination", "destination_reference", "destination_tag", "digest", "line", "number", "replace",
		"source", "source_reference", "source_tag", "tag"}
}
