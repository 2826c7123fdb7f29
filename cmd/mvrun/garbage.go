package main

import (
	"os"
	"runtime/debug"

	"mvrun/engine/imagelist"
)

// shortList is how many lines a list may have for its run to be spared most of
// the garbage collector's work.
const shortList = 10_000

// collectLess lets garbage grow where a list is short: its run keeps next to
// nothing, so the collector would start over and over, and take a sixth of the
// time. What it costs is some tens of MiB. undo sets things right again.
func collectLess(list *imagelist.List) (undo func()) {
	lines, all := list.Known()
	if _, set := os.LookupEnv("GOGC"); set || !all || len(lines) > shortList {
		return func() {}
	}
	before := debug.SetGCPercent(400)
	return func() { debug.SetGCPercent(before) }
}
