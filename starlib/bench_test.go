package starlib

import (
	"io"
	"testing"

	"mvrun/starlib/source"
)

// BenchmarkParallel calls a function that does nothing for ten thousand items. It
// measures the time that parallel itself takes.
func BenchmarkParallel(b *testing.B) {
	script := source.Script{Name: "bench.star", Source: "def main():\n    return len(parallel(lambda x: x, range(10000))) - 10000\n"}
	for b.Loop() {
		if status, err := Run(b.Context(), script, offline(b, 20, io.Discard)); err != nil || *status != 0 {
			b.Fatal(status, err)
		}
	}
}
