package registry

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"math"
	"net/http"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// Blobs: whether they are there, and whether their bytes are right. They are
// read as streams, never kept.

// stat asks whether a blob is there, and for its size.
//
// Harbor's proxy cache answers with a false 404, a store of blobs may refuse a
// HEAD where it takes a GET, and some answers tell no length: then a GET has to
// tell.
func (h *host) stat(ctx context.Context, repository, digest string) (validate.Fact, error) {
	return wire.RetryCut(ctx, h.client.network.Tries(), func() (validate.Fact, error) { return h.statOnce(ctx, repository, digest) })
}

func (h *host) statOnce(ctx context.Context, repository, digest string) (validate.Fact, error) {
	response, err := h.do(ctx, http.MethodHead, repository, "blobs/"+digest, nil)
	if err != nil {
		return validate.Fact{}, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		if response.ContentLength >= 0 {
			return validate.Fact{Size: response.ContentLength}, nil
		}
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
	default:
		return validate.Fact{}, wire.Refusal(response)
	}
	response.Body.Close() // it takes the room that the next request needs
	body, length, err := h.blob(ctx, repository, digest)
	if err != nil || body == nil {
		return validate.Fact{Missing: err == nil}, err
	}
	body.Close()
	if length >= 0 {
		return validate.Fact{Size: length}, nil
	}
	return h.wholeOnce(ctx, repository, validate.Need{Action: validate.HashBlob, Digest: digest})
}

// blob opens a blob; nil without an error if the registry has it not. The
// length is -1 if the registry does not tell.
func (h *host) blob(ctx context.Context, repository, digest string) (io.ReadCloser, int64, error) {
	response, err := h.do(ctx, http.MethodGet, repository, "blobs/"+digest, nil)
	if err != nil {
		return nil, 0, err
	}
	switch response.StatusCode {
	case http.StatusOK:
		return response.Body, response.ContentLength, nil
	case http.StatusNotFound:
		err = h.checkMissing(ctx, response)
	default:
		err = wire.Refusal(response)
	}
	response.Body.Close()
	return nil, 0, err
}

// whole reads a blob to its end and hashes it. A body that is cut short is
// asked for again.
func (h *host) whole(ctx context.Context, repository string, need validate.Need) (validate.Fact, error) {
	return wire.RetryCut(ctx, h.client.network.Tries(), func() (validate.Fact, error) { return h.wholeOnce(ctx, repository, need) })
}

func (h *host) wholeOnce(ctx context.Context, repository string, need validate.Need) (validate.Fact, error) {
	body, _, err := h.blob(ctx, repository, need.Digest)
	if err != nil || body == nil {
		return validate.Fact{Missing: err == nil}, err
	}
	defer body.Close()
	bytes := &counted{next: body, hash: newHash(need.Digest), client: h.client}
	var stream io.Reader = bytes
	if need.Size > 0 { // one byte more tells that there are too many
		stream = io.LimitReader(bytes, min(need.Size, math.MaxInt64-1)+1)
	}
	var fact validate.Fact
	if need.Action == validate.UnpackLayer {
		fact = unpack(stream)
	}
	// Also what stands behind the end of what was unpacked.
	if _, err := io.Copy(io.Discard, stream); err != nil {
		return validate.Fact{}, &wire.CutError{Err: err}
	}
	if bytes.err != nil {
		return validate.Fact{}, &wire.CutError{Err: bytes.err}
	}
	fact.Size, fact.Digest = bytes.n, validate.Algorithm(need.Digest)+":"+hex.EncodeToString(bytes.hash.Sum(nil))
	return fact, nil
}

// counted hashes what is read through it, and keeps an error.
type counted struct {
	next   io.Reader
	hash   hash.Hash
	client *Client
	n      int64
	err    error
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.next.Read(b)
	c.hash.Write(b[:n])
	c.n += int64(n)
	c.client.bytes.Add(int64(n))
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

func newHash(digest string) hash.Hash {
	if validate.Algorithm(digest) == "sha512" {
		return sha512.New()
	}
	return sha256.New()
}

const (
	// A layer may unpack to so much, and beyond that to so many times its size:
	// more than gzip can, and less than a bomb of zstd does.
	mostUnpacked  = 4 << 30
	mostRatio     = 2000
	longestWindow = 128 << 20 // of zstd, and so about the memory that a layer takes
)

// unpack tells what a layer's bytes are, by how they begin, and hashes what is
// packed in them. What is wrong with them is part of the answer.
func unpack(packed io.Reader) (fact validate.Fact) {
	buffered := bufio.NewReader(packed)
	begin, _ := buffered.Peek(4)
	sum := sha256.New()
	var plain io.Reader = buffered
	var err error
	switch {
	case bytes.HasPrefix(begin, []byte{0x1f, 0x8b}):
		fact.Format = "gzip"
		var reader *gzip.Reader
		if reader, err = gzip.NewReader(buffered); err == nil {
			defer reader.Close()
			plain = reader
		}
	case bytes.Equal(begin, []byte{0x28, 0xb5, 0x2f, 0xfd}), len(begin) == 4 && begin[0]&0xf0 == 0x50 && bytes.Equal(begin[1:], []byte{0x2a, 0x4d, 0x18}):
		fact.Format = "zstd"
		var reader *zstd.Decoder
		if reader, err = zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(longestWindow), zstd.WithDecoderLowmem(true)); err == nil {
			defer reader.Close()
			plain = reader
		}
	default:
		fact.Format = "tar"
	}
	if err == nil {
		err = hashPlain(sum, plain, packed)
	}
	if err != nil {
		fact.Broken = err.Error()
		return fact
	}
	fact.DiffID = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	return fact
}

// hashPlain hashes what is unpacked, as long as that stays in proportion to
// what was read of packed.
func hashPlain(sum hash.Hash, plain, packed io.Reader) error {
	var n int64
	buffer := make([]byte, 64<<10)
	for {
		got, err := plain.Read(buffer)
		sum.Write(buffer[:got])
		n += int64(got)
		if n > mostUnpacked && n/mostRatio > read(packed) {
			return fmt.Errorf("it unpacks to more than %d times its size, as a bomb does", mostRatio)
		}
		switch err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}

// read is how much was read of a layer so far.
func read(packed io.Reader) int64 {
	if limited, ok := packed.(*io.LimitedReader); ok {
		packed = limited.R
	}
	return packed.(*counted).n
}
