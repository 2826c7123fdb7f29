package results

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockedByAnother takes the lock of an open file, which the system releases
// when the file is closed. It reports whether another process holds the lock.
// Windows keeps others from reading and writing a region that is locked, so the
// lock is one byte far behind the end of the file.
func lockedByAnother(file *os.File) bool {
	const farBehind = 1 << 30 // the upper half of the offset
	region := &windows.Overlapped{OffsetHigh: farBehind}
	err := windows.LockFileEx(windows.Handle(file.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, region)
	return errors.Is(err, windows.ERROR_LOCK_VIOLATION)
}

// isRemoved returns false: Windows does not let anybody remove an open file.
func isRemoved(os.FileInfo) bool { return false }
