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

// The lines of the run's lists: which there are, and which are not done with.

// Load tells the engine of a list that the run reads, so that an interruption
// loses none of its lines.
func (e *Engine) Load(list *imagelist.List) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Contains(e.lists, list) {
		e.lists = append(e.lists, list)
	}
}

// Total returns how many images the run's lists have, as far as they are read.
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

// Invalid records a line that is no image; once, however often it is read.
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

// FailedLines returns the lines of results that are not OK and those that are
// no images, once each, word for word, in the order of their lists. rounds are
// what a script gave one after the other: a later round overrules an earlier
// one, but within a round one bad result of an image is enough.
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

// UnfinishedLines returns, after Close, every line of the run's lists that did
// not come out OK: what failed, and the unchecked ones that nobody got round
// to. ctx bounds the wait for what a stream has yet to deliver.
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

// EndRest records an error for every line of the run's lists that nobody got
// round to before the run's end, whose cause is given; unless an earlier run
// did. options are how such lines are read. ctx bounds the wait for what a
// stream has yet to deliver. Nobody may validate any more.
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

// lineKey tells the lines of a run's lists apart.
type lineKey struct {
	list   string
	number int
}

// allLines returns every line of the run's lists. ctx bounds the wait for what
// a stream has yet to deliver.
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

// inOrder returns the lines of images in the order of their lists, those of no
// list last.
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
