package sink

import (
	"context"
	"fmt"
	"hash/maphash"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"

	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// foldAfter is how many equal messages of one registry the log shows.
const foldAfter = 20

// Folding counts equal messages of one registry after the first 20. A list of 8,000
// images whose registry is down would otherwise bury everything else. Only errors and
// warnings are counted: FAILED, SKIPPED and WAIVED are answers about one image, and a
// person who searches the log for them must find every one. The counts are logged every
// 30 seconds (LogEvery), and once more at the end of the run.
type Folding struct {
	log  *slog.Logger
	stop func()

	mu sync.Mutex
	// seen counts the messages. Its keys are hashes of messages, because every image
	// of a long list may have a message of its own.
	seen   map[uint64]int
	seed   maphash.Seed
	folded []*folded // in the order in which the folding began
	byHash map[uint64]*folded
}

// folded is a message that is only counted from now on.
type folded struct {
	level    slog.Level
	word     string // ERROR or WARNING
	registry string
	message  string // the message of the first line that was not shown, without the image's own name
	count    int
	logged   int // the count when it was logged last
}

// StartFolding returns a Folding that logs its counts to log until Stop is called, or a
// Log that has it finishes.
func StartFolding(log *slog.Logger) *Folding {
	f := &Folding{log: log, seen: map[uint64]int{}, seed: maphash.MakeSeed(), byHash: map[uint64]*folded{}}
	f.stop = every(LogEvery, func() { f.report(false) })
	return f
}

// Stop ends the counts that are logged every 30 seconds. A second call does nothing.
func (f *Folding) Stop() { f.stop() }

// finish logs all counts for the last time.
func (f *Folding) finish() {
	f.stop()
	f.report(true)
}

// folds reports whether a line of the log about an image must not be shown, and counts
// the line then. word begins the line, and message ends it. A nil Folding folds nothing.
func (f *Folding) folds(level slog.Level, word, message string, r *engine.Result) bool {
	if f == nil {
		return false
	}
	registry, message := anonymous(message, r)
	hash := maphash.Comparable(f.seed, [3]string{word, registry, message})
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen[hash]++
	if f.seen[hash] <= foldAfter {
		return false
	}
	line := f.byHash[hash]
	if line == nil {
		line = &folded{level: level, word: word, registry: registry, message: message}
		f.byHash[hash], f.folded = line, append(f.folded, line)
	}
	line.count++
	return true
}

// report logs how many lines were not shown: at the end of all messages, before only
// of those that came again since the last report.
func (f *Folding) report(atEnd bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, line := range f.folded {
		if line.logged == line.count && !atEnd {
			continue
		}
		line.logged = line.count
		soFar := " so far"
		if atEnd {
			soFar = ""
		}
		f.log.Log(context.Background(), line.level, fmt.Sprintf("%s %s of %s not shown%s, equal to %d above: %s",
			line.word, count(line.count, "more line"), line.registry, soFar, foldAfter, line.message))
	}
}

// changing matches what differs from one message to the next while a registry is down:
// how often it failed, and the port from which it was asked.
var changing = regexp.MustCompile(`\b\d+ times in a row|:\d+->`)

// reading matches what stands before the cause of an error: which part of the image was
// read.
var reading = regexp.MustCompile(`(?:reading|asking|listing) [^…]*…(?:@\S+)?: `)

// anonymous returns the registry of which a message speaks, and the message without the
// image's own name. A message about the source alone is of the source's registry, any
// other one of the destination's.
//
//	reading manifest of source hub.example/shop/cart:1.4: hub.example is down   becomes
//	hub.example is down
func anonymous(message string, r *engine.Result) (registry, without string) {
	image := r.Image
	registry, _, _ = strings.Cut(image.Destination, "/")
	source := image.Source != "" && strings.Contains(message, image.Source)
	if r.Reason == validate.SourceMissing || source && !strings.Contains(message, image.Destination) {
		registry, _, _ = strings.Cut(image.Source, "/")
	}
	message = withoutName(message, image)
	if r.Status == validate.Error {
		message = reading.ReplaceAllString(message, "")
	}
	return registry, changing.ReplaceAllStringFunc(message, func(found string) string {
		if strings.HasSuffix(found, "->") {
			return "->"
		}
		return "many times in a row"
	})
}

// withoutName replaces every name of an image in a message with "…". The longest names
// come first, because others may be parts of them: hub.example/app of
// r.example/hub.example/app.
func withoutName(message string, image *imagelist.Image) string {
	sourceTag, tag := image.WrittenTags()
	names := []string{image.SourceReference(), image.DestinationReference(), image.Source, image.Destination, `tag "` + sourceTag + `"`, `tag "` + tag + `"`}
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	for _, name := range names {
		if name != "" {
			message = strings.ReplaceAll(message, name, "…")
		}
	}
	return message
}
