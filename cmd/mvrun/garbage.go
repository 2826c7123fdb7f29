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
const garbage = uint64(32 << 20)

// byAmount is who has garbage collected so: a test runs several scripts at once,
// and they have one collector.
var byAmount struct {
	mu     sync.Mutex
	runs   int
	before int  // what Go's GOGC was
	tuned  bool // the next collection calls tune
}

// collectByAmount has garbage collected by its amount. undo leaves it to Go
// again, unless another run still wants it. A user's GOGC stands.
func collectByAmount() (undo func()) {
	if _, set := os.LookupEnv("GOGC"); set {
		return func() {}
	}
	byAmount.mu.Lock()
	defer byAmount.mu.Unlock()
	if byAmount.runs++; byAmount.runs == 1 {
		byAmount.before = debug.SetGCPercent(percentFor(inUse()))
	}
	if !byAmount.tuned {
		byAmount.tuned = true
		runtime.AddCleanup(new(collected), tune, struct{}{})
	}
	return func() {
		byAmount.mu.Lock()
		defer byAmount.mu.Unlock()
		if byAmount.runs--; byAmount.runs == 0 {
			debug.SetGCPercent(byAmount.before)
		}
	}
}

// tune sets things right after every collection.
func tune(struct{}) {
	byAmount.mu.Lock()
	defer byAmount.mu.Unlock()
	if byAmount.tuned = byAmount.runs > 0; byAmount.tuned {
		debug.SetGCPercent(percentFor(inUse()))
		runtime.AddCleanup(new(collected), tune, struct{}{})
	}
}

// collected is something that the next collection finds.
type collected struct{ _ [16]byte } // smaller ones share a block, and live as long

// percentFor is what Go's GOGC has to be with so many bytes in use: the more
// there are the less garbage, but not less than a quarter. Below 4 MiB Go counts
// 4 MiB.
func percentFor(inUse uint64) int {
	return max(int(garbage*100/max(inUse, 4<<20))-25, 25)
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
