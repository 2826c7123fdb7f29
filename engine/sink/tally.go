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

// How far a run is: for the bar, and for the log where no bar can stand.

// Tally counts what a run has done so far. It is a sink.
type Tally struct {
	source  TallySource
	started time.Time
	done    atomic.Int64
	earlier atomic.Int64 // of these, found out by an earlier run
	failed  atomic.Int64 // of these, the ones that need attention
}

// TallySource is what a tally asks whenever it is looked at.
type TallySource struct {
	Total   func() (n int, final bool)                           // images, as far as they are known, and whether these are all
	Bytes   func() int64                                         // of blobs read so far
	Waiting func() (registry string, requests int, state string) // state is what keeps it, "" for nothing
}

// Start begins the time that rates are measured by.
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

// standing is how far a run is at some moment.
type standing struct {
	done, total int
	final       bool // the total is
	failed      int
	rate        float64       // images a second, 0 if it is not known yet
	left        time.Duration // negative if it is not known
	bytes       int64
	byteRate    float64 // a second
	registry    string  // that most requests wait for, "" if none does
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
	// What an earlier run found out takes no time, and says nothing of the rest.
	s.rate = float64(s.done-int(t.earlier.Load())) / elapsed
	s.byteRate = float64(s.bytes) / elapsed
	if s.final && s.rate > 0 {
		s.left = time.Duration(float64(max(s.total-s.done, 0)) / s.rate * float64(time.Second)).Round(time.Second)
	}
	return s
}

// counts is "12/34 images".
func (s standing) counts() string {
	if !s.final {
		return fmt.Sprintf("%d/? images", s.done)
	}
	return fmt.Sprintf("%d/%d images", s.done, s.total)
}

// details is "1 failed, 2.5/s, 9s left, registry.example: 3 requests in flight",
// as far as it is known.
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
	if !asJSON { // which shows no more than the message
		message = strings.TrimSuffix(s.counts()+", "+s.details(), ", ")
	}
	attrs := []any{"done", s.done, "total", s.total, "total_final", s.final, "failed", s.failed, "rate", math.Round(s.rate*10) / 10,
		"bytes", s.bytes, "registry", s.registry, "requests_in_flight", s.requests, "registry_state", s.state}
	if s.left >= 0 {
		attrs = append(attrs, "left_ms", s.left.Milliseconds())
	}
	log.Info(message, attrs...)
}

// LogEvery is how often the log tells how far a run is where no bar can stand.
const LogEvery = 30 * time.Second

// Log tells the log every now and then how far the run is, until stop is
// called.
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
	return sync.OnceFunc(func() {
		close(done)
		running.Wait()
	})
}
