package registry

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/semaphore"
)

const (
	// decoderBytes is how much memory all decoders of zstd may take together.
	decoderBytes = 160 << 20
	// maxWindow is the largest window of zstd that is unpacked. A decoder keeps its
	// window in memory.
	maxWindow = 128 << 20
	// usualWindow is the window that common encoders use. A layer gets at least so much,
	// because its later frames may have larger windows than the first one.
	usualWindow = 8 << 20
	// besidesWindow is what a decoder takes besides its window.
	besidesWindow = 2 << 20
	// largeWindow is a window whose memory is collected before others may use it.
	largeWindow = 32 << 20

	// patience is how long a layer waits for memory while its answer is open. After that
	// the answer is closed, because a connection and a place among the registry's
	// requests must not wait, and the layer is read anew once there is memory.
	patience = 10 * time.Second
)

// decoderMemory is the part of decoderBytes that the decoder of one layer takes.
type decoderMemory struct {
	free   *semaphore.Weighted
	window int64 // the window that fits; 0 if nothing was taken
}

// windowError says that a layer has to be read anew, with memory for a window.
type windowError struct{ window int64 }

func (e *windowError) Error() string {
	return fmt.Sprintf("unpacking takes %d bytes, which others take", e.window)
}

// errWindow says that unpacking would take too much memory.
var errWindow = fmt.Errorf("unpacking it takes more than %d MiB of memory, and mvrun takes no more for one layer", maxWindow>>20)

// decoder returns a reader that unpacks zstd. It waits for memory, but not for long.
func (m *decoderMemory) decoder(ctx context.Context, packed *bufio.Reader) (io.ReadCloser, error) {
	window := firstWindow(packed)
	switch {
	case window > maxWindow:
		return nil, errWindow
	case m.window == 0:
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if m.take(ctx, window) != nil {
			return nil, &windowError{window}
		}
	case window > m.window: // the first frame was another one when the layer was read before
		return nil, &windowError{maxWindow}
	}
	d, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(uint64(m.window)), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return &boundedDecoder{d.IOReadCloser(), m.window}, nil
}

// firstWindow returns the window of the first frame. It returns 0 if that is not clear,
// such as for a skippable frame.
func firstWindow(packed *bufio.Reader) int64 {
	begin, _ := packed.Peek(zstd.HeaderMaxSize)
	var header zstd.Header
	if header.Decode(begin) != nil || header.Skippable {
		return 0
	}
	window := header.WindowSize
	if header.SingleSegment {
		window = header.FrameContentSize
	}
	return int64(min(window, maxWindow+1))
}

// take waits for memory for a window.
func (m *decoderMemory) take(ctx context.Context, window int64) error {
	window = max(window, usualWindow)
	if err := m.free.Acquire(ctx, window+besidesWindow); err != nil {
		return err
	}
	m.window = window
	return nil
}

// retake gives the memory back, and waits for memory for another window.
func (m *decoderMemory) retake(ctx context.Context, window int64) error {
	m.release()
	return m.take(ctx, window)
}

// release gives the memory back. A large window is collected at once: until Go collects
// the garbage, the next window would take its memory a second time.
func (m *decoderMemory) release() {
	if m.window == 0 {
		return
	}
	if m.window >= largeWindow {
		runtime.GC()
	}
	m.free.Release(m.window + besidesWindow)
	m.window = 0
}

// boundedDecoder tells a frame that needs more memory than was taken from one that
// needs more than any layer gets.
type boundedDecoder struct {
	io.ReadCloser
	window int64
}

func (d *boundedDecoder) Read(b []byte) (int, error) {
	n, err := d.ReadCloser.Read(b)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		if err = errWindow; d.window < maxWindow {
			err = &windowError{maxWindow}
		}
	}
	return n, err
}
