package await

import (
	"context"
	"time"
)

// Sleep waits for d. It returns the error of ctx if ctx ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	return Signal(ctx, nil, d)
}

// Signal waits until signal is closed, but no longer than most. It returns the
// error of ctx if ctx ends first, and does not tell the other two ends apart.
func Signal(ctx context.Context, signal <-chan struct{}, most time.Duration) error {
	timer := time.NewTimer(most)
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
