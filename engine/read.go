package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"mvrun/engine/imagelist"
	"mvrun/engine/room"
	"mvrun/validate"
)

// compare reads facts until they are enough for a verdict.
func (e *Engine) compare(ctx context.Context, image imagelist.Image, q validate.Question) (validate.Verdict, int, error) {
	known, requests := validate.Known{}, 0
	isReading := false
	for {
		verdict, needs := validate.Compare(q, known)
		if len(needs) == 0 {
			return verdict, requests, nil
		}
		if !isReading && slices.ContainsFunc(needs, validate.Need.IsBlob) {
			isReading = true
			e.readingBlobs.Add(1)
			defer e.readingBlobs.Add(-1)
		}
		n, err := e.read(ctx, image, needs, known)
		requests += n
		if err != nil {
			return validate.Verdict{}, requests, err
		}
	}
}

// readAtOnce is how many facts are read at once for one image. A manifest list may
// name thousands of manifests.
const readAtOnce = 64

// read reads the facts that are needed, side by side, and adds them to known. If
// several reads fail, it returns the error of the first need among them.
func (e *Engine) read(ctx context.Context, image imagelist.Image, needs []validate.Need, known validate.Known) (int, error) {
	type answer struct {
		fact     validate.Fact
		requests int
	}
	var failed firstFailure
	answers := make([]answer, len(needs))
	ask := func(i int) {
		a := &answers[i]
		failed.record(i, Guard(func() (err error) {
			a.fact, a.requests, err = e.fact(ctx, image, needs[i])
			return err
		}))
	}
	// The last fact is read in this goroutine. Of an image's first two facts the
	// last one is a manifest, and the stack of this goroutine is already as large as
	// parsing it takes.
	var others sync.WaitGroup
	room := make(chan struct{}, readAtOnce)
	last := len(needs) - 1
	for i := range last {
		room <- struct{}{}
		others.Go(func() {
			ask(i)
			<-room
		})
	}
	ask(last)
	others.Wait()

	requests := 0
	for i := range answers {
		requests += answers[i].requests
		known[needs[i]] = &answers[i].fact
	}
	if failed.err == nil {
		return requests, nil
	}
	return requests, withName(failed.err, validate.ObjectName(known, needs[failed.need]))
}

// firstFailure keeps the error of the first need of which the read failed. It drops the
// others at once, because each of them may hold what a registry wrote.
type firstFailure struct {
	mu   sync.Mutex
	need int
	err  error
}

func (f *firstFailure) record(need int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil && (f.err == nil || need < f.need) {
		f.need, f.err = need, err
	}
}

// fact returns a fact that the run knows already, or reads it. If the memory of all
// images is taken, it waits. It waits here, where no other image waits for the fact.
func (e *Engine) fact(ctx context.Context, image imagelist.Image, need validate.Need) (fact validate.Fact, requests int, err error) {
	read := func() (validate.Fact, int, error) { return e.options.Registry.Read(ctx, image, need) }
	for {
		n := 0
		if e.facts == nil {
			fact, n, err = read()
		} else {
			fact, n, err = e.facts.read(ctx, e.placed(image, need.Side), need, read)
		}
		requests += n
		if !errors.Is(err, room.ErrCrowded) {
			return fact, requests, err
		}
		if err := room.Of(ctx).Wait(ctx); err != nil {
			return validate.Fact{}, requests, fmt.Errorf("%w: %w", room.ErrCrowded, err)
		}
	}
}
