package imagelist

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkList reads a list of 100,000 lines, and makes images of them.
func BenchmarkList(b *testing.B) {
	var list strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&list, "docker.io/organisation/project-%d registry.corp.example/organisation/project-%d v1.%d.0\n", i, i, i)
	}
	for _, bench := range []struct {
		name string
		open func() (*List, error)
	}{
		{"file", func() (*List, error) { return Parse("x.txt", strings.NewReader(list.String()), int64(list.Len())) }},
		{"stream", func() (*List, error) { return Stream("x.txt", strings.NewReader(list.String())), nil }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l, err := bench.open()
				if err != nil {
					b.Fatal(err)
				}
				lines, err := read(b.Context(), l)
				if err != nil || len(lines) != 100_000 {
					b.Fatal(len(lines), err)
				}
			}
		})
	}
	b.Run("images", func(b *testing.B) {
		l, err := Parse("x.txt", strings.NewReader(list.String()), 0)
		if err != nil {
			b.Fatal(err)
		}
		lines, _ := l.Known()
		b.ReportAllocs()
		for b.Loop() {
			for _, line := range lines {
				if _, err := l.Image(line, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
