package await

import (
	"context"
	"time"
)

// Sleep waits for d. It returns the error of ctx if ctx ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	return Signal(ctx, nil, d)
}

// Signal waits until signal is closed, but not longer than limit. In both cases it
// returns nil. It returns the error of ctx if ctx ends first.
func Signal(ctx context.Context, signal <-chan struct{}, limit time.Duration) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-signal:
		return nil
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
