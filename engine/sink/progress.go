package sink

import (
	"errors"
	"io"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"mvrun/engine"
)

// Progress is a progress bar on a terminal. The log and the output of the script must
// be written with its method Write, so that they appear above the bar.
type Progress struct {
	container *mpb.Progress
	bar       *mpb.Bar
	tally     *Tally
	w         io.Writer
}

// NewProgress returns a Progress that writes to w. Start shows the bar.
func NewProgress(w io.Writer) *Progress {
	return &Progress{w: w, container: mpb.New(mpb.WithOutput(w), mpb.WithAutoRefresh(), mpb.WithRefreshRate(200*time.Millisecond))}
}

// Start shows the bar until Close is called. The tally must be a sink of the run, and
// must come before the sink that Mover returns.
func (p *Progress) Start(tally *Tally) {
	p.tally = tally
	p.bar = p.container.New(0, mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.BarRemoveOnComplete(),
		mpb.BarFillerTrim(),
		mpb.BarWidth(40),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return tally.snapshot().counts() + " " })),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + tally.snapshot().details() })),
	)
}

// Write writes above the bar. After Close it writes directly, because there is no bar.
func (p *Progress) Write(b []byte) (int, error) {
	n, err := p.container.Write(b)
	if errors.Is(err, mpb.ErrDone) {
		return p.w.Write(b)
	}
	return n, err
}

// Mover returns the sink that moves the bar after each result. At the end of the run,
// the sink removes the bar.
func (p *Progress) Mover() engine.Finisher { return (*progressMover)(p) }

type progressMover Progress

// Write implements engine.Sink.
func (p *progressMover) Write(*engine.Result) error {
	// The argument false keeps the bar from completing when it reaches the total. Only
	// Close may remove the bar.
	n, _ := p.tally.source.Total()
	p.bar.SetTotal(int64(n), false)
	p.bar.SetCurrent(p.tally.done.Load())
	return nil
}

// Finish implements engine.Finisher.
func (p *progressMover) Finish(engine.Summary) error {
	(*Progress)(p).Close()
	return nil
}

// Close removes the bar. A second call does nothing.
func (p *Progress) Close() {
	if p.bar != nil {
		p.bar.Abort(true)
	}
	p.container.Wait()
}
