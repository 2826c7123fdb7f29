package main

import (
	"os"
	"runtime/debug"

	"mvrun/engine/imagelist"
)

// Lists of so many lines are short, and long.
const (
	shortList = 10_000
	longList  = 50_000
)

// collectAsNeeded lets garbage grow where a list is short: its run keeps next to
// nothing, so the collector would start over and over, and take a sixth of the
// time. What it costs is some tens of MiB. Where a list is long, memory is
// dearer than the collector's time: much is kept, and as much again would be
// garbage. undo sets things right again.
func collectAsNeeded(list *imagelist.List) (undo func()) {
	lines, all := list.Known()
	percent := 100
	switch {
	case len(lines) <= shortList:
		percent = 250
	case len(lines) > longList:
		percent = 25
	}
	if _, set := os.LookupEnv("GOGC"); set || !all || percent == 100 {
		return func() {}
	}
	before := debug.SetGCPercent(percent)
	return func() { debug.SetGCPercent(before) }
}
