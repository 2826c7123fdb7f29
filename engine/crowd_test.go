package engine

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/engine/room"
	"mvrun/validate"
)

// giants answers with lists of n manifests, each of which takes a mebibyte. All images
// have the same manifests, so they also wait for each other's reads.
func giants(n int, most *atomic.Int64) fakeRegistry {
	var now atomic.Int64
	return func(ctx context.Context, image imagelist.Image, need validate.Need) (validate.Fact, int, error) {
		list := &validate.Manifest{MediaType: validate.TypeOCIIndex, Digest: digest}
		for i := range n {
			list.Children = append(list.Children, validate.Descriptor{Digest: validate.Digest("sha256", fmt.Append(nil, i)), MediaType: validate.TypeOCIManifest, Size: 1})
		}
		if need.Digest == "" {
			return validate.Fact{Digest: digest, Manifest: list}, 1, nil
		}
		const parts = 4 // a body comes in parts, and others take room meanwhile
		share := room.Of(ctx)
		for part := range int64(parts) {
			if err := share.Take(1 << 20 / parts); err != nil {
				share.Give(part << 20 / parts)
				now.Add(-part << 20 / parts)
				return validate.Fact{}, 1, err
			}
			most.Store(max(most.Load(), now.Add(1<<20/parts)))
			time.Sleep(time.Second)
		}
		now.Add(-1 << 20) // counts only what is being read
		config := validate.Descriptor{MediaType: "application/vnd.example", Digest: digest}
		return validate.Fact{Digest: need.Digest, Weight: 1 << 20, Size: 1,
			Manifest: &validate.Manifest{MediaType: validate.TypeOCIManifest, Digest: need.Digest, Size: 1, Config: config}}, 1, nil
	}
}

// TestGiants shows that many images which want all the memory come to their end: they
// wait for each other's memory and for each other's reads, and never in a circle.
func TestGiants(t *testing.T) {
	for _, test := range []struct {
		manifests int
		status    validate.Status
		reason    validate.Reason
	}{
		{30, validate.Pass, ""},
		{80, validate.Error, validate.BadManifest},
	} {
		synctest.Test(t, func(t *testing.T) {
			var most atomic.Int64
			e := newEngine(giants(test.manifests, &most), 20)
			e.options.Timeout = time.Hour
			q := question
			q.Rules = validate.Content
			var images sync.WaitGroup
			for i := range 100 {
				images.Go(func() {
					image := image(i)
					image.Destination = fmt.Sprint("d/", i%3) // some share a repository, and so their facts
					result := e.check(t.Context(), &image, q)
					if result.Status != test.status || result.Reason != test.reason {
						t.Errorf("%s %s %s", result.Status, result.Reason, result.Message)
					}
				})
			}
			images.Wait()
			if most.Load() > 128<<20 {
				t.Errorf("%d bytes at once", most.Load())
			}
			if _, err := e.Close(nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestCrowdEnds shows that the end of a run ends the waiting for memory.
func TestCrowdEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		e := newEngine(func(ctx context.Context, image imagelist.Image, need validate.Need) (validate.Fact, int, error) {
			if err := room.Of(ctx).Take(20 << 20); err != nil {
				return validate.Fact{}, 1, err
			}
			<-ctx.Done() // a registry that never ends
			return validate.Fact{}, 1, ctx.Err()
		}, 20)
		e.options.Timeout = time.Hour
		time.AfterFunc(time.Minute, func() { cancel(ErrInterrupted) })
		var images sync.WaitGroup
		for i := range 20 {
			images.Go(func() {
				image := image(i)
				if result := e.check(ctx, &image, question); result.Reason != validate.Interrupted {
					t.Errorf("%s %s", result.Reason, result.Message)
				}
			})
		}
		images.Wait()
		if _, err := e.Close(nil); err != nil {
			t.Error(err)
		}
	})
}

// TestFactsWeight shows that the remembered facts take a limited number of bytes, and
// that a giant is not remembered.
func TestFactsWeight(t *testing.T) {
	f := newFacts()
	remember := func(i int, weight int64) {
		need := validate.Need{Action: validate.ReadManifest, Digest: fmt.Sprint(i)}
		for range 2 { // the same fact twice counts once
			f.remember(keyOf(image(1), need, need.Action), image(1), need, validate.Fact{Digest: need.Digest, Weight: weight})
		}
	}
	for i := range 100 {
		remember(i, 1<<20)
	}
	if got := f.large.Len(); f.weight != maxWeight || got != maxWeight>>20 {
		t.Errorf("%d facts of %d bytes", got, f.weight)
	}
	remember(100, maxOneLarge+1)
	if _, ok := f.known(keyOf(image(1), validate.Need{Digest: "100"}, validate.ReadManifest), validate.Need{Action: validate.ReadManifest}); ok || f.weight != maxWeight {
		t.Errorf("a giant is remembered: %v, %d bytes", ok, f.weight)
	}
	for i := range 3000 {
		remember(1000+i, 0)
	}
	if f.large.Len() != maxLarge || f.weight != 0 {
		t.Errorf("%d facts of %d bytes", f.large.Len(), f.weight)
	}
}
