package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"mvrun/engine"
	"mvrun/engine/results"
	"mvrun/validate"
)

// BenchmarkFormats writes the reports of a run of 100,000 images, of which every tenth
// did not pass.
func BenchmarkFormats(b *testing.B) {
	outcome := large(b, 100_000)
	for _, report := range reports {
		b.Run(strings.TrimPrefix(report.name, "."), func(b *testing.B) {
			b.ReportAllocs()
			var written counter
			for b.Loop() {
				written = 0
				if err := report.write(&written, outcome, options); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(written)/1e6, "MB")
		})
	}
}

// counter counts the bytes that are written to it.
type counter int

func (c *counter) Write(text []byte) (int, error) {
	*c += counter(len(text))
	return len(text), nil
}

var _ io.Writer = (*counter)(nil)

// large returns the outcome of a run of n images.
func large(b *testing.B, n int) *results.Outcome {
	b.Helper()
	path := filepath.Join(b.TempDir(), "r.jsonl")
	all := make([]engine.Result, n)
	for i := range all {
		all[i] = image(i+1, fmt.Sprintf("app%d", i/4), validate.Pass, "", "")
		if i%10 == 0 {
			all[i] = image(i+1, fmt.Sprintf("app%d", i/4), validate.Fail, validate.DigestDiffers, `source digest "`+newDigest+`" != dest digest "`+oldDigest+`"`)
		}
		all[i].Image.Tag = fmt.Sprintf("1.%d", i%4)
	}
	run{results: all, end: engine.Summary{Lines: n, ExitStatus: 1, OwnStatus: 1}}.write(b, path)
	o, err := results.Read(path)
	if err != nil {
		b.Fatal(err)
	}
	return o
}
