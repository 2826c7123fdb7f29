package results

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// BenchmarkMerge puts eight results files of 100,000 images with two platforms together,
// of which one in fifty failed. It prints how much memory the outcome holds, and how much
// the process took from the system in all.
//
//	go test -run '^$' -bench Merge -benchtime 3x ./engine/results
func BenchmarkMerge(b *testing.B) {
	const parts, images = 8, 100_000
	paths := writeParts(b, parts, images)
	b.ReportAllocs()
	var before, after runtime.MemStats
	for b.Loop() {
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&before)
		b.StartTimer()
		o, err := Merge(paths, false)
		if err != nil {
			b.Fatal(err)
		}
		if o.Summary.Images != images || len(o.FailedLines()) != images/50 {
			b.Fatalf("%d images, %d failed lines", o.Summary.Images, len(o.FailedLines()))
		}
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(o)
		b.StartTimer()
	}
	const mebibyte = 1 << 20
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/mebibyte, "held-MiB")
	b.ReportMetric(float64(after.Sys-after.HeapReleased)/mebibyte, "process-MiB")
}

// writeParts writes the results files of a run in parts.
func writeParts(b *testing.B, parts, images int) []string {
	folder := b.TempDir()
	paths := make([]string, parts)
	for p := range parts {
		file := partFile{shard: &Shard{p + 1, parts}, change: func(h *Header) { h.ListLines = new(images) }}
		for number := p + 1; number <= images; number += parts {
			file.results = append(file.results, benchResult(number))
		}
		file.end = engine.Summary{Lines: len(file.results), ExitStatus: 1, Elapsed: time.Minute}
		paths[p] = file.write(b, folder, fmt.Sprint(p+1))
	}
	return paths
}

func benchResult(number int) engine.Result {
	name := fmt.Sprintf("team%d/application-%d", number%100, number)
	hash := func(salt int) string { return fmt.Sprintf("sha256:%064x", number*100+salt) }
	result := engine.Result{Status: validate.Pass, Match: validate.Identical, Question: "0123456789abcdef0123456789abcdef", Terms: engine.Terms{Rules: validate.Content, Depth: validate.Manifests},
		Started: moment.Add(time.Duration(number) * time.Millisecond), Duration: 90 * time.Millisecond, Attempts: 1, Requests: 4, SourceDigest: hash(1), DestinationDigest: hash(1),
		Platforms: []validate.PlatformVerdict{
			{Platform: "linux/amd64", Wanted: true, Source: hash(2), Destination: hash(2), Match: validate.Identical},
			{Platform: "linux/arm64/v8", Wanted: true, Source: hash(3), Destination: hash(3), Match: validate.Identical}},
		Image: &imagelist.Image{List: "list.txt", Number: number, LineNumber: number, Line: "docker.io/" + name + " registry.corp.example/" + name + " 1.2.3",
			Source: "docker.io/" + name, Destination: "registry.corp.example/" + name, Tag: "1.2.3"}}
	if number%50 == 0 {
		result.Status, result.Match, result.Reason, result.DestinationDigest = validate.Fail, "", validate.DigestDiffers, hash(4)
		result.Message = fmt.Sprintf("source digest %q != dest digest %q", hash(1), hash(4))
	}
	return result
}
