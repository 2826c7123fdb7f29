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
	w         io.Writer
}

// NewProgress returns a Progress that writes to w. Start shows the bar.
func NewProgress(w io.Writer) *Progress {
	return &Progress{w: w, container: mpb.New(mpb.WithOutput(w), mpb.WithAutoRefresh(), mpb.WithRefreshRate(200*time.Millisecond))}
}

// Start shows the bar until Close is called. The tally must be a sink of the run.
func (p *Progress) Start(tally *Tally) {
	p.bar = p.container.New(0, mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.BarRemoveOnComplete(),
		mpb.BarFillerTrim(),
		mpb.BarWidth(40),
		mpb.BarFillerMiddleware(func(bar mpb.BarFiller) mpb.BarFiller {
			return mpb.BarFillerFunc(func(w io.Writer, stat decor.Statistics) error {
				stat.Current, stat.Total = tally.snapshot().share()
				return bar.Fill(w, stat)
			})
		}),
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

// Remover returns the sink that removes the bar at the end of the run.
func (p *Progress) Remover() engine.Finisher { return (*progressRemover)(p) }

type progressRemover Progress

// Write implements engine.Sink. It does nothing, because the bar asks the tally by itself.
func (*progressRemover) Write(*engine.Result) error { return nil }

// Finish implements engine.Finisher.
func (p *progressRemover) Finish(engine.Summary) error {
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
