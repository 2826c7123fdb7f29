package engine

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Load adds a list to those that the run reads, unless it is there already. The
// engine knows every line that the run may validate from these lists, so that an
// interruption loses none.
func (e *Engine) Load(list *imagelist.List) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Contains(e.lists, list) {
		e.lists = append(e.lists, list)
	}
}

// Total returns how many lines of the run's lists are read so far. final reports
// whether there are no more.
func (e *Engine) Total() (n int, final bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	final = len(e.lists) > 0
	for _, l := range e.lists {
		lines, all := l.Known()
		n, final = n+len(lines), final && all
	}
	return n, final
}

// Invalid records an error for a line that is no image. A line that is read
// several times is recorded once.
func (e *Engine) Invalid(image imagelist.Image, err error) {
	id := identify(image)
	e.mu.Lock()
	_, known := e.invalid[id]
	e.invalid[id] = image
	e.mu.Unlock()
	if known {
		return
	}
	e.collector.record(&Result{Image: image, Status: validate.Error, Reason: validate.InvalidLine, Message: err.Error(), Attempts: 1, Started: time.Now()})
}

// FailedLines returns the lines of the results that are not OK, and the lines
// that are no images. Each line is there once, word for word, in the order of
// the lists.
//
// Each round holds the results of one call of the script. A later round replaces
// what an earlier round said of an image. Within one round, a single result that
// is not OK makes the image's line a failed one.
func (e *Engine) FailedLines(rounds ...[]*Packed) []string {
	e.mu.Lock()
	images := slices.Collect(maps.Values(e.invalid))
	e.mu.Unlock()
	bad := map[identity]imagelist.Image{}
	for _, results := range rounds {
		for _, r := range results {
			delete(bad, identify(*r.Image))
		}
		for _, r := range results {
			if !r.OK() {
				bad[identify(*r.Image)] = *r.Image
			}
		}
	}
	return e.inOrder(slices.AppendSeq(images, maps.Values(bad)))
}

// UnfinishedLines returns every line that has no result, or one that is not OK.
// unchecked counts the lines that have no result. It must be called after Close.
// ctx limits the wait for lines that a stream has not delivered yet.
func (e *Engine) UnfinishedLines(ctx context.Context) (unfinished []string, unchecked int) {
	bad, seen := map[lineKey]bool{}, map[lineKey]bool{}
	var images []imagelist.Image
	for _, image := range e.collector.loose {
		images = append(images, imagelist.Image{Source: image.Source, Destination: image.Destination, Tag: image.Tag})
	}
	for _, entry := range e.collector.latest {
		k := e.collector.line(entry)
		bad[k] = bad[k] || !e.collector.outcome(entry).ok()
		seen[k] = true
	}
	for l, line := range e.allLines(ctx) {
		k := lineKey{l.Name, line.Number}
		if !seen[k] {
			unchecked++
		}
		if bad[k] || !seen[k] {
			images = append(images, imagelist.Image{List: l.Name, Number: line.Number, Line: line.Text})
		}
	}
	return e.inOrder(images), unchecked
}

// EndRest records an error for every line that has no result. If an earlier run
// found its image to be OK, EndRest records that result instead. cause is why the
// run ended, and options say how the lines are read. ctx limits the wait for
// lines that a stream has not delivered yet. Nothing may be validated meanwhile.
func (e *Engine) EndRest(ctx context.Context, cause error, options imagelist.Options) {
	e.Sync()
	seen := map[lineKey]bool{}
	for _, entry := range e.collector.latest {
		seen[e.collector.line(entry)] = true
	}
	reason, message := Ended(cause)
	for l, line := range e.allLines(ctx) {
		if seen[lineKey{l.Name, line.Number}] {
			continue
		}
		image, err := l.Image(line, options)
		if err != nil {
			e.Invalid(image, err)
			continue
		}
		result := &Result{Image: image, Status: validate.Error, Reason: reason, Message: message, Started: time.Now()}
		if earlier := e.options.Earlier; earlier != nil {
			if known := earlier(image); known != nil && known.OK() {
				result = known
			}
		}
		e.collector.record(result)
	}
}

// lineKey identifies a line of the run's lists.
type lineKey struct {
	list   string
	number int
}

// allLines returns every line of the run's lists. ctx limits the wait for lines
// that a stream has not delivered yet.
func (e *Engine) allLines(ctx context.Context) iter.Seq2[*imagelist.List, imagelist.Line] {
	return func(yield func(*imagelist.List, imagelist.Line) bool) {
		e.mu.Lock()
		lists := slices.Clone(e.lists)
		e.mu.Unlock()
		for _, l := range lists {
			l.Drain(ctx)
			lines, _ := l.Known()
			for _, line := range lines {
				if !yield(l, line) {
					return
				}
			}
		}
	}
}

// inOrder returns the lines of images, in the order of the lists. Images that are
// of no list come last.
func (e *Engine) inOrder(images []imagelist.Image) []string {
	e.mu.Lock()
	order := map[string]int{}
	for i, l := range e.lists {
		if _, known := order[l.Name]; !known {
			order[l.Name] = i + 1
		}
	}
	e.mu.Unlock()
	position := func(image imagelist.Image) int {
		if at, ok := order[image.List]; ok {
			return at
		}
		return len(order) + 1
	}
	slices.SortStableFunc(images, func(a, b imagelist.Image) int {
		return cmp.Or(cmp.Compare(position(a), position(b)), cmp.Compare(a.Number, b.Number), cmp.Compare(a.Source, b.Source))
	})
	images = slices.CompactFunc(images, func(a, b imagelist.Image) bool {
		return a.List == b.List && a.Number == b.Number && a.List != ""
	})
	lines := make([]string, len(images))
	for i, image := range images {
		lines[i] = image.Line
		if image.Line == "" {
			lines[i] = image.Source + " " + image.Destination + " " + image.Tag
		}
	}
	return lines
}
