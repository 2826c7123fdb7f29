package starlib

import (
	"io"
	"testing"

	"mvrun/starlib/source"
)

// BenchmarkParallel calls a callback that does nothing for ten thousand items. It
// measures what a script costs around the work.
func BenchmarkParallel(b *testing.B) {
	script := source.Script{Name: "bench.star", Source: "def main():\n    return len(parallel(lambda x: x, range(10000))) - 10000\n"}
	for b.Loop() {
		if status, err := Run(b.Context(), script, offline(b, 20, io.Discard)); err != nil || *status != 0 {
			b.Fatal(status, err)
		}
	}
}
