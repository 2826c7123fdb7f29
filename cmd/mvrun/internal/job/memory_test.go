package job

import "testing"

// Many runs in one process, as "mvrun test" makes them, have the same limit.
func TestMemoryLimit(t *testing.T) {
	first := memoryLimit()
	for range 50 {
		watchMemory(memoryLimit(), func(err error) { t.Error(err) })()
	}
	if last := memoryLimit(); last != first || last < 1<<26 {
		t.Errorf("the limit was %d and is %d", first, last)
	}
}
