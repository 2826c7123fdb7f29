package starlib

import (
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

func (i *Image) String() string {
	return fmt.Sprintf("image(%q, %q, %q)", i.image.Source, i.image.Destination, i.image.Tag)
}
func (i *Image) Type() string         { return "image" }
func (i *Image) Freeze()              {}
func (i *Image) Truth() starlark.Bool { return true }

// Hash implements starlark.Value.
func (i *Image) Hash() (uint32, error) { return starlark.String(i.String()).Hash() }

// CompareSameType implements starlark.Comparable. Images are equal if they have
// the same source, destination and tag, also if they come from different lists.
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
	case "tag":
		return starlark.String(i.image.Tag), nil
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
	source, destination, tag := i.image.Source, i.image.Destination, i.image.Tag
	if err := param.Unpack(b, args, kwargs, "source?", &source, "destination?", &destination, "tag?", &tag); err != nil {
		return nil, err
	}
	options := imagelist.Options{DestinationOnly: source == ""}
	if hints, ok := thread.Local(hintsLocal).(*imagelist.Hints); ok {
		options.Hints = *hints
	}
	replaced, err := imagelist.New(source, destination, tag, options)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	image := i.image
	image.Source, image.Destination, image.Tag = replaced.Source, replaced.Destination, replaced.Tag
	return &Image{image}, nil
}

// AttrNames implements starlark.HasAttrs.
func (i *Image) AttrNames() []string {
	return []string{"destination", "destination_reference", "line", "number", "replace", "source", "source_reference", "tag"}
}
