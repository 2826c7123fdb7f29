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
	// These limits stop a decompression bomb. A layer may unpack to freeUnpacked
	// bytes. It may unpack to more only if this is at most maxRatio times its size.
	// gzip cannot reach this ratio, but zstd can.
	freeUnpacked = 4 << 30
	maxRatio     = 2000
	// maxWindow limits the window of zstd, and so the memory that one layer needs.
	maxWindow = 128 << 20
)

// unpack finds out the format of a layer, and computes the digest of its unpacked
// content. If this fails, the fact says why. bytesRead returns how many bytes of the
// layer were read so far.
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

// layerFormat returns the format of a layer. begin has the first four bytes of the
// layer. A zstd layer may begin with a skippable frame.
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

// unpacker returns a reader that unpacks a format.
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

// hashUnpacked writes the unpacked content of a layer to sum. It returns an error if
// the content is too large for the number of bytes that were read of the layer.
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
