package level

import "sync"

// Turns decides which of many items is next, so that the items of a slow pair of registries
// do not take all the goroutines that work on items. As long as items of several pairs
// wait, each pair gets an equal part of the goroutines.
type Turns[T any] struct {
	workers int // how many goroutines work on items

	mu       sync.Mutex
	waiting  map[Pair][]turn[T] // in the order of the items; without empty lists
	working  map[Pair]int       // how many items are being worked on; without zeros
	nWaiting int
}

type turn[T any] struct {
	number int
	item   T
}

// NewTurns returns Turns for so many goroutines.
func NewTurns[T any](workers int) *Turns[T] {
	return &Turns[T]{workers: workers, waiting: map[Pair][]turn[T]{}, working: map[Pair]int{}}
}

// Waiting returns how many items wait.
func (t *Turns[T]) Waiting() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.nWaiting
}

// Add adds an item of a pair. Items have growing numbers.
func (t *Turns[T]) Add(pair Pair, number int, item T) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting[pair] = append(t.waiting[pair], turn[T]{number, item})
	t.nWaiting++
}

// Next takes the next item: the first one of a pair that has not got its part of the
// goroutines yet. If all pairs have, it is the first item of all. ok is false if none waits.
// The caller must call Done after its work on the item.
func (t *Turns[T]) Next() (pair Pair, number int, item T, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	pairs := len(t.waiting)
	for p := range t.working {
		if _, counted := t.waiting[p]; !counted {
			pairs++
		}
	}
	late := false // whether the pair found so far has got its part
	for p, turns := range t.waiting {
		full := t.working[p] >= max(1, t.workers/pairs)
		if !ok || late && !full || late == full && turns[0].number < number {
			pair, number, item, late, ok = p, turns[0].number, turns[0].item, full, true
		}
	}
	if !ok {
		return pair, 0, item, false
	}
	if t.waiting[pair] = t.waiting[pair][1:]; len(t.waiting[pair]) == 0 {
		delete(t.waiting, pair)
	}
	t.nWaiting--
	t.working[pair]++
	return pair, number, item, true
}

// Done says that the work on an item of a pair has ended.
func (t *Turns[T]) Done(pair Pair) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.working[pair]--; t.working[pair] == 0 {
		delete(t.working, pair)
	}
}
