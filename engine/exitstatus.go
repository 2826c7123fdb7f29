package engine

import "mvrun/validate"

// Exit statuses of a run.
const (
	ExitOK          = 0
	ExitFailed      = 1   // at least one image failed
	ExitUsage       = 2   // wrong usage, a broken script, an unreadable, empty or wrong list
	ExitUnchecked   = 3   // no image failed, but at least one could not be checked
	ExitInterrupted = 130 // as shells show a process that Ctrl-C has ended
)

// StatusOfResults returns the exit status by the results alone.
func (s Summary) StatusOfResults() int {
	switch {
	case s.Status[validate.Fail] > 0:
		return ExitFailed
	case s.Status[validate.Error] > 0:
		return ExitUnchecked
	}
	return ExitOK
}

// IsWorse reports whether an exit status is worse than another one. A failure is worse
// than an image that could not be checked, and a script's own status is worse than both.
func IsWorse(status, other int) bool { return severity(status) > severity(other) }

func severity(status int) int {
	switch status {
	case ExitOK:
		return 0
	case ExitUnchecked:
		return 1
	case ExitFailed:
		return 2
	}
	return 3
}
