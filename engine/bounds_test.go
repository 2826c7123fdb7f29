package engine

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// What a registry that lies may cost others.

// A list of many images must not make as many goroutines.
func TestReadsAtOnceOfOneImage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		e := newEngine(func(context.Context, imagelist.Image, validate.Need) (validate.Fact, int, error) {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(time.Second)
			now.Add(-1)
			return validate.Fact{}, 1, nil
		}, 1)
		var needs []validate.Need
		for i := range 1000 {
			needs = append(needs, validate.Need{Side: validate.Destination, Action: validate.HeadManifest, Digest: fmt.Sprint(i)})
		}
		known := validate.Known{}
		requests, err := e.read(t.Context(), image(1), needs, known)
		if err != nil || requests != len(needs) || len(known) != len(needs) {
			t.Errorf("%d requests, %d known, %v", requests, len(known), err)
		}
		// The first is read by who asks.
		if got := most.Load(); got > readAtOnce+1 || got < readAtOnce {
			t.Errorf("%d at once", got)
		}
		if _, err := e.Close(nil); err != nil {
			t.Error(err)
		}
	})
}

// A manifest that lies about a blob's size has only so much of it read: that is
// no answer for the manifest that tells the truth.
func TestSizesOfOneBlob(t *testing.T) {
	f := newFacts()
	whole := validate.Fact{Digest: digest, Size: 7}
	need := func(size int64) validate.Need {
		return validate.Need{Side: validate.Destination, Action: validate.HashBlob, Digest: digest, Size: size}
	}
	_, _, err := f.read(t.Context(), image(1), need(1), func() (validate.Fact, int, error) {
		ended, end := context.WithCancel(t.Context())
		end() // to wait for the first read would never end
		fact, _, err := f.read(ended, image(2), need(7), func() (validate.Fact, int, error) { return whole, 1, nil })
		if err != nil || fact.Size != whole.Size {
			t.Errorf("got %+v, %v", fact, err)
		}
		return validate.Fact{Digest: "sha256:of two bytes", Size: 2}, 1, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	fact, requests, err := f.read(t.Context(), image(3), need(1), nil)
	if err != nil || requests != 0 || fact.Size != 7 {
		t.Errorf("what was read is not remembered: %+v, %v", fact, err)
	}
}
