package registry

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"io"
	"math"
	"net/http"

	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// Blobs are read as streams, and never kept.

// stat asks whether a blob is there, and for its size.
//
// A HEAD may not tell: Harbor's proxy cache answers it with a false 404, a store
// of blobs may refuse it, and some answers have no length. Then a GET is sent.
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
	response.Body.Close() // it holds the slot that the next request needs
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

// blob opens a blob. It returns nil without an error if the registry does not have
// the blob. The length is -1 if the registry does not tell.
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

// whole reads a blob to its end and hashes it. A blob that is cut short is asked
// for again.
func (h *host) whole(ctx context.Context, repository string, need validate.Need) (validate.Fact, error) {
	return wire.RetryCut(ctx, h.client.network.Tries(), func() (validate.Fact, error) { return h.wholeOnce(ctx, repository, need) })
}

func (h *host) wholeOnce(ctx context.Context, repository string, need validate.Need) (validate.Fact, error) {
	body, _, err := h.blob(ctx, repository, need.Digest)
	if err != nil || body == nil {
		return validate.Fact{Missing: err == nil}, err
	}
	defer body.Close()
	blob := &hashingReader{next: body, hash: newHash(need.Digest), client: h.client}
	var stream io.Reader = blob
	if need.Size > 0 { // one byte more shows that the blob is too long
		stream = io.LimitReader(blob, min(need.Size, math.MaxInt64-1)+1)
	}
	var fact validate.Fact
	if need.Action == validate.UnpackLayer {
		fact = unpack(stream, func() int64 { return blob.n })
	}
	// The bytes behind the end of a packed stream belong to the blob, too.
	if _, err := io.Copy(io.Discard, stream); err != nil {
		return validate.Fact{}, &wire.CutError{Err: err}
	}
	if blob.err != nil {
		return validate.Fact{}, &wire.CutError{Err: blob.err}
	}
	fact.Size, fact.Digest = blob.n, validate.Algorithm(need.Digest)+":"+hex.EncodeToString(blob.hash.Sum(nil))
	return fact, nil
}

// hashingReader hashes and counts what is read through it, and keeps an error.
// What unpacks the stream may hide the error.
type hashingReader struct {
	next   io.Reader
	hash   hash.Hash
	client *Client
	n      int64
	err    error
}

func (c *hashingReader) Read(b []byte) (int, error) {
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
