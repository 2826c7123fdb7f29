package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// spareGarbage is how many bytes of garbage may pile up before Go collects
// them, whatever the process holds.
const spareGarbage = 32 << 20

// minPercent is the least garbage that may pile up, in percent of the memory in
// use: less would make a run over a very long list collect all the time.
const minPercent = 25

// limitGarbage lets about spareGarbage pile up between two collections, until
// the process ends. It is called once. A user's GOGC wins.
//
// Go itself lets as much garbage pile up as there is memory in use. A short run
// uses little memory, so it would collect all the time: 2,000 pairs at registries
// that answer at once took 28 % more CPU time. A run over a long list would take
// twice the memory that it needs: 300,000 lines took 389 MiB instead of 244, and
// TestMemory allows 286. A lower GOGC from the start mends only the second: with
// 25 the short run took twice the CPU time.
func limitGarbage() {
	if _, set := os.LookupEnv("GOGC"); !set {
		tuneCollector(struct{}{})
	}
}

// tuneCollector sets Go's GOGC by the memory in use, now and after every
// collection: the collection finds an object that nobody holds, and its cleanup
// calls tuneCollector again.
func tuneCollector(struct{}) {
	debug.SetGCPercent(percentFor(inUse()))
	runtime.AddCleanup(new([16]byte), tuneCollector, struct{}{}) // a smaller object would share its block with others, and live as long as they
}

// percentFor returns the GOGC that lets spareGarbage pile up while so many bytes
// are in use. Go counts less than 4 MiB as 4 MiB.
func percentFor(inUse uint64) int {
	return max(int(spareGarbage*100/max(inUse, 4<<20)), minPercent)
}

// inUse returns how many bytes of the heap the latest collection left.
func inUse() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
