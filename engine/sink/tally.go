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
	"mvrun/validate"
)

// Tally is the sink that counts the images of a run so far. It writes the progress to
// the log, and gives it to the bar.
type Tally struct {
	source    TallySource
	started   time.Time
	done      atomic.Int64
	earlier   atomic.Int64 // how many of done have a result of an earlier run
	failed    atomic.Int64 // how many of done failed, and are not waived
	unchecked atomic.Int64 // how many of done could not be checked, and are not waived

	stops []func() // the functions that Log returned
}

// TallySource has functions through which a tally gets numbers from the engine and the
// registries.
type TallySource struct {
	// Total returns the number of images that are known so far. final is true if this
	// number will not change any more.
	Total func() (n int, final bool)
	// Bytes returns the number of bytes of blobs that were read. Pending returns how many
	// are still to come of the blobs that are being read.
	Bytes, Pending func() int64
	// SharesBlobs reports whether blobs are read once for several repositories. Then the
	// images that were begun do not tell how many bytes the others take.
	SharesBlobs func() bool
	// Reading returns the number of images whose blobs are being read.
	Reading func() int
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
	switch {
	case r.OK():
	case r.Status == validate.Error:
		t.unchecked.Add(1)
	default:
		t.failed.Add(1)
	}
	return nil
}

// snapshot is the progress at one moment.
type snapshot struct {
	done, total int
	final       bool // whether total will not change any more
	failed      int
	unchecked   int
	rate        float64       // images per second; 0 if it is not known yet
	left        time.Duration // the time until the end; negative if it is not known
	bytes       int64
	expected    int64   // an estimate of bytes at the end of the run; 0 if there is none
	byteRate    float64 // bytes per second
	registry    string  // the registry that the run waits for, or ""
	requests    int     // how many requests to that registry are under way
	state       string  // why that registry is slow, or ""
}

func (t *Tally) snapshot() snapshot {
	s := snapshot{done: int(t.done.Load()), failed: int(t.failed.Load()), unchecked: int(t.unchecked.Load()), left: -1, bytes: t.source.Bytes()}
	s.total, s.final = t.source.Total()
	s.registry, s.requests, s.state = t.source.Waiting()
	elapsed := time.Since(t.started).Seconds()
	if elapsed < 1 {
		return s
	}
	// Results of an earlier run took no time now. The remaining images will take time,
	// so these results must not count for the rate.
	earlier := int(t.earlier.Load())
	s.rate = float64(s.done-earlier) / elapsed
	s.byteRate = float64(s.bytes) / elapsed
	if !s.final || s.done > s.total { // a script may validate an image several times, and nobody knows how often
		return s
	}
	if !t.source.SharesBlobs() {
		s.expected = expectBytes(s.bytes, t.source.Pending(), s.done-earlier+t.source.Reading(), s.total-earlier)
	}
	left := -1.0
	switch {
	case s.expected > 0:
		left = float64(s.expected-s.bytes) / s.byteRate
	case s.rate > 0:
		left = float64(s.total-s.done) / s.rate
	}
	if left >= 0 {
		s.left = time.Duration(left * float64(time.Second)).Round(time.Second)
	}
	return s
}

// expectBytes estimates how many bytes of blobs a run will have read at its end. The sizes
// of the blobs are known for the images that were begun, so the others are taken to be as
// large as these on average. It returns 0 if there is nothing to go by yet.
func expectBytes(read, pending int64, begun, images int) int64 {
	if read == 0 || begun == 0 {
		return 0
	}
	known := float64(read + pending)
	if begun < images { // the images under way may be validated for a second time
		known *= float64(images) / float64(begun)
	}
	return int64(min(known, math.MaxInt64/2))
}

// counts returns the number of images: "12/34 images".
func (s snapshot) counts() string {
	if !s.final {
		return fmt.Sprintf("%d/? images", s.done)
	}
	return fmt.Sprintf("%d/%d images", s.done, s.total)
}

// details returns everything but the number of images: "1 failed, 2 unchecked, 2.5/s,
// 1.0 MiB of about 9.0 MiB read, 0.1 MiB/s, 80s left, registry.example: 3 requests in flight".
func (s snapshot) details() string {
	var parts []string
	if s.failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", s.failed))
	}
	if s.unchecked > 0 {
		parts = append(parts, fmt.Sprintf("%d unchecked", s.unchecked))
	}
	if s.rate > 0 {
		parts = append(parts, fmt.Sprintf("%.1f/s", s.rate))
	}
	if s.bytes > 0 && s.byteRate > 0 {
		of := ""
		if s.expected > s.bytes {
			of = fmt.Sprintf(" of about % .1f", decor.SizeB1024(s.expected))
		}
		parts = append(parts, fmt.Sprintf("% .1f%s read, % .1f/s", decor.SizeB1024(s.bytes), of, decor.SizeB1024(s.byteRate)))
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

// share returns how much of the run is done: of the bytes if they are known, else of the
// images.
func (s snapshot) share() (done, all int64) {
	if s.expected > 0 {
		return s.bytes, s.expected
	}
	return int64(s.done), int64(s.total)
}

// log writes the snapshot to the log, as one record.
func (s snapshot) log(log *slog.Logger, asJSON bool) {
	message := "progress"
	if !asJSON { // the text log shows no attributes, so the message must have the numbers
		message = strings.TrimSuffix(s.counts()+", "+s.details(), ", ")
	}
	attrs := []any{"done", s.done, "total", s.total, "total_final", s.final, "failed", s.failed, "error", s.unchecked, "rate", math.Round(s.rate*10) / 10,
		"bytes", s.bytes, "registry", s.registry, "requests_in_flight", s.requests, "registry_state", s.state}
	if s.expected > 0 {
		attrs = append(attrs, "bytes_expected", s.expected)
	}
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
