//go:build unix

package wire

import "syscall"

// maxSockets returns half of the number of files that the process may open,
// because a connection needs more than one file until it is made.
func maxSockets() int {
	var files syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files) != nil {
		return defaultSockets
	}
	return int(max(1, min(uint64(files.Cur), 1<<20)/2))
}
