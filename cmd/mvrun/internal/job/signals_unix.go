//go:build unix

package job

import (
	"os"
	"os/signal"
	"syscall"
)

// endings returns the signals that end a run.
func endings() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // under nohup the end of the terminal ends nothing
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// surviveBrokenPipes keeps a write that nobody reads from ending the process,
// until stop is called. The reader of the log may leave before the run is over,
// as "| head" does: the failed list is written all the same.
func surviveBrokenPipes() (stop func()) {
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	return func() { signal.Stop(broken) }
}
