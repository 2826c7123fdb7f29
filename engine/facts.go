package engine

import (
	"context"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"

	"mvrun/engine/await"
	"mvrun/engine/imagelist"
	"mvrun/engine/room"
	"mvrun/validate"
)

// fetch reads one need of an image.
type fetch = func() (fact validate.Fact, requests int, err error)

// facts is what a run knows already. The same digest of the same repository is
// asked for once, however many tags lead to it, and however many images want it
// at once.
//
// Only what is there is remembered. A manifest or blob that is missing may
// come, and a script that waits for it asks again.
//
// Small facts are kept to the end of the run. Facts that hold a manifest or a
// config are large: only the latest are kept.
type facts struct {
	mu      sync.Mutex
	heads   map[key]int64 // sizes of manifests that are there
	sizes   map[key]int64 // of blobs
	large   *lru.Cache[key, validate.Fact]
	weight  int64 // of the facts in large
	flights await.Group[flightKey, validate.Fact]
}

// flightKey identifies what is being read. The size is part of it, because a
// blob is read up to the size that its manifest gives, and another manifest may
// give another size.
type flightKey struct {
	fact key
	size int64
}

// These bounds hold whatever registries serve. No honest run of fewer than some 300,000
// lines reaches them. A fact that is not remembered is read again.
const (
	maxSmall    = 1 << 20  // how many manifests are remembered to be there, and how many blobs
	maxLarge    = 2048     // how many manifests and configs are remembered
	maxWeight   = 24 << 20 // how many bytes of memory these may take together
	maxOneLarge = 2 << 20  // how many bytes one of them may take
)

func newFacts() *facts {
	f := &facts{heads: map[key]int64{}, sizes: map[key]int64{}}
	large, err := lru.NewWithEvict(maxLarge, func(_ key, gone validate.Fact) { f.weight -= gone.Weight })
	if err != nil {
		panic(err) // the size is constant
	}
	f.large = large
	return f
}

// keyOf returns the key of one kind of fact about the digest that need names, in
// the repository of its side.
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
// want it at the same time. requests counts those that were sent for this
// caller: it is 0 for a caller that got the fact of another.
func (f *facts) read(ctx context.Context, image imagelist.Image, need validate.Need, read fetch) (fact validate.Fact, requests int, err error) {
	if need.Digest == "" || need.Action == validate.ListReferrers { // what a tag means, or what refers to it, may change
		return read()
	}
	k := keyOf(image, need, need.Action)
	for {
		if fact, ok := f.known(k, need); ok {
			return fact, 0, room.Of(ctx).Take(fact.Weight)
		}
		flight, own := f.flights.Join(flightKey{k, need.Size})
		if own {
			fact, err = flight.Fly(func() (fact validate.Fact, err error) {
				if fact, ok := f.known(k, need); ok { // another flight has just landed
					return fact, room.Of(ctx).Take(fact.Weight)
				}
				if fact, requests, err = read(); err == nil {
					f.remember(k, image, need, fact)
				}
				return fact, err
			})
			return fact, requests, err
		}
		fact, err = flight.Wait(ctx)
		switch {
		case err == nil:
			return fact, 0, room.Of(ctx).Take(fact.Weight)
		case ctx.Err() != nil:
			return validate.Fact{}, 0, context.Cause(ctx)
		}
		// The other caller may have failed for reasons of its own, such as its
		// time, or the room that it has: this one asks itself.
	}
}

// known looks a fact up.
func (f *facts) known(k key, need validate.Need) (validate.Fact, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch need.Action {
	case validate.HeadManifest:
		size, ok := f.heads[k]
		return validate.Fact{Digest: need.Digest, Size: size}, ok
	case validate.HeadBlob, validate.HashBlob:
		size, ok := f.sizes[k]
		return validate.Fact{Digest: need.Digest, Size: size}, ok
	}
	return f.large.Get(k)
}

// proves holds the small facts that follow from a fact. Whoever has read a
// manifest, for example, knows that it is there.
var proves = map[validate.Action][]validate.Action{
	validate.HeadManifest: {validate.HeadManifest},
	validate.ReadManifest: {validate.HeadManifest},
	validate.HeadBlob:     {validate.HeadBlob},
	validate.ReadConfig:   {validate.HeadBlob, validate.HashBlob},
	validate.HashBlob:     {validate.HeadBlob, validate.HashBlob},
	validate.UnpackLayer:  {validate.HeadBlob, validate.HashBlob},
}

// remember keeps a fact, and what else it proves.
func (f *facts) remember(k key, image imagelist.Image, need validate.Need, fact validate.Fact) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fact.Missing || fact.Digest != need.Digest && need.Action != validate.HeadBlob {
		return
	}
	fact.Misread = "" // a wrong read concerns the images that waited for it, and no later one
	for _, what := range proves[need.Action] {
		small := k
		if what != need.Action {
			small = keyOf(image, need, what)
		}
		known := f.sizes
		if what == validate.HeadManifest {
			known = f.heads
		}
		if len(known) < maxSmall {
			known[small] = fact.Size
		}
	}
	switch need.Action {
	case validate.ReadManifest, validate.ReadConfig, validate.UnpackLayer:
		f.rememberLarge(k, fact)
	}
}

// rememberLarge keeps a large fact, and forgets those that nobody has wanted for the
// longest time. f.mu is held.
func (f *facts) rememberLarge(k key, fact validate.Fact) {
	if fact.Weight > maxOneLarge {
		return
	}
	f.large.Remove(k)
	f.weight += fact.Weight
	f.large.Add(k, fact)
	for f.weight > maxWeight {
		f.large.RemoveOldest()
	}
}
