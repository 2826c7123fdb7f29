package await

import (
	"context"
	"errors"
	"sync"
)

// Group makes a value once for all who want it at the same time. The zero
// Group is ready for use. Values are not kept: who comes after a flight has
// landed begins another one.
type Group[K comparable, V any] struct {
	mu      sync.Mutex
	flights map[K]*Flight[K, V]
}

// Flight is the making of one value.
type Flight[K comparable, V any] struct {
	group  *Group[K, V]
	key    K
	landed chan struct{} // closed after value and err are set
	value  V
	err    error
}

// errPanicked is the error of a flight whose maker panicked.
var errPanicked = errors.New("the making of this value panicked")

// Join returns the flight that is under way for a key. If there is none, Join
// begins one and reports that it is the caller's own: the caller must then call
// Fly, because others may wait for it already.
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

// Fly makes the value, and gives it to all who wait for it. Only the caller
// that owns the flight may call Fly, and only once.
//
// The flight stays joinable until fresh has returned. A caller that keeps
// values must therefore keep them within fresh: then nobody finds neither the
// kept value nor the flight.
func (f *Flight[K, V]) Fly(fresh func() (V, error)) (V, error) {
	f.err = errPanicked // replaced unless fresh panics
	defer func() {
		f.group.mu.Lock()
		defer f.group.mu.Unlock()
		if delete(f.group.flights, f.key); len(f.group.flights) == 0 {
			f.group.flights = nil // there may be a Group for each of 100,000 repositories
		}
		close(f.landed)
	}()
	f.value, f.err = fresh()
	return f.value, f.err
}

// Wait returns what the flight made. It returns the error of ctx if ctx ends
// before the flight does.
func (f *Flight[K, V]) Wait(ctx context.Context) (V, error) {
	select {
	case <-f.landed:
		return f.value, f.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}
