package job

import (
	"context"
	"os"
	"os/signal"
	"time"

	"mvrun/engine"
)

// sameInterruption is the time within which several signals count as one:
// timeout(1) sends two at once, and on Ctrl-C the terminal and make send one
// each.
const sameInterruption = 100 * time.Millisecond

// Interruptible lets the first signal end a run in good order, and the next one
// the process, until stop is called.
func Interruptible(cancel context.CancelCauseFunc) (stop func()) {
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, endings()...)
	SurviveBrokenPipes()
	go func() {
		select {
		case <-signals:
			cancel(engine.ErrInterrupted)
			select {
			case <-time.After(sameInterruption):
			case <-done:
			}
			signal.Stop(signals)
		case <-done:
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}
