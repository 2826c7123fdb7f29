package registry

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// document is the body of an answer that is parsed as a whole. It takes room
// for its bytes, and then for what they become.
type document struct {
	body   []byte
	header http.Header

	client *Client
	room   memoryRoom
	taken  int64 // how many bytes of the room the document takes
}

// memoryRoom is what a document takes its memory from: the share of an image, or a
// listingRoom.
type memoryRoom interface {
	Take(n int64) error
	Give(n int64)
}

// count makes n what the document takes of its room.
func (d *document) count(n int64) error {
	if n < d.taken {
		d.room.Give(d.taken - n)
	} else if err := d.room.Take(n - d.taken); err != nil {
		return err
	}
	d.taken = n
	return nil
}

// free gives back what the document takes. It does nothing after keep.
func (d *document) free() {
	d.room.Give(d.taken)
	d.taken = 0
}

// keep leaves to the image what the document takes. It returns how much that is.
func (d *document) keep() int64 {
	kept := d.taken
	d.taken = 0
	return kept
}

const (
	firstBuffer = 8 << 10 // how many bytes are read at first of a body whose length is not known
	// smallDocument is how many bytes a document may take that is parsed beside others.
	smallDocument = 256 << 10
)

// read reads a body of at most limit bytes. Its buffer grows only as bytes come, so
// that a length which a registry only claims takes no memory.
func (d *document) read(response *http.Response, limit int64) error {
	size := int64(firstBuffer)
	if response.ContentLength >= 0 {
		size = min(response.ContentLength+1, smallDocument) // with room for the read that finds the end
	}
	for {
		if int64(len(d.body)) == int64(cap(d.body)) {
			if err := d.count(size); err != nil {
				return err
			}
			d.body = append(make([]byte, 0, size), d.body...)
			size = max(min(2*size, limit+1), response.ContentLength+1) // one byte more than allowed shows that the body is too long
		}
		n, err := response.Body.Read(d.body[len(d.body):cap(d.body)])
		d.body = d.body[:len(d.body)+n]
		switch {
		case int64(len(d.body)) > limit:
			return &contentError{fmt.Errorf("the answer has more than %d bytes; registries need not take more, and neither does mvrun", limit)}
		case err == io.EOF:
			return nil
		case err != nil:
			return &wire.CutError{Err: err}
		}
	}
}

// parse calls do, which parses the document, once the image has room for what do makes
// of it. Large documents are parsed one at a time, because parsing takes more memory for
// a moment.
func (d *document) parse(ctx context.Context, do func() error) error {
	if err := d.count(max(validate.Weight(d.body), int64(cap(d.body)))); err != nil {
		return err
	}
	if d.taken > smallDocument {
		select {
		case d.client.parsing <- struct{}{}:
			defer func() { <-d.client.parsing }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return do()
}
