package starlib

import (
	"context"
	"io"

	"go.starlark.net/starlark"

	"mvrun/engine/imagelist"
)

// cursor hands out the items of parallel one by one.
type cursor interface {
	// next returns the next item, or io.EOF.
	next(ctx context.Context) (starlark.Value, error)
	// isReady reports whether next would not have to wait.
	isReady() bool
	// position is the index of the next item.
	position() int
	// look returns the image at an index without handing it out, or nil if the item is
	// none. known is false if only waiting would show which item it is.
	look(index int) (image *imagelist.Image, known bool)
}

// cursorOf returns a cursor of items. The cursor reads the images of a list only when they
// are needed. All other items are frozen before the first of them is handed out.
func cursorOf(ctx context.Context, items starlark.Iterable) (cursor, error) {
	if images, ok := items.(*imageList); ok {
		return &listCursor{list: images}, nil
	}
	var all []starlark.Value
	iterator := items.Iterate()
	defer iterator.Done()
	for item := starlark.Value(nil); iterator.Next(&item); {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		item.Freeze()
		all = append(all, item)
	}
	return &valueCursor{values: all}, nil
}

// valueCursor is the cursor of all items but those of an imageList.
type valueCursor struct {
	values []starlark.Value
	index  int
}

func (c *valueCursor) next(context.Context) (starlark.Value, error) {
	if c.index == len(c.values) {
		return nil, io.EOF
	}
	c.index++
	return c.values[c.index-1], nil
}

func (c *valueCursor) isReady() bool { return true }

func (c *valueCursor) position() int { return c.index }

func (c *valueCursor) look(index int) (image *imagelist.Image, known bool) {
	if index >= len(c.values) {
		return nil, false
	}
	if i, ok := c.values[index].(*Image); ok {
		image = &i.image
	}
	return image, true
}

// preparing returns the function take of items, which also has the registries prepared
// for the images that follow: while an image is validated, the tokens for the next ones
// are fetched.
func (e *execution) preparing(items *fairItems) func(context.Context) (numbered, error) {
	index := 0 // of the first item for which nothing was prepared
	return func(ctx context.Context) (numbered, error) {
		item, err := items.take(ctx)
		if err != nil || !e.Engine.CanPrepare() {
			return item, err
		}
		end := items.position() + e.Engine.Ahead()
		for index = max(index, items.position()); index < end; index++ {
			image, known := items.look(index)
			if !known {
				break
			}
			if image != nil {
				e.Engine.Prepare(image)
			}
		}
		return item, nil
	}
}
