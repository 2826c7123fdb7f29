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

// givenLimit is GOMEMLIMIT, or the greatest number if it is not set. It is read before
// the first run sets another limit.
var givenLimit = debug.SetMemoryLimit(-1)

// modestMemory is how many bytes the process takes at most while no more than four
// fifths of them are in use. Near it, Go collects garbage more often, and returns free
// memory to the system at once. Without it, a hostile registry would make a run take
// some 100 MiB more from time to time.
const modestMemory = 400 << 20

// softLimit returns how many bytes the process should take while inUse bytes are in use.
// It grows with these, because a limit that cannot be kept makes Go collect all the time.
func softLimit(limit, inUse uint64) int64 { return int64(min(limit, max(modestMemory, inUse/4*5))) }

// memoryLimit returns how many bytes the heap may take: the least of GOMEMLIMIT, the
// limit of the machine's control group, and usualMemory. A tenth is left for what the
// run needs to end in good order. It is found out once, since watchMemory changes Go's
// own limit, and "mvrun test" makes many runs in one process.
var memoryLimit = sync.OnceValue(func() uint64 {
	limit := uint64(usualMemory)
	if givenLimit != math.MaxInt64 {
		limit = min(limit, uint64(givenLimit))
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
	debug.SetMemoryLimit(softLimit(limit, 0))
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
				used := heapSize()
				debug.SetMemoryLimit(softLimit(limit, used))
				if used > limit/10*9 {
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
