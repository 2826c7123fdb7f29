package engine

import (
	"context"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// What a run knows already: the same digest of the same repository is asked
// for once, however many tags lead to it, and however many images want it at
// once.
//
// Only what is there is remembered. What is missing may come, and be asked for
// again by a script that waits for it.

// fetch reads one need of an image.
type fetch = func() (fact validate.Fact, requests int, err error)

// facts is the memory of a run. Small facts are kept to its end; of those that
// hold a manifest or a config, only the latest.
type facts struct {
	mu      sync.Mutex
	heads   map[key]struct{} // of manifests
	sizes   map[key]int64    // of blobs
	large   *lru.Cache[key, validate.Fact]
	flights map[flightKey]*flight
}

// flightKey tells apart what is read of a blob, too: as much as a manifest says
// it has, and another manifest may say otherwise.
type flightKey struct {
	fact key
	size int64
}

// flight is a fact that is being read, and those who wait for it.
type flight struct {
	landed chan struct{}
	fact   validate.Fact
	err    error
}

// manyLarge is how many manifests and configs are remembered.
const manyLarge = 2048

func newFacts() *facts {
	large, err := lru.New[key, validate.Fact](manyLarge)
	if err != nil {
		panic(err) // the size is constant
	}
	return &facts{heads: map[key]struct{}{}, sizes: map[key]int64{}, large: large, flights: map[flightKey]*flight{}}
}

func keyOf(image imagelist.Image, need validate.Need, what validate.Action) key {
	repository := image.Source
	if need.Side == validate.Destination {
		repository = image.Destination
	}
	text := make([]byte, 0, 256)
	text = append(text, byte(need.Side), byte(what))
	text = append(append(append(text, repository...), ' '), need.Digest...)
	return hash(text)
}

// read returns a fact that is known, or else has it read, once for all who
// want it at the same time.
func (f *facts) read(ctx context.Context, image imagelist.Image, need validate.Need, read fetch) (validate.Fact, int, error) {
	if need.Digest == "" || need.Action == validate.ListReferrers { // what a tag means, or what refers to it, may change
		return read()
	}
	k := keyOf(image, need, need.Action)
	inFlight := flightKey{k, need.Size}
	for {
		f.mu.Lock()
		if fact, ok := f.known(k, need); ok {
			f.mu.Unlock()
			return fact, 0, nil
		}
		other, ok := f.flights[inFlight]
		if !ok {
			break
		}
		f.mu.Unlock()
		select {
		case <-other.landed:
			if other.err == nil {
				return other.fact, 0, nil
			}
			// It may have failed for reasons of its own, such as its time.
		case <-ctx.Done():
			return validate.Fact{}, 0, context.Cause(ctx)
		}
	}
	own := &flight{landed: make(chan struct{}), err: context.Canceled} // should read panic
	f.flights[inFlight] = own
	f.mu.Unlock()
	requests := 0
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if own.err == nil {
			f.remember(k, image, need, own.fact)
		}
		delete(f.flights, inFlight)
		close(own.landed)
	}()
	own.fact, requests, own.err = read()
	return own.fact, requests, own.err
}

// known looks a fact up. f.mu is held.
func (f *facts) known(k key, need validate.Need) (validate.Fact, bool) {
	switch need.Action {
	case validate.HeadManifest:
		_, ok := f.heads[k]
		return validate.Fact{Digest: need.Digest}, ok
	case validate.HeadBlob, validate.HashBlob:
		size, ok := f.sizes[k]
		return validate.Fact{Digest: need.Digest, Size: size}, ok
	}
	return f.large.Get(k)
}

// proves says which small facts a fact holds.
var proves = map[validate.Action][]validate.Action{
	validate.HeadManifest: {validate.HeadManifest},
	validate.ReadManifest: {validate.HeadManifest},
	validate.HeadBlob:     {validate.HeadBlob},
	validate.ReadConfig:   {validate.HeadBlob, validate.HashBlob},
	validate.HashBlob:     {validate.HeadBlob, validate.HashBlob},
	validate.UnpackLayer:  {validate.HeadBlob, validate.HashBlob},
}

// remember keeps a fact, and what else it proves. f.mu is held.
func (f *facts) remember(k key, image imagelist.Image, need validate.Need, fact validate.Fact) {
	if fact.Missing || fact.Digest != need.Digest && need.Action != validate.HeadBlob {
		return
	}
	for _, what := range proves[need.Action] {
		small := k
		if what != need.Action {
			small = keyOf(image, need, what)
		}
		if what == validate.HeadManifest {
			f.heads[small] = struct{}{}
		} else {
			f.sizes[small] = fact.Size
		}
	}
	switch need.Action {
	case validate.ReadManifest, validate.ReadConfig, validate.UnpackLayer:
		f.large.Add(k, fact)
	}
}
