package job

import (
	"fmt"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// memoryError is the cause of the end of a run that takes too much memory. The run
// itself is bounded, so a script is nearly always why.
type memoryError struct{ used, limit uint64 }

func (e *memoryError) Error() string {
	return fmt.Sprintf("the run was stopped because it took %d MiB of memory, of %d MiB that it may take; does the script collect too much?",
		e.used>>20, e.limit>>20)
}

// usualMemory is how many bytes a run may take if nothing else limits them.
const usualMemory = 4 << 30

// memoryLimit returns how many bytes the heap may take: the least of GOMEMLIMIT, the
// limit of the machine's control group, and usualMemory. A tenth is left for what the
// run needs to end in good order. It is found out once, since watchMemory changes Go's
// own limit, and "mvrun test" makes many runs in one process.
var memoryLimit = sync.OnceValue(func() uint64 {
	limit := uint64(usualMemory)
	if set := debug.SetMemoryLimit(-1); set != math.MaxInt64 {
		limit = min(limit, uint64(set))
	}
	if group, err := memlimit.FromCgroup(); err == nil && group > 0 {
		limit = min(limit, group)
	}
	return limit / 10 * 9
})

// memoryInterval is how often the memory is looked at. A script can fill a gigabyte in
// a second.
const memoryInterval = 100 * time.Millisecond

// watchMemory calls tooMuch once if the heap takes more than limit bytes, until stop is
// called. Near the limit, Go collects garbage all the time, so that garbage alone does
// not end a run.
func watchMemory(limit uint64, tooMuch func(error)) (stop func()) {
	debug.SetMemoryLimit(int64(limit))
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(memoryInterval)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				if used := heapSize(); used > limit/10*9 {
					tooMuch(&memoryError{used, limit})
					return
				}
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

// heapSize returns how many bytes the objects took that the last collection of garbage
// left on the heap.
func heapSize() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
