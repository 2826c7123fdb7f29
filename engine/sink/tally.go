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

// The progress of a run: for the bar, and for the log where no bar can stand.

// Tally is the sink that counts the images of a run so far.
type Tally struct {
	source  TallySource
	started time.Time
	done    atomic.Int64
	earlier atomic.Int64 // images of done whose result is an earlier run's
	failed  atomic.Int64 // images of done that need attention

	stops []func() // of Log
}

// TallySource tells a tally what the engine and the registries know.
type TallySource struct {
	// Total returns the number of images that are known; final is true if no
	// more will come.
	Total func() (n int, final bool)
	// Bytes returns the number of bytes of blobs that were read.
	Bytes func() int64
	// Waiting returns the registry that most requests wait for. state says what
	// keeps that registry, and is "" if nothing does.
	Waiting func() (registry string, requests int, state string)
}

// Start begins the time over which rates are measured.
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

// standing is the progress at one moment.
type standing struct {
	done, total int
	final       bool // total will not grow
	failed      int
	rate        float64       // images a second, 0 if it is not known yet
	left        time.Duration // until the end, negative if it is not known
	bytes       int64
	byteRate    float64 // bytes a second
	registry    string  // the one that most requests wait for, "" if none does
	requests    int
	state       string
}

func (t *Tally) standing() standing {
	s := standing{done: int(t.done.Load()), failed: int(t.failed.Load()), left: -1, bytes: t.source.Bytes()}
	s.total, s.final = t.source.Total()
	s.registry, s.requests, s.state = t.source.Waiting()
	elapsed := time.Since(t.started).Seconds()
	if elapsed < 1 {
		return s
	}
	// The results of an earlier run take no time, and say nothing of the rest.
	s.rate = float64(s.done-int(t.earlier.Load())) / elapsed
	s.byteRate = float64(s.bytes) / elapsed
	if s.final && s.rate > 0 {
		s.left = time.Duration(float64(max(s.total-s.done, 0)) / s.rate * float64(time.Second)).Round(time.Second)
	}
	return s
}

// counts returns the number of images: "12/34 images".
func (s standing) counts() string {
	if !s.final {
		return fmt.Sprintf("%d/? images", s.done)
	}
	return fmt.Sprintf("%d/%d images", s.done, s.total)
}

// details returns what else is known: "1 failed, 2.5/s, 9s left,
// registry.example: 3 requests in flight".
func (s standing) details() string {
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

// log writes the standing as one record.
func (s standing) log(log *slog.Logger, asJSON bool) {
	message := "progress"
	if !asJSON { // the text log shows the message only
		message = strings.TrimSuffix(s.counts()+", "+s.details(), ", ")
	}
	attrs := []any{"done", s.done, "total", s.total, "total_final", s.final, "failed", s.failed, "rate", math.Round(s.rate*10) / 10,
		"bytes", s.bytes, "registry", s.registry, "requests_in_flight", s.requests, "registry_state", s.state}
	if s.left >= 0 {
		attrs = append(attrs, "left_ms", s.left.Milliseconds())
	}
	log.Info(message, attrs...)
}

// LogEvery is the time between two lines of the log about the progress.
const LogEvery = 30 * time.Second

// Log writes the progress to the log every LogEvery, until Finish or until stop
// is called.
func (t *Tally) Log(log *slog.Logger, asJSON bool) (stop func()) {
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		ticker := time.NewTicker(LogEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				t.standing().log(log, asJSON)
			case <-done:
				return
			}
		}
	})
	stop = sync.OnceFunc(func() {
		close(done)
		running.Wait()
	})
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
