package registry

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/semaphore"
)

// frame returns a zstd frame of one byte, whose header declares a window of 2 to the
// power of so many bytes.
func frame(power byte) []byte {
	return []byte{0x28, 0xb5, 0x2f, 0xfd, 0, (power - 10) << 3, 1<<3 | 1, 0, 0, 'x'}
}

// TestDecoderWaits shows that a layer waits for the memory of another one, first with
// its answer open, and then without it.
func TestDecoderWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := semaphore.NewWeighted(decoderBytes)
		packed := func() *bufio.Reader { return bufio.NewReader(bytes.NewReader(frame(27))) }
		holder, waiter := &decoderMemory{free: free}, &decoderMemory{free: free}
		first, err := holder.decoder(t.Context(), packed())
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err = waiter.decoder(t.Context(), packed())
		wants, ok := errors.AsType[*windowError](err)
		if !ok || wants.window != 128<<20 || time.Since(began) != patience {
			t.Fatalf("got %v after %v", err, time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := waiter.retake(ctx, wants.window); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the end of the context does not end the waiting: %v", err)
		}
		small := &decoderMemory{free: free}
		if err := small.take(t.Context(), 1<<20); err != nil {
			t.Errorf("a small window beside a large one: %v", err)
		}
		small.release()
		time.AfterFunc(time.Minute, func() {
			first.Close()
			holder.release()
		})
		if err := waiter.retake(t.Context(), wants.window); err != nil {
			t.Fatal(err)
		}
		second, err := waiter.decoder(t.Context(), packed())
		if err != nil {
			t.Fatal(err)
		}
		if content, err := io.ReadAll(second); string(content) != "x" || err != nil {
			t.Errorf("got %q, %v", content, err)
		}
		second.Close()
		waiter.release()
		waiter.release() // does nothing
		if !free.TryAcquire(decoderBytes) {
			t.Error("memory was not given back")
		}
	})
}

// TestDecoderWindows shows which windows are unpacked, also if a later frame has another
// one than the first.
func TestDecoderWindows(t *testing.T) {
	for _, test := range []struct {
		name   string
		packed []byte
		waited int64 // the memory for which the layer has to be read anew
		err    error
	}{
		{"usual", frame(23), 0, nil},
		{"the largest", frame(27), 0, nil},
		{"too large", frame(28), 0, errWindow},
		{"later a larger one", append(frame(20), frame(26)...), maxWindow, nil},
		{"later one that is too large", append(frame(20), frame(28)...), maxWindow, errWindow},
	} {
		t.Run(test.name, func(t *testing.T) {
			memory := &decoderMemory{free: semaphore.NewWeighted(decoderBytes)}
			defer memory.release()
			unpacked := func() error {
				_, err := unpack(t.Context(), bytes.NewReader(test.packed), func() int64 { return 1 }, memory)
				return err
			}
			err := unpacked()
			if wants, ok := errors.AsType[*windowError](err); ok != (test.waited > 0) || ok && wants.window != test.waited {
				t.Errorf("got %v", err)
			} else if ok {
				if err := memory.retake(t.Context(), wants.window); err != nil {
					t.Fatal(err)
				}
				err = unpacked()
				if !errors.Is(err, test.err) {
					t.Errorf("got %v, want %v", err, test.err)
				}
			} else if !errors.Is(err, test.err) {
				t.Errorf("got %v, want %v", err, test.err)
			}
		})
	}
}
