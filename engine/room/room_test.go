package room

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/validate"
)

// take takes n bytes as a reader does, who tries again when it is crowded.
func take(ctx context.Context, n int64) error {
	for {
		if err := Of(ctx).Take(n); !errors.Is(err, ErrCrowded) {
			return err
		}
		if err := Of(ctx).Wait(ctx); err != nil {
			return err
		}
	}
}

// TestOneImage shows how much one image may take.
func TestOneImage(t *testing.T) {
	ctx, share := New(20).Enter(t.Context())
	for range 32 {
		if err := take(ctx, 1<<20); err != nil {
			t.Fatal(err)
		}
	}
	full, ok := errors.AsType[*FullError](share.Take(1))
	if !ok || full.Reason() != validate.BadManifest {
		t.Errorf("got %v", full)
	}
	share.Give(1 << 20)
	if err := share.Take(1); !errors.As(err, new(*FullError)) {
		t.Errorf("got %v, want no more reading of this image", err)
	}
	share.Leave()
	if err := (*Share)(nil).Take(1 << 40); err != nil {
		t.Errorf("without a share: %v", err)
	}
}

// TestNobodyWaitsForTheirOwn shows that an image gets its own part while hostile images
// have taken everything else.
func TestNobodyWaitsForTheirOwn(t *testing.T) {
	r := New(20)
	for taken := int64(0); ; taken++ {
		ctx, share := r.Enter(t.Context())
		err := error(nil)
		for n := 0; err == nil && n < 32; n++ {
			if err = share.Take(1 << 20); errors.Is(err, ErrCrowded) && len(r.places) < places {
				err = share.Wait(ctx)
			}
		}
		if err != nil {
			break
		}
	}
	_, share := r.Enter(t.Context())
	if err := share.Take(ownBytes / 20); err != nil {
		t.Error(err)
	}
	if err := share.Take(1 << 20); !errors.Is(err, ErrCrowded) {
		t.Errorf("got %v", err)
	}
	if used := commonBytes - r.common + places*OneImage + ownBytes; used > 128<<20 {
		t.Errorf("%d bytes are taken", used)
	}
}

// TestManyHostileImages shows that images which all want as much as one may have come to
// their end, that no more than 128 MiB are taken meanwhile, and that everything is given
// back.
func TestManyHostileImages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(20)
		jobs := make(chan struct{}, 20)
		var images sync.WaitGroup
		var now, most, done atomic.Int64
		for range 200 {
			images.Go(func() {
				jobs <- struct{}{}
				defer func() { <-jobs }()
				ctx, share := r.Enter(t.Context())
				var taken atomic.Int64
				defer func() { now.Add(-taken.Load()); share.Leave() }()
				var readers sync.WaitGroup
				for range 8 { // manifests of one image, read side by side
					readers.Go(func() {
						for range 4 {
							if err := take(ctx, 1<<20); err != nil {
								t.Error(err)
								return
							}
							taken.Add(1 << 20)
							most.Store(max(most.Load(), now.Add(1<<20)))
							time.Sleep(time.Second)
						}
					})
				}
				readers.Wait()
				done.Add(1)
			})
		}
		images.Wait()
		if done.Load() != 200 || most.Load() > 128<<20 || r.common != commonBytes || len(r.places) != 0 {
			t.Errorf("%d came to their end, %d bytes at most, %d left, %d places taken", done.Load(), most.Load(), r.common, len(r.places))
		}
	})
}

// TestWaitEnds shows that the end of the context ends the waiting.
func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(1)
		for range places {
			ctx, share := r.Enter(t.Context())
			if err := share.Wait(ctx); err != nil {
				t.Fatal(err)
			}
		}
		stop := errors.New("stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(stop) })
		ctx, share := r.Enter(ctx)
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				if err := share.Wait(ctx); !errors.Is(err, stop) {
					t.Errorf("got %v", err)
				}
			})
		}
		readers.Wait()
		share.Leave()
		if len(r.places) != places {
			t.Errorf("%d places are taken", len(r.places))
		}
	})
}
