package main

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkAuto validates equal images with -j auto, where every answer takes 40 ms. It
// prints the time as a ratio to those of several fixed numbers of jobs. The more images a list
// has, the less it matters that a run begins with few jobs. What registries do that limit
// requests, or are slow, is simulated: see auto_test.go.
func BenchmarkAuto(b *testing.B) {
	for _, pairs := range []int{500, 2000, 5000} {
		b.Run(fmt.Sprint(pairs), func(b *testing.B) {
			r := startBenchRegistries(b, pairs, 40*time.Millisecond)
			list := r.list(b, pairs)
			validate := func(jobs string) float64 {
				took, _ := timeRun(b, argumentsFor(list, jobs)...)
				return took.Seconds()
			}
			fixed := []string{"20", "100", "256"}
			ratios := make([][]float64, len(fixed))
			for b.Loop() {
				took := validate("auto")
				b.StopTimer()
				for i, jobs := range fixed {
					ratios[i] = append(ratios[i], took/validate(jobs))
				}
				b.StartTimer()
			}
			for i, jobs := range fixed {
				b.ReportMetric(median(ratios[i]), "×-j"+jobs)
			}
		})
	}
}
