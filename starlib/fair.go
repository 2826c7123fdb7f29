package starlib

import (
	"context"

	"go.starlark.net/starlark"

	"mvrun/engine"
	"mvrun/engine/level"
)

// maxAhead is how many items of parallel are read before their turn, to find those of
// other registries.
const maxAhead = 4096

// numbered is an item of parallel with its index, and with the registries that an image
// is about.
type numbered struct {
	index int
	value starlark.Value
	pair  level.Pair
}

// fairItems hands out the items of a cursor in an order in which a slow registry does not
// hold up the images of others.
type fairItems struct {
	cursor
	isFair bool
	turns  *level.Turns[starlark.Value]
	read   int   // how many items were read
	err    error // what ended the reading; nil before that
}

// itemsOf returns fairItems for so many goroutines. If fair is false, they have the order
// of the cursor.
func itemsOf(items cursor, workers int, fair bool) *fairItems {
	return &fairItems{cursor: items, isFair: fair, turns: level.NewTurns[starlark.Value](workers)}
}

// position is about the index of the next item: others that wait may be before it.
func (f *fairItems) position() int { return f.cursor.position() - f.turns.Waiting() }

// take returns the next item. Only one goroutine may call it at a time. The caller calls
// done when it has worked on the item.
func (f *fairItems) take(ctx context.Context) (numbered, error) {
	for f.isFair && f.err == nil && f.turns.Waiting() < maxAhead && f.isReady() {
		f.readOne(ctx)
	}
	if f.err == nil && f.turns.Waiting() == 0 {
		f.readOne(ctx)
	}
	pair, index, value, ok := f.turns.Next()
	if !ok {
		return numbered{}, f.err
	}
	return numbered{index, value, pair}, nil
}

func (f *fairItems) readOne(ctx context.Context) {
	value, err := f.next(ctx)
	if err != nil {
		f.err = err
		return
	}
	var pair level.Pair
	if image, ok := value.(*Image); ok {
		pair = engine.PairOf(&image.image)
	}
	f.turns.Add(pair, f.read, value)
	f.read++
}

func (f *fairItems) done(item numbered) { f.turns.Done(item.pair) }
