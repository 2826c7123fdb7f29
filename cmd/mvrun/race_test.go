//go:build race

package main

// raceDetector says whether the race detector is on, which takes memory.
const raceDetector = true
