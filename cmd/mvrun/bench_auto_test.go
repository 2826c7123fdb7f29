package main

import (
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"mvrun/cmd/mvrun/internal/job"
)

// BenchmarkAuto validates equal images with -j auto, where every answer takes 40 ms. It
// prints the time as a ratio to those of several fixed numbers of jobs. The more images a list
// has, the less it matters that a run begins with few jobs. What registries do that limit
// requests, or are slow, is simulated: see auto_test.go.
func BenchmarkAuto(b *testing.B) {
	for _, pairs := range []int{500, 2000, 5000} {
		b.Run(fmt.Sprint(pairs), func(b *testing.B) {
			r := startBenchRegistries(b, pairs, 40*time.Millisecond)
			list := filepath.Join(b.TempDir(), "list.txt")
			var lines strings.Builder
			for i := range pairs {
				fmt.Fprintf(&lines, "%s/team/app%d %s/team/app%d 1.0\n", r.source, i, r.destination, i)
			}
			write(b, list, lines.String())
			validate := func(jobs string) float64 {
				started := time.Now()
				goOwn := debug.SetGCPercent(percentFor(inUse())) // main does this, but the benchmark does not call main
				status := run([]string{"validate.star", "-f", list, "-j", jobs, "-o", list + ".failed"},
					job.Console{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, LookupEnv: noEnv})
				debug.SetGCPercent(goOwn)
				if status != job.ExitOK {
					b.Fatalf("-j %s: exit status %d", jobs, status)
				}
				return time.Since(started).Seconds()
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
