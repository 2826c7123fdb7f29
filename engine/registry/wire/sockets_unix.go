//go:build unix

package wire

import "syscall"

// maxSockets is half of the files that the process may open: a connection takes
// more than one file while it is being made.
func maxSockets() int {
	var files syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files) != nil {
		return defaultSockets
	}
	return int(max(1, min(uint64(files.Cur), 1<<20)/2))
}
