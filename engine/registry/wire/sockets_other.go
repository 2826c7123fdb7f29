//go:build !unix

package wire

// maxSockets returns defaultSockets, because a process on Windows cannot find out how
// many files it may open.
func maxSockets() int { return defaultSockets }
