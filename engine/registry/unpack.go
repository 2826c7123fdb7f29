package registry

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"

	"mvrun/validate"
)

const (
	// These limits stop a decompression bomb. A layer may unpack to freeUnpacked
	// bytes. It may unpack to more only if this is at most maxRatio times its size.
	// gzip cannot reach this ratio, but zstd can.
	freeUnpacked = 4 << 30
	maxRatio     = 2000
)

// unpack finds out the format of a layer, and computes the digest of its unpacked
// content. If this fails, the fact says why. bytesRead returns how many bytes of the
// layer were read so far. An error means that memory is missing: a *windowError, or
// errWindow.
func unpack(ctx context.Context, packed io.Reader, bytesRead func() int64, memory *decoderMemory) (fact validate.Fact, err error) {
	buffered := bufio.NewReader(packed)
	begin, _ := buffered.Peek(4)
	fact.Format = layerFormat(begin)
	sum := sha256.New()
	plain, err := unpacker(ctx, fact.Format, buffered, memory)
	if err == nil {
		defer plain.Close()
		err = hashUnpacked(sum, plain, bytesRead)
	}
	switch {
	case errors.Is(err, errWindow), errors.As(err, new(*windowError)):
		return fact, err
	case err != nil:
		fact.Broken = err.Error()
		return fact, nil
	}
	fact.DiffID = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	return fact, nil
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
func unpacker(ctx context.Context, format string, packed *bufio.Reader, memory *decoderMemory) (io.ReadCloser, error) {
	switch format {
	case "gzip":
		return gzip.NewReader(packed)
	case "zstd":
		return memory.decoder(ctx, packed)
	}
	return io.NopCloser(packed), nil
}

// hashUnpacked writes the unpacked content of a layer to sum. It returns an error if
// the content is too large for the number of bytes that were read of the layer.
func hashUnpacked(sum hash.Hash, plain io.Reader, bytesRead func() int64) error {
	beside := hashBeside(sum)
	defer beside.end()
	var n int64
	for {
		buffer := <-beside.empty
		got, err := plain.Read(buffer)
		beside.filled <- buffer[:got]
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

// besideHash hashes bytes in a goroutine of its own. So the bytes that were unpacked last
// are hashed while the next ones are unpacked.
type besideHash struct {
	empty, filled chan []byte // the two buffers are in empty, in filled, or in somebody's hands
	ended         sync.WaitGroup
}

func hashBeside(sum hash.Hash) *besideHash {
	const size = 32 << 10 // a decoder of gzip gives no more at once
	b := &besideHash{empty: make(chan []byte, 2), filled: make(chan []byte, 2)}
	b.empty <- make([]byte, size)
	b.empty <- make([]byte, size)
	b.ended.Go(func() {
		for buffer := range b.filled {
			sum.Write(buffer)
			b.empty <- buffer[:size]
		}
	})
	return b
}

// end waits until everything is hashed.
func (b *besideHash) end() {
	close(b.filled)
	b.ended.Wait()
}
