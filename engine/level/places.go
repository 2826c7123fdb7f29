package level

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// Pair is two registries between which images are compared. Source is "" for work that
// asks only one registry.
type Pair struct{ Source, Destination string }

// Places hands out places to images, for each pair of registries on its own: images of
// a slow registry do not take the places of others.
type Places struct {
	ceiling int

	mu    sync.Mutex
	pairs map[Pair]*places
}

// NewPlaces returns Places of which each pair has at most so many as ceiling says.
func NewPlaces(ceiling int) *Places { return &Places{ceiling: ceiling, pairs: map[Pair]*places{}} }

// Found is the most places of a pair that were taken at once.
type Found struct {
	Pair
	Most int
}

// Found returns what was found for each pair, in the order of their names.
func (p *Places) Found() []Found {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Found
	for pair, its := range p.pairs {
		its.mu.Lock()
		all = append(all, Found{pair, its.most})
		its.mu.Unlock()
	}
	slices.SortFunc(all, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Destination, b.Destination), cmp.Compare(a.Source, b.Source))
	})
	return all
}

// Limit returns how many places the pair has now that has the most.
func (p *Places) Limit() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	most := New(p.ceiling).Limit
	for _, its := range p.pairs {
		its.mu.Lock()
		most = max(most, its.level.Limit)
		its.mu.Unlock()
	}
	return most
}

// Enter waits for a place of a pair. It returns a context with which Report counts
// requests for the pair, and a function that gives the place back. If ctx ends
// first, Enter returns the cause.
func (p *Places) Enter(ctx context.Context, pair Pair) (entered context.Context, leave func(), err error) {
	p.mu.Lock()
	its, ok := p.pairs[pair]
	if !ok {
		its = &places{level: New(p.ceiling), began: time.Now()}
		p.pairs[pair] = its
	}
	p.mu.Unlock()
	if err := its.take(ctx); err != nil {
		return nil, nil, err
	}
	return context.WithValue(ctx, placesKey{}, its), sync.OnceFunc(its.leave), nil
}

// places are the places of one pair.
type places struct {
	mu      sync.Mutex
	level   Level
	taken   int
	most    int             // the highest value of taken
	waiting []chan struct{} // each is closed when its owner has got a place
	window  Window
	latency time.Duration // of all answers of window
	began   time.Time     // when window began
	ended   int           // how many places were given back in window
	lowered time.Time     // when the limit was last lowered
}

// take waits for a place.
func (p *places) take(ctx context.Context) error {
	p.mu.Lock()
	if p.taken < p.level.Limit && len(p.waiting) == 0 {
		p.use()
		p.mu.Unlock()
		return nil
	}
	got := make(chan struct{})
	p.waiting = append(p.waiting, got)
	p.window.Full = true
	p.mu.Unlock()
	select {
	case <-got:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.waiting, got); i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
	} else { // it got a place at the same moment
		p.taken--
		p.admit()
	}
	return context.Cause(ctx)
}

// use takes a place. p.mu is held.
func (p *places) use() {
	p.taken++
	p.most = max(p.most, p.taken)
}

// admit gives free places to those who wait. p.mu is held.
func (p *places) admit() {
	for len(p.waiting) > 0 && p.taken < p.level.Limit {
		close(p.waiting[0])
		p.waiting = p.waiting[1:]
		p.use()
	}
	p.window.Full = p.window.Full || len(p.waiting) > 0
}

// leave gives a place back. A window ends when as many images have ended as may be
// under way, because then each image of the window had its effect on the others.
func (p *places) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if p.ended++; p.ended >= p.level.Limit {
		p.next()
	}
	p.admit()
}

// next ends the window, and begins another one. p.mu is held.
func (p *places) next() {
	now := time.Now()
	p.window.Elapsed = now.Sub(p.began)
	if n := p.window.Answers; n > 0 {
		p.window.Latency = p.latency / time.Duration(n)
	}
	limit := p.level.Limit
	if p.level = p.level.Next(p.window); p.level.Limit < limit {
		p.lowered = now
	}
	p.window, p.latency, p.began, p.ended = Window{}, 0, now, 0
}

type placesKey struct{}

// Outcome says what became of a request.
type Outcome int

// A request is Answered, Refused with 429, or has Failed: without an answer, or with 5xx.
const (
	Answered Outcome = iota
	Refused
	Failed
)

// Report tells the pair, for which Enter has made ctx, about a request that was sent
// and about its outcome. In other contexts it does nothing.
func Report(ctx context.Context, sent time.Time, outcome Outcome) {
	p, ok := ctx.Value(placesKey{}).(*places)
	if !ok {
		return
	}
	took := time.Since(sent)
	p.mu.Lock()
	defer p.mu.Unlock()
	if sent.Before(p.lowered) { // it says nothing about the lower limit
		return
	}
	p.latency += took
	p.window.Answers++
	switch outcome {
	case Refused:
		p.window.Refused++
	case Failed:
		p.window.Failed++
	}
	if outcome != Answered && (p.window.isRefused() || p.window.isFailing()) {
		p.next() // at once: each moment costs more of them
		p.admit()
	}
}
