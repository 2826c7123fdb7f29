package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"mvrun/engine"
)

// What ends a run from outside.

// sameInterruption is how long interruptions count as one: timeout(1) sends two
// at once, and with Ctrl-C both the terminal and make do.
const sameInterruption = 100 * time.Millisecond

// interruptible makes the first interruption end a run in good order, and the
// next one the process. The function that it returns ends that.
func interruptible(cancel context.CancelCauseFunc) func() {
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup: a terminal that goes takes nothing with it
		signal.Notify(signals, syscall.SIGHUP)
	}
	// Who reads the log may leave before the run is over: "| head". The failed
	// list is written all the same.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
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
