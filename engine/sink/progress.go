package sink

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"mvrun/engine"
)

// The progress bar, which stands below the log.

// Progress is a bar on a terminal. What is to appear above it, the log and
// what the script prints, must be written through it.
type Progress struct {
	container *mpb.Progress
	bar       *mpb.Bar
	total     func() (int, bool)
	bytes     func() int64
	failed    atomic.Int64
	started   time.Time
	w         io.Writer
}

// NewProgress makes a bar that Start shows on w.
func NewProgress(w io.Writer) *Progress {
	return &Progress{w: w, container: mpb.New(mpb.WithOutput(w), mpb.WithAutoRefresh(), mpb.WithRefreshRate(200*time.Millisecond))}
}

// Start shows the bar until Close. total returns how many images there are as
// far as that is known, and whether these are all; bytes how many were read of
// blobs.
func (p *Progress) Start(total func() (int, bool), bytes func() int64) {
	p.total, p.bytes, p.started = total, bytes, time.Now()
	p.bar = p.container.New(0, mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.BarRemoveOnComplete(),
		mpb.BarFillerTrim(),
		mpb.BarWidth(40),
		mpb.PrependDecorators(decor.Any(p.counts)),
		mpb.AppendDecorators(decor.Any(p.speed)),
	)
}

func (p *Progress) counts(s decor.Statistics) string {
	total, final := p.total()
	if !final {
		return fmt.Sprintf("%d/? images ", s.Current)
	}
	return fmt.Sprintf("%d/%d images ", s.Current, total)
}

func (p *Progress) speed(s decor.Statistics) string {
	elapsed := time.Since(p.started)
	if elapsed < time.Second {
		return ""
	}
	read := ""
	if n := p.bytes(); n > 0 {
		read = fmt.Sprintf(", % .1f read, % .1f/s", decor.SizeB1024(n), decor.SizeB1024(float64(n)/elapsed.Seconds()))
	}
	if s.Current == 0 {
		return strings.TrimPrefix(read, ",")
	}
	rate := float64(s.Current) / elapsed.Seconds()
	shown := fmt.Sprintf(" %.1f/s%s", rate, read)
	if failed := p.failed.Load(); failed > 0 {
		shown = fmt.Sprintf(" %d bad,%s", failed, shown)
	}
	if total, final := p.total(); final {
		left := time.Duration(float64(int64(total)-s.Current) / rate * float64(time.Second))
		shown += fmt.Sprintf(", %v left", left.Round(time.Second))
	}
	return shown
}

// Write writes above the bar; after Close, where it stood.
func (p *Progress) Write(b []byte) (int, error) {
	n, err := p.container.Write(b)
	if errors.Is(err, mpb.ErrDone) {
		return p.w.Write(b)
	}
	return n, err
}

// Counter is the sink that moves the bar.
func (p *Progress) Counter() engine.Sink { return (*progressCounter)(p) }

type progressCounter Progress

// Write implements engine.Sink.
func (p *progressCounter) Write(r *engine.Result) error {
	if !r.OK() {
		p.failed.Add(1)
	}
	// A total that is reached completes the bar: only Close may do that.
	n, _ := p.total()
	p.bar.SetTotal(int64(n), false)
	p.bar.Increment()
	return nil
}

// Close removes the bar.
func (p *Progress) Close() {
	if p.bar != nil {
		p.bar.Abort(true)
	}
	p.container.Wait()
}
