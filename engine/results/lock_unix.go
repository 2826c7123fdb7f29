//go:build unix

package results

import (
	"errors"
	"os"
	"syscall"
)

// lockedByAnother takes the lock of an open file, which the system releases
// when the file is closed. It reports whether another process holds the lock. A
// file system that knows no locks gives none, and nobody holds one.
func lockedByAnother(file *os.File) bool {
	return errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// isRemoved reports whether an open file has no name any more.
func isRemoved(info os.FileInfo) bool {
	file, ok := info.Sys().(*syscall.Stat_t)
	return ok && file.Nlink == 0
}
