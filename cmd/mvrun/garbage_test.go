package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestPercentFor(t *testing.T) {
	for _, test := range []struct {
		inUse uint64
		want  int
	}{
		{0, 775}, // 4 MiB are counted: 32 MiB of garbage, less a quarter of what is in use
		{4 << 20, 775},
		{16 << 20, 175},
		{32 << 20, 75},
		{64 << 20, 25},
		{1 << 30, 25},
		{1 << 40, 25},
	} {
		if got := percentFor(test.inUse); got != test.want {
			t.Errorf("%d bytes in use: got %d, want %d", test.inUse, got, test.want)
		}
	}
}

// unsetGOGC is for tests that say what a run without the variable does.
func unsetGOGC(t *testing.T) {
	t.Setenv("GOGC", "") // so that it is set back
	os.Unsetenv("GOGC")
}

// percent is what Go's GOGC is now.
func percent() int {
	now := debug.SetGCPercent(100)
	debug.SetGCPercent(now)
	return now
}

func TestCollectByAmount(t *testing.T) {
	unsetGOGC(t)
	before := debug.SetGCPercent(123)
	defer debug.SetGCPercent(before)

	// Runs that overlap, as those of tests do.
	first := collectByAmount()
	second := collectByAmount()
	first()
	if got := percent(); got == 123 {
		t.Error("the end of one run undid what another one still wants")
	}
	second()
	if got := percent(); got != 123 {
		t.Errorf("after both: got %d, want 123", got)
	}

	// Nothing of it is left.
	for range 3 {
		runtime.GC()
	}
	if got := percent(); got != 123 {
		t.Errorf("some collections later: got %d, want 123", got)
	}

	// Each collection sets it anew, by what it left.
	undo := collectByAmount()
	defer undo()
	large := make([]byte, 96<<20)
	for deadline := time.Now().Add(30 * time.Second); percent() != 25; {
		if time.Now().After(deadline) {
			t.Fatalf("with 96 MiB in use: got %d, want 25", percent())
		}
		runtime.GC()
		runtime.Gosched()
	}
	runtime.KeepAlive(large)
	large = nil
	for deadline := time.Now().Add(30 * time.Second); percent() == 25; {
		if time.Now().After(deadline) {
			t.Fatal("with little in use: it is 25 still")
		}
		runtime.GC()
		runtime.Gosched()
	}
}

// TestUserCollects shows that who sets GOGC has it.
func TestUserCollects(t *testing.T) {
	t.Setenv("GOGC", "off")
	before := debug.SetGCPercent(-1)
	defer debug.SetGCPercent(before)
	undo := collectByAmount()
	runtime.GC()
	if got := percent(); got != -1 {
		t.Errorf("during the run: got %d, want -1", got)
	}
	undo()
	if got := percent(); got != -1 {
		t.Errorf("after it: got %d, want -1", got)
	}
}
