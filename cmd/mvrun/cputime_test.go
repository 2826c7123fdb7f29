//go:build unix

package main

import (
	"syscall"
	"testing"
	"time"
)

// cpuTime returns how long this process has used the processors. Unlike the time
// of a clock, it hardly grows because other processes are busy.
func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
