package job

import (
	"os"
	"syscall"
)

// endings returns the signals that end a run. Go turns the end of the console
// window into SIGTERM.
func endings() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

// SurviveBrokenPipes does nothing: on Windows such a write is only an error.
func SurviveBrokenPipes() {}
