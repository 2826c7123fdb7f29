package sink

import (
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8/decor"

	"mvrun/engine"
)

// Tally is the sink that counts the images of a run so far. It writes the progress to
// the log, and gives it to the bar.
type Tally struct {
	source  TallySource
	started time.Time
	done    atomic.Int64
	earlier atomic.Int64 // how many of done have a result of an earlier run
	failed  atomic.Int64 // how many of done are not OK

	stops []func() // the functions that Log returned
}

// TallySource has functions through which a tally gets numbers from the engine and the
// registries.
type TallySource struct {
	// Total returns the number of images that are known so far. final is true if this
	// number will not change any more.
	Total func() (n int, final bool)
	// Bytes returns the number of bytes of blobs that were read.
	Bytes func() int64
	// Waiting returns the registry that the run waits for, and how many requests to
	// it are under way. state says why the registry is slow, or is "".
	Waiting func() (registry string, requests int, state string)
}

// Start sets the source. It also starts the clock by which rates are measured.
func (t *Tally) Start(source TallySource) { t.source, t.started = source, time.Now() }

// Write implements engine.Sink.
func (t *Tally) Write(r *engine.Result) error {
	t.done.Add(1)
	if r.Earlier {
		t.earlier.Add(1)
	}
	if !r.OK() {
		t.failed.Add(1)
	}
	return nil
}

// snapshot is the progress at one moment.
type snapshot struct {
	done, total int
	final       bool // whether total will not change any more
	failed      int
	rate        float64       // images per second; 0 if it is not known yet
	left        time.Duration // the time until the end; negative if it is not known
	bytes       int64
	byteRate    float64 // bytes per second
	registry    string  // the registry that the run waits for, or ""
	requests    int     // how many requests to that registry are under way
	state       string  // why that registry is slow, or ""
}

func (t *Tally) snapshot() snapshot {
	s := snapshot{done: int(t.done.Load()), failed: int(t.failed.Load()), left: -1, bytes: t.source.Bytes()}
	s.total, s.final = t.source.Total()
	s.registry, s.requests, s.state = t.source.Waiting()
	elapsed := time.Since(t.started).Seconds()
	if elapsed < 1 {
		return s
	}
	// Results of an earlier run took no time now. The remaining images will take time,
	// so these results must not count for the rate.
	s.rate = float64(s.done-int(t.earlier.Load())) / elapsed
	s.byteRate = float64(s.bytes) / elapsed
	if s.final && s.rate > 0 {
		s.left = time.Duration(float64(max(s.total-s.done, 0)) / s.rate * float64(time.Second)).Round(time.Second)
	}
	return s
}

// counts returns the number of images: "12/34 images".
func (s snapshot) counts() string {
	if !s.final {
		return fmt.Sprintf("%d/? images", s.done)
	}
	return fmt.Sprintf("%d/%d images", s.done, s.total)
}

// details returns everything but the number of images: "1 failed, 2.5/s, 9s left,
// registry.example: 3 requests in flight".
func (s snapshot) details() string {
	var parts []string
	if s.failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", s.failed))
	}
	if s.rate > 0 {
		parts = append(parts, fmt.Sprintf("%.1f/s", s.rate))
	}
	if s.bytes > 0 && s.byteRate > 0 {
		parts = append(parts, fmt.Sprintf("% .1f read, % .1f/s", decor.SizeB1024(s.bytes), decor.SizeB1024(s.byteRate)))
	}
	if s.left >= 0 {
		parts = append(parts, fmt.Sprintf("%v left", s.left))
	}
	if s.registry != "" {
		state := s.state
		if state == "" {
			state = count(s.requests, "request") + " in flight"
		}
		parts = append(parts, s.registry+": "+state)
	}
	return strings.Join(parts, ", ")
}

// log writes the snapshot to the log, as one record.
func (s snapshot) log(log *slog.Logger, asJSON bool) {
	message := "progress"
	if !asJSON { // the text log shows no attributes, so the message must have the numbers
		message = strings.TrimSuffix(s.counts()+", "+s.details(), ", ")
	}
	attrs := []any{"done", s.done, "total", s.total, "total_final", s.final, "failed", s.failed, "rate", math.Round(s.rate*10) / 10,
		"bytes", s.bytes, "registry", s.registry, "requests_in_flight", s.requests, "registry_state", s.state}
	if s.left >= 0 {
		attrs = append(attrs, "left_ms", s.left.Milliseconds())
	}
	log.Info(message, attrs...)
}

// LogEvery is the time from one progress line of the log to the next.
const LogEvery = 30 * time.Second

// Log writes the progress to the log every 30 seconds (LogEvery), until stop or Finish
// is called.
func (t *Tally) Log(log *slog.Logger, asJSON bool) (stop func()) {
	stop = every(LogEvery, func() { t.snapshot().log(log, asJSON) })
	t.stops = append(t.stops, stop)
	return stop
}

// Finish implements engine.Finisher.
func (t *Tally) Finish(engine.Summary) error {
	for _, stop := range t.stops {
		stop()
	}
	return nil
}

// every calls f at regular intervals until stop is called. When stop returns, f has
// returned, too.
func every(interval time.Duration, f func()) (stop func()) {
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				f()
			case <-done:
				return
			}
		}
	})
	return sync.OnceFunc(func() {
		close(done)
		running.Wait()
	})
}
