//go:build unix

package job

import (
	"os"
	"os/signal"
	"sync"
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

// SurviveBrokenPipes keeps a write that nobody reads from ending the process. The
// reader of the log may leave before the run is over, as "| head" does. Even then
// the failed list is written, and the process ends with the exit status of the
// run. For this reason nothing undoes the call when the run is over: the command
// still has to write the run's error.
var SurviveBrokenPipes = sync.OnceFunc(func() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
})
