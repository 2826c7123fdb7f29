package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// spareGarbage is how many bytes of garbage may pile up before Go collects it. If
// more than six times as much memory is in use, minPercent counts instead.
const spareGarbage = 32 << 20

// minPercent is the smallest GOGC that is set: the garbage that may pile up, in
// percent of the memory in use. With a smaller value, a run over a very long list
// would collect garbage all the time.
const minPercent = 15

// limitGarbage makes Go collect garbage each time that about spareGarbage has
// piled up. It is called once, and works until the process ends. If the user set
// GOGC, it does nothing.
//
// Without it, Go lets as much garbage pile up as there is memory in use. Then a
// short run, which uses little memory, would collect garbage all the time: 2,000
// pairs at registries that answer at once took 28 % more CPU time. A run over a
// long list would take twice the memory that it needs: 300,000 lines took 449 MiB
// instead of 265, and TestMemory allows 286. A lower GOGC from the start mends
// only the second fault: with 25, the short run took twice the CPU time.
func limitGarbage() {
	if _, set := os.LookupEnv("GOGC"); !set {
		tuneCollector(struct{}{})
	}
}

// tuneCollector sets GOGC for the memory that is in use. It does so now and after
// every collection: it makes an object that nothing refers to. The next collection
// finds the object, and the object's cleanup calls tuneCollector again.
func tuneCollector(struct{}) {
	debug.SetGCPercent(percentFor(inUse()))
	runtime.AddCleanup(new([16]byte), tuneCollector, struct{}{}) // a smaller object may share its memory with others, and is then not freed alone
}

// percentFor returns the GOGC that lets spareGarbage pile up while inUse bytes are
// in use. Go treats less than 4 MiB as 4 MiB.
func percentFor(inUse uint64) int {
	return max(int(spareGarbage*100/max(inUse, 4<<20)), minPercent)
}

// inUse returns the number of bytes on the heap that the last collection did not
// free.
func inUse() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
