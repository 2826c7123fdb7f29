package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// When garbage is collected.

// garbage is how many bytes of it pile up before they are collected. Go waits
// for as much as is in use: a run that keeps next to nothing would collect over
// and over, and one over a long list take twice the memory that it needs.
const garbage = 32 << 20

// collectByAmount has garbage collected by its amount. undo leaves it to Go
// again. A user's GOGC stands.
func collectByAmount() (undo func()) {
	if _, set := os.LookupEnv("GOGC"); set {
		return func() {}
	}
	var mu sync.Mutex // of undone and the setting
	undone := false
	debug.SetGCPercent(percentFor(inUse()))
	var next func(struct{})
	next = func(struct{}) { // after every collection
		mu.Lock()
		defer mu.Unlock()
		if undone {
			return
		}
		debug.SetGCPercent(percentFor(inUse()))
		runtime.AddCleanup(new(collected), next, struct{}{})
	}
	runtime.AddCleanup(new(collected), next, struct{}{})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		undone = true
		debug.SetGCPercent(100) // which it is without GOGC; runs in one process may overlap
	}
}

// collected is something that the next collection finds.
type collected struct{ _ [16]byte } // smaller ones share a block, and live as long

// percentFor is what Go's GOGC has to be with so many bytes in use: the more
// there are the less garbage, but not less than a quarter. Below 4 MiB Go counts
// 4 MiB.
func percentFor(inUse uint64) int {
	return max(garbage*100/int(max(inUse, 4<<20))-25, 25)
}

// inUse is what the latest collection left, in bytes.
func inUse() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0 // a runtime without it
	}
	return sample[0].Value.Uint64()
}
