package registry

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"math"
	"net/http"

	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// Bytes returns how many bytes of blobs were read to compute their digests.
func (c *Client) Bytes() int64 { return c.bytes.Load() }

// Pending returns how many bytes are still to come of the blobs that are being read to
// compute their digests.
func (c *Client) Pending() int64 { return c.pending.Load() }

// headBlob finds out whether a blob is there, and its size.
//
// A HEAD request does not always find this out. Harbor's proxy cache answers with a
// wrong 404, a store of blobs may refuse HEAD requests, and some answers have no
// length. In these cases headBlob sends a GET request.
func (h *host) headBlob(ctx context.Context, repository, digest string) (validate.Fact, error) {
	return wire.RetryCut(ctx, h.client.network.Tries(), func() (validate.Fact, error) { return h.headBlobOnce(ctx, repository, digest) })
}

func (h *host) headBlobOnce(ctx context.Context, repository, digest string) (validate.Fact, error) {
	size, isThere, err := h.askBlob(ctx, repository, digest)
	if err != nil || isThere {
		return validate.Fact{Size: size}, err
	}
	answer, err := h.fetch(ctx, repository, "blobs/"+digest, nil)
	if err != nil || answer == nil {
		return validate.Fact{Missing: err == nil}, err
	}
	answer.Body.Close()
	if answer.ContentLength >= 0 && !wire.IsWebPage(answer.Header.Get("Content-Type"), nil) {
		return validate.Fact{Size: answer.ContentLength}, nil
	}
	return h.readBlobOnce(ctx, repository, validate.Need{Action: validate.HashBlob, Digest: digest})
}

// askBlob asks with HEAD whether a blob is there, and for its size. isThere is false if
// the answer does not say both.
func (h *host) askBlob(ctx context.Context, repository, digest string) (size int64, isThere bool, err error) {
	response, err := h.do(ctx, http.MethodHead, repository, "blobs/"+digest, nil)
	if err != nil {
		return 0, false, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		if response.ContentLength < 0 || wire.IsWebPage(response.Header.Get("Content-Type"), nil) { // the page of a proxy has a length of its own
			return 0, false, nil
		}
		return response.ContentLength, true, nil
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return 0, false, nil
	}
	return 0, false, wire.Refusal(response)
}

// readBlob reads a whole blob and computes its digest. It does not keep the bytes. If
// the blob is cut short, or its bytes do not have the digest, readBlob reads it again.
func (h *host) readBlob(ctx context.Context, repository string, need validate.Need) (validate.Fact, error) {
	return readTwice(func(fact validate.Fact) bool { return fact.Digest != need.Digest }, func() (validate.Fact, error) {
		return wire.RetryCut(ctx, h.client.network.Tries(), func() (validate.Fact, error) { return h.readBlobOnce(ctx, repository, need) })
	})
}

func (h *host) readBlobOnce(ctx context.Context, repository string, need validate.Need) (validate.Fact, error) {
	memory := &decoderMemory{free: h.client.decoders}
	defer memory.release()
	for {
		fact, err := h.readBlobWith(ctx, repository, need, memory)
		wants, ok := errors.AsType[*windowError](err)
		if !ok {
			return fact, err
		}
		if err := memory.retake(ctx, wants.window); err != nil {
			return validate.Fact{}, err
		}
	}
}

// readBlobWith reads a blob with the memory that its decoder has. It returns a
// *windowError if the decoder needs more. Then the answer is closed, so that the layer
// holds nothing that others need while it waits.
func (h *host) readBlobWith(ctx context.Context, repository string, need validate.Need, memory *decoderMemory) (validate.Fact, error) {
	blob := &hashingReader{hash: newHash(need.Digest), client: h.client}
	blob.expect(min(need.Size, maxExpected))
	defer blob.expect(0)
	answer, err := h.fetch(ctx, repository, "blobs/"+need.Digest, nil)
	if err != nil || answer == nil {
		return validate.Fact{Missing: err == nil}, err
	}
	defer answer.Body.Close()
	blob.next = answer.Body
	var stream io.Reader = blob
	if need.Size > 0 { // one byte more than expected is enough to see that the blob is too long
		stream = io.LimitReader(blob, min(need.Size, math.MaxInt64-1)+1)
	}
	var fact validate.Fact
	var unpackable error
	if need.Action == validate.UnpackLayer {
		if fact, unpackable = unpack(ctx, stream, func() int64 { return blob.n }, memory); errors.As(unpackable, new(*windowError)) {
			return validate.Fact{}, unpackable
		}
	}
	// A blob may have more bytes after the end of the compressed data. They count for
	// its digest, too. The writer hides that io.Discard would read only 8 KB at a time.
	if _, err := io.Copy(struct{ io.Writer }{io.Discard}, stream); err != nil {
		return validate.Fact{}, &wire.CutError{Err: err}
	}
	if blob.err != nil {
		return validate.Fact{}, &wire.CutError{Err: blob.err}
	}
	fact.Size, fact.Digest = blob.n, validate.Algorithm(need.Digest)+":"+hex.EncodeToString(blob.hash.Sum(nil))
	if fact.Digest != need.Digest && wire.IsWebPage(answer.Header.Get("Content-Type"), nil) {
		return validate.Fact{}, errWebPage
	}
	if unpackable != nil && fact.Digest == need.Digest { // other bytes are corrupt, whatever they ask for
		return validate.Fact{}, &contentError{unpackable}
	}
	return fact, nil
}

// hashingReader computes the digest of all bytes that are read through it, and counts
// them. It also keeps the error of a read, because the reader that unpacks the blob may
// hide it.
type hashingReader struct {
	next   io.Reader
	hash   hash.Hash
	client *Client
	n      int64
	left   int64 // how many bytes are still to come, by the manifest
	err    error
}

// maxExpected is how many bytes of a blob count as still to come, whatever its manifest
// claims.
const maxExpected = 1 << 40

// expect makes left how many bytes are still to come.
func (r *hashingReader) expect(left int64) {
	r.client.pending.Add(left - r.left)
	r.left = left
}

func (r *hashingReader) Read(b []byte) (int, error) {
	n, err := r.next.Read(b)
	r.hash.Write(b[:n])
	r.n += int64(n)
	r.client.bytes.Add(int64(n))
	r.expect(max(r.left-int64(n), 0))
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

func newHash(digest string) hash.Hash {
	if validate.Algorithm(digest) == "sha512" {
		return sha512.New()
	}
	return sha256.New()
}
