package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

func TestPercentFor(t *testing.T) {
	for _, test := range []struct {
		inUse uint64
		want  int
	}{
		{0, 800}, // Go treats this as 4 MiB
		{4 << 20, 800},
		{16 << 20, 200},
		{32 << 20, 100},
		{64 << 20, 50},
		{128 << 20, 25},
		{1 << 30, 15},
		{1 << 40, 15},
	} {
		if got := percentFor(test.inUse); got != test.want {
			t.Errorf("%d bytes in use: got %d, want %d", test.inUse, got, test.want)
		}
	}
}

// TestLimitGarbage shows that every collection sets GOGC again, for the memory that is
// in use after it.
func TestLimitGarbage(t *testing.T) {
	if got := runForGarbage(t, nil); got != "with 240 MiB: 15\nwith little: more\n" {
		t.Errorf("got %q", got)
	}
}

// TestUserSetsGOGC shows that GOGC keeps the value that the user set.
func TestUserSetsGOGC(t *testing.T) {
	if got := runForGarbage(t, []string{"GOGC=123"}); got != "GOGC is 123\n" {
		t.Errorf("got %q", got)
	}
}

// runForGarbage runs the program "mvrun-garbage" with the variables in env.
func runForGarbage(t *testing.T, env []string) string {
	t.Helper()
	command := exec.Command("mvrun-garbage") // this test's binary, see TestMain
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "GOGC=") {
			command.Env = append(command.Env, variable)
		}
	}
	command.Env = append(command.Env, env...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func init() { programs["mvrun-garbage"] = showGarbage }

// showGarbage is the program "mvrun-garbage". It prints the GOGC that limitGarbage sets
// while much memory is in use, and then while little memory is in use.
func showGarbage() {
	limitGarbage()
	if os.Getenv("GOGC") != "" {
		runtime.GC()
		fmt.Println("GOGC is", percent())
		return
	}
	large := make([]byte, 240<<20)
	collectUntil(func() bool { return percent() == minPercent })
	fmt.Println("with 240 MiB:", percent())
	runtime.KeepAlive(large)
	large = nil
	collectUntil(func() bool { return percent() > minPercent })
	fmt.Println("with little: more")
}

// collectUntil collects garbage until done reports true.
func collectUntil(done func() bool) {
	for deadline := time.Now().Add(30 * time.Second); !done(); {
		if time.Now().After(deadline) {
			fmt.Println("gave up at", percent())
			os.Exit(1)
		}
		runtime.GC()
		runtime.Gosched()
	}
}

// percent returns the current GOGC.
func percent() int {
	now := debug.SetGCPercent(100)
	debug.SetGCPercent(now)
	return now
}
