package access

import (
	"context"
	"sync"
	"time"

	"mvrun/engine/await"
)

// Flights are the goroutines of a run that make what several callers wait for.
// They run under the context of the run, so that the end of one caller fails no
// other.
type Flights struct {
	ctx context.Context
	// once keeps a failure from answering for the next attempt.
	once  bool
	group sync.WaitGroup
}

// NewFlights returns Flights that end with ctx. With once, a failure answers only
// those who waited for it.
func NewFlights(ctx context.Context, once bool) *Flights {
	return &Flights{ctx: ctx, once: once}
}

// closeTime is how long Close waits for flights whose context has ended. A
// credential helper that hangs cannot be interrupted, and ends with the process.
const closeTime = time.Second

// Close waits for the flights. Once their context has ended, it waits for a
// moment only.
func (f *Flights) Close() {
	landed := make(chan struct{})
	go func() {
		f.group.Wait()
		close(landed)
	}()
	select {
	case <-landed:
	case <-f.ctx.Done():
		await.Signal(context.Background(), landed, closeTime)
	}
}
