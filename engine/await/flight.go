package await

import (
	"context"
	"errors"
	"sync"
)

// Group makes a value once for all callers that want it at the same time. The zero
// Group is ready for use. A Group does not keep values: a caller that comes after
// a flight has landed begins another one.
type Group[K comparable, V any] struct {
	mu      sync.Mutex
	flights map[K]*Flight[K, V]
}

// Flight is the making of one value, for which several callers may wait. It has
// landed when the value is made.
type Flight[K comparable, V any] struct {
	group  *Group[K, V]
	key    K
	landed chan struct{} // closed after value and err are set
	value  V
	err    error
}

// errPanicked is the error of a flight if the function that makes the value
// panicked.
var errPanicked = errors.New("the making of this value panicked")

// Join returns the flight that is under way for a key. If there is none, Join
// begins one, and own is true. The caller must then call Fly, because others may
// already wait for this flight.
func (g *Group[K, V]) Join(key K) (flight *Flight[K, V], own bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if flight, ok := g.flights[key]; ok {
		return flight, false
	}
	if g.flights == nil {
		g.flights = map[K]*Flight[K, V]{}
	}
	flight = &Flight[K, V]{group: g, key: key, landed: make(chan struct{})}
	g.flights[key] = flight
	return flight, true
}

// Fly makes the value with fresh, and gives it to all callers that wait for it.
// Only the caller that owns the flight may call Fly, and only once.
//
// Others can join the flight until fresh has returned. If values are kept, fresh
// itself must keep them. Then every caller finds either the flight or the kept
// value.
func (f *Flight[K, V]) Fly(fresh func() (V, error)) (V, error) {
	f.err = errPanicked // replaced unless fresh panics
	defer func() {
		f.group.mu.Lock()
		defer f.group.mu.Unlock()
		if delete(f.group.flights, f.key); len(f.group.flights) == 0 {
			f.group.flights = nil // saves memory: there may be a Group for each of 100,000 repositories
		}
		close(f.landed)
	}()
	f.value, f.err = fresh()
	return f.value, f.err
}

// Wait waits for the flight, and returns its value and its error. If ctx ends
// first, Wait returns the error of ctx.
func (f *Flight[K, V]) Wait(ctx context.Context) (V, error) {
	select {
	case <-f.landed:
		return f.value, f.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}
