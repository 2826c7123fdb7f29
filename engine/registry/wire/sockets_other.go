//go:build !unix

package wire

// maxSockets is a number that other systems allow. Windows has no limit that a
// process could ask for.
func maxSockets() int { return defaultSockets }
