package starlib

import (
	"context"
	"errors"
	"fmt"
	"io"

	"go.starlark.net/starlark"

	"mvrun/engine/imagelist"
)

// imageList is the value that load_list returns. Each loop over it begins with the
// first image, and reads a line of the list when it needs that line.
//
// A line that is not an image is left out of the loop. The engine makes a result for
// it, and every failed list has the line.
type imageList struct {
	execution *execution
	thread    *starlark.Thread // the thread that called load_list
	reading   *imagelist.Reading
}

var _ starlark.Iterable = (*imageList)(nil)

func (l *imageList) String() string        { return fmt.Sprintf("load_list(%q)", l.reading.List.Name) }
func (l *imageList) Type() string          { return "image_list" }
func (l *imageList) Freeze()               {}
func (l *imageList) Truth() starlark.Bool  { return true }
func (l *imageList) Hash() (uint32, error) { return 0, errors.New("unhashable: image_list") }

// listCursor hands out the images of a list one by one.
type listCursor struct {
	list  *imageList
	index int // of the next line
}

func (c *listCursor) next(ctx context.Context) (starlark.Value, error) {
	for {
		line, err := c.list.reading.At(ctx, c.index)
		if err != nil {
			return nil, err
		}
		c.index++
		image, err := c.list.reading.Image(line)
		if err == nil {
			return &Image{image}, nil
		}
		c.list.execution.Engine.Invalid(image, err)
	}
}

func (c *listCursor) isReady() bool {
	_, known := c.list.reading.Peek(c.index)
	return known
}

func (c *listCursor) position() int { return c.index }

func (c *listCursor) look(index int) (*imagelist.Image, bool) {
	line, known := c.list.reading.Peek(index)
	if !known {
		return nil, false
	}
	image, err := c.list.reading.Image(line)
	if err != nil {
		return nil, true
	}
	return &image, true
}

// Iterate implements starlark.Iterable.
func (l *imageList) Iterate() starlark.Iterator {
	return &imageIterator{list: l, cursor: listCursor{list: l}}
}

type imageIterator struct {
	list   *imageList
	cursor listCursor
}

// Next implements starlark.Iterator. A Starlark iterator cannot return an error. So
// an error of the list ends the whole execution.
func (i *imageIterator) Next(p *starlark.Value) bool {
	if i.list.reading.List.Interactive() {
		taskOf(i.list.thread).End() // shows the result of the last line before the next prompt
	}
	value, err := i.cursor.next(i.list.execution.ctx) // not the context of the thread: it may have ended before this loop
	if err == nil {
		*p = value
		return true
	}
	if !errors.Is(err, io.EOF) {
		i.list.execution.abort(err)
		i.list.thread.Cancel(err.Error())
	}
	return false
}

// Done implements starlark.Iterator.
func (i *imageIterator) Done() {}
