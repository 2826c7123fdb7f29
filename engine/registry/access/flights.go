package access

import (
	"context"
	"sync"
	"time"

	"mvrun/engine/await"
)

// Flights are the goroutines of a run that make sessions and tokens, for which several
// callers wait. They use the context of the run, not that of a caller. So if one caller
// gives up, the others still get their session or token.
type Flights struct {
	ctx   context.Context
	once  bool // failures are not kept for later callers
	group sync.WaitGroup
}

// NewFlights returns Flights that end with ctx. If once is true, only the callers that
// waited for a failure get it, and later callers try again.
func NewFlights(ctx context.Context, once bool) *Flights {
	return &Flights{ctx: ctx, once: once}
}

// closeTime is how long Close waits for flights whose context has ended. Close cannot
// wait longer, because nothing can interrupt a credential helper that hangs.
const closeTime = time.Second

// Close waits until the flights have ended. If their context has ended, it waits at
// most for closeTime.
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
