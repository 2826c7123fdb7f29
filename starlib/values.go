package starlib

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/starlib/param"
	"mvrun/validate"
)

// The values that scripts get: images, lists of them, results.

// Image is an image of a list. It cannot change.
type Image struct{ image imagelist.Image }

var (
	_ starlark.HasAttrs   = (*Image)(nil)
	_ starlark.HasAttrs   = (*Result)(nil)
	_ starlark.Iterable   = (*imageList)(nil)
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

// CompareSameType implements starlark.Comparable: images are equal if they are
// the same on both sides, wherever they were read.
func (i *Image) CompareSameType(op syntax.Token, other starlark.Value, _ int) (bool, error) {
	return compareEqual(op, i.String() == other.String(), "image")
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

// replace is image.replace(source, destination, tag): the same line, looked up
// elsewhere.
func (i *Image) replace(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) > 0 {
		return nil, fmt.Errorf("%s: say what to replace by its name, replace(source = …)", b.Name())
	}
	source, destination, tag := i.image.Source, i.image.Destination, i.image.Tag
	if err := param.Unpack(b, args, kwargs, "source?", &source, "destination?", &destination, "tag?", &tag); err != nil {
		return nil, err
	}
	replaced, err := imagelist.New(source, destination, tag, imagelist.Options{})
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

// Result is what became of an image. It cannot change.
type Result struct{ packed engine.Packed }

func (r *Result) String() string {
	result := r.packed.Result()
	words := []string{string(result.Status)}
	if result.Reason != "" {
		words = append(words, string(result.Reason))
	}
	return fmt.Sprintf("result(%s: %s)", result.Image.SourceReference(), strings.Join(words, " "))
}
func (r *Result) Type() string         { return "result" }
func (r *Result) Freeze()              {}
func (r *Result) Truth() starlark.Bool { return true }

// Hash implements starlark.Value.
func (r *Result) Hash() (uint32, error) { return 0, errors.New("unhashable: result") }

// Attr implements starlark.HasAttrs.
func (r *Result) Attr(name string) (starlark.Value, error) {
	result := r.packed.Result()
	switch name {
	case "image":
		return &Image{*r.packed.Image}, nil
	case "ok":
		return starlark.Bool(r.packed.OK()), nil
	case "status":
		return starlark.String(result.Status), nil
	case "reason":
		return starlark.String(result.Reason), nil
	case "message":
		return starlark.String(result.Message), nil
	case "match":
		return starlark.String(result.Match), nil
	case "platforms":
		return platformValues(result.Platforms), nil
	case "attempts":
		return starlark.MakeInt(result.Attempts), nil
	case "duration":
		return startime.Duration(result.Duration), nil
	case "waived":
		return starlark.String(result.Waived), nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (r *Result) AttrNames() []string {
	return []string{"attempts", "duration", "image", "match", "message", "ok", "platforms", "reason", "status", "waived"}
}

func platformValues(platforms []validate.PlatformVerdict) starlark.Value {
	var values []starlark.Value
	for _, p := range platforms {
		values = append(values, starlarkstruct.FromStringDict(starlark.String("platform"), starlark.StringDict{
			"platform":    starlark.String(p.Platform),
			"source":      starlark.String(p.Source),
			"destination": starlark.String(p.Destination),
			"match":       starlark.String(p.Match),
			"reason":      starlark.String(p.Reason),
			"message":     starlark.String(p.Message),
		}))
	}
	list := starlark.NewList(values)
	list.Freeze()
	return list
}

// imageList is what load_list returns: images that are read while they are
// iterated over, each time from the first. Lines that are no images are left
// out; they are results already, and stand in every failed list.
type imageList struct {
	run     *run
	thread  *starlark.Thread // of load_list's caller
	list    *imagelist.List
	options imagelist.Options
}

func (l *imageList) String() string        { return fmt.Sprintf("load_list(%q)", l.list.Name) }
func (l *imageList) Type() string          { return "image_list" }
func (l *imageList) Freeze()               {}
func (l *imageList) Truth() starlark.Bool  { return true }
func (l *imageList) Hash() (uint32, error) { return 0, errors.New("unhashable: image_list") }

// cursor returns the images one by one, then io.EOF.
func (l *imageList) cursor() func(context.Context) (starlark.Value, error) {
	index := 0
	return func(ctx context.Context) (starlark.Value, error) {
		for {
			line, err := l.list.At(ctx, index)
			if err != nil {
				return nil, err
			}
			index++
			image, err := l.list.Image(line, l.options)
			if err == nil {
				return &Image{image}, nil
			}
			l.run.Engine.Invalid(image, err)
		}
	}
}

// Iterate implements starlark.Iterable.
func (l *imageList) Iterate() starlark.Iterator {
	return &imageIterator{list: l, next: l.cursor()}
}

type imageIterator struct {
	list *imageList
	next func(context.Context) (starlark.Value, error)
}

// Next implements starlark.Iterator, whose loops know no errors: one ends the
// whole run.
func (i *imageIterator) Next(p *starlark.Value) bool {
	if i.list.list.Interactive() {
		taskOf(i.list.thread).End() // the answer, before the next prompt
	}
	value, err := i.next(i.list.run.ctx) // whoever made the list may be gone
	if err == nil {
		*p = value
		return true
	}
	if err != io.EOF {
		i.list.run.abort(err)
		i.list.thread.Cancel(err.Error())
	}
	return false
}

// Done implements starlark.Iterator.
func (i *imageIterator) Done() {}
