package main

import (
	"testing"
	"time"
)

// BenchmarkTokens validates equal images at registries that want a bearer token for each
// repository. Every answer takes 40 ms. The run should take at most 1.15 times as long as
// the same run at registries that want no tokens, because tokens are fetched ahead. It
// fails unless there is exactly one request for a token of each repository.
func BenchmarkTokens(b *testing.B) {
	for _, bench := range []struct {
		name  string
		pairs int
		jobs  string
	}{
		{"20-jobs", 500, "20"},
		{"auto", 2000, "auto"},
		{"one-job", 25, "1"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			const latency = 40 * time.Millisecond
			open := startBenchRegistries(b, bench.pairs, latency)
			guarded := startBenchRegistries(b, bench.pairs, latency, "tokens")
			openList, guardedList := open.list(b, bench.pairs), guarded.list(b, bench.pairs)
			var ratios []float64
			for b.Loop() {
				b.StopTimer()
				least, _ := timeRun(b, argumentsFor(openList, bench.jobs)...)
				b.StartTimer()
				took, _ := timeRun(b, argumentsFor(guardedList, bench.jobs)...)
				b.StopTimer()
				ratios = append(ratios, took.Seconds()/least.Seconds())

				if requests, want := guarded.count(b), open.count(b); requests != want {
					b.Fatalf("%d requests, want %d as without tokens", requests, want)
				}
				if tokens, want := guarded.countTokens(b), 2*bench.pairs; tokens != want {
					b.Fatalf("%d requests for tokens, want %d", tokens, want)
				}
				b.StartTimer()
			}
			b.ReportMetric(median(ratios), "×without-tokens")
			b.ReportMetric(2, "tokens/pair")
		})
	}
}
