package sink

import (
	"errors"
	"io"
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
	tally     *Tally
	w         io.Writer
}

// NewProgress makes a bar that Start shows on w.
func NewProgress(w io.Writer) *Progress {
	return &Progress{w: w, container: mpb.New(mpb.WithOutput(w), mpb.WithAutoRefresh(), mpb.WithRefreshRate(200*time.Millisecond))}
}

// Start shows the bar until Close. The tally must be a sink of the run, ahead
// of the bar's own.
func (p *Progress) Start(tally *Tally) {
	p.tally = tally
	p.bar = p.container.New(0, mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.BarRemoveOnComplete(),
		mpb.BarFillerTrim(),
		mpb.BarWidth(40),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return tally.standing().counts() + " " })),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + tally.standing().details() })),
	)
}

// Write writes above the bar; after Close, where it stood.
func (p *Progress) Write(b []byte) (int, error) {
	n, err := p.container.Write(b)
	if errors.Is(err, mpb.ErrDone) {
		return p.w.Write(b)
	}
	return n, err
}

// Mover is the sink that moves the bar.
func (p *Progress) Mover() engine.Sink { return (*progressMover)(p) }

type progressMover Progress

// Write implements engine.Sink.
func (p *progressMover) Write(*engine.Result) error {
	// A total that is reached completes the bar: only Close may do that.
	n, _ := p.tally.source.Total()
	p.bar.SetTotal(int64(n), false)
	p.bar.SetCurrent(p.tally.done.Load())
	return nil
}

// Close removes the bar.
func (p *Progress) Close() {
	if p.bar != nil {
		p.bar.Abort(true)
	}
	p.container.Wait()
}
