package registry

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"mvrun/validate"
)

const (
	// A layer may unpack to freeUnpacked bytes whatever its size, and to more only
	// if that is at most maxRatio times its size. gzip never packs more tightly, but
	// a bomb of zstd does.
	freeUnpacked = 4 << 30
	maxRatio     = 2000
	// maxWindow bounds the window of zstd, and so the memory that a layer takes.
	maxWindow = 128 << 20
)

// unpack tells how a layer is packed, and hashes what is packed in it. If that
// fails, the fact says why. bytesRead returns how much of packed was read so far.
func unpack(packed io.Reader, bytesRead func() int64) (fact validate.Fact) {
	buffered := bufio.NewReader(packed)
	begin, _ := buffered.Peek(4)
	fact.Format = layerFormat(begin)
	sum := sha256.New()
	plain, err := unpacker(fact.Format, buffered)
	if err == nil {
		defer plain.Close()
		err = hashUnpacked(sum, plain, bytesRead)
	}
	if err != nil {
		fact.Broken = err.Error()
		return fact
	}
	fact.DiffID = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	return fact
}

// layerFormat returns how a layer is packed that begins with some bytes. A stream
// of zstd may begin with a frame that readers skip.
// https://datatracker.ietf.org/doc/html/rfc8878#section-3.1
func layerFormat(begin []byte) string {
	switch {
	case bytes.HasPrefix(begin, []byte{0x1f, 0x8b}):
		return "gzip"
	case bytes.Equal(begin, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return "zstd"
	case len(begin) == 4 && begin[0]&0xf0 == 0x50 && bytes.Equal(begin[1:], []byte{0x2a, 0x4d, 0x18}):
		return "zstd"
	}
	return "tar"
}

// unpacker returns a reader of what is packed in a format.
func unpacker(format string, packed io.Reader) (io.ReadCloser, error) {
	switch format {
	case "gzip":
		return gzip.NewReader(packed)
	case "zstd":
		decoder, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		return decoder.IOReadCloser(), nil
	}
	return io.NopCloser(packed), nil
}

// hashUnpacked hashes what is unpacked, as long as that stays in proportion to
// what was read of the layer.
func hashUnpacked(sum hash.Hash, plain io.Reader, bytesRead func() int64) error {
	var n int64
	buffer := make([]byte, 64<<10)
	for {
		got, err := plain.Read(buffer)
		sum.Write(buffer[:got])
		n += int64(got)
		if n > freeUnpacked && n/maxRatio > bytesRead() {
			return fmt.Errorf("it unpacks to more than %d times its size, as a bomb does", maxRatio)
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
