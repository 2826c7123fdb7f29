package engine

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Invalid records an error for a line that is no image, or for an entry of which nobody
// knows the images. A line that is read several times is recorded once.
func (e *Engine) Invalid(image imagelist.Image, err error) {
	id := identify(&image)
	e.mu.Lock()
	_, known := e.invalid[id]
	e.invalid[id] = image
	e.mu.Unlock()
	if known {
		return
	}
	e.collector.record(&Result{Image: &image, Status: validate.Error, Reason: invalidReason(err), Message: validate.ShortenMessage(err.Error()), Attempts: 1, Started: time.Now(), sequence: e.nextSequence()})
}

// invalidReason returns the reason of a line that is no image. A registry that does not
// list the tags of an entry knows a reason of its own.
func invalidReason(err error) validate.Reason {
	if reasoner, ok := errors.AsType[Reasoner](err); ok {
		return reasoner.Reason()
	}
	return validate.InvalidLine
}

// isUnreadable reports whether an image stands for a line that is none.
func isUnreadable(image *imagelist.Image) bool { return image.Destination == "" }

// HandOver notes results that the script stands by: of their lines, exactly the
// results that were handed over count, the last one for each destination.
func (e *Engine) HandOver(results []*Packed) { e.collector.ledger.hand(results, e.sequence.Load()) }

// FailedLines returns the lines of results that are not OK and the lines that are
// no images, once each, word for word, in the order of their lists. Of several
// results for one destination of a line the last one counts.
func (e *Engine) FailedLines(results []*Packed) []string {
	images := e.invalidImages(results)
	last := map[key]*Packed{} // of the units with a result that is not OK
	for _, r := range results {
		if k := unitKey(r.Image); !r.OK() || last[k] != nil {
			last[k] = r
		}
	}
	for _, r := range last {
		if !r.OK() {
			images = append(images, *r.Image)
		}
	}
	return e.inOrder(images)
}

// CountBad returns how many of the results fail, and how many could not be checked. Of
// several results for one destination of a line, the last one counts. Lines of the run's
// lists that are no images could not be checked, either.
func (e *Engine) CountBad(results []*Packed) (failed, unchecked int) {
	last := map[key]validate.Status{}
	for _, r := range results {
		if k := unitKey(r.Image); r.OK() {
			delete(last, k)
		} else {
			last[k] = r.Result().Status
		}
	}
	for _, status := range last {
		if status == validate.Error {
			unchecked++
		} else {
			failed++
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return failed, unchecked + len(e.invalid)
}

// invalidImages returns the images that stand for lines which are no images, but
// for lines of which there is one of the given results: another load_list could
// read those.
func (e *Engine) invalidImages(results []*Packed) []imagelist.Image {
	e.mu.Lock()
	invalid := slices.Collect(maps.Values(e.invalid))
	e.listed = len(invalid)
	e.mu.Unlock()
	if len(invalid) == 0 {
		return nil
	}
	read := map[lineKey]bool{}
	for _, r := range results {
		read[lineOf(r.Image)] = true
	}
	return slices.DeleteFunc(invalid, func(image imagelist.Image) bool { return read[lineOf(&image)] })
}

// UnfinishedLines returns, after Close, every line of the run's lists that did
// not come out OK: the lines that failed, and those that the run did not reach,
// of which it also returns the number. ctx bounds the wait for the lines that a
// stream has yet to deliver.
func (e *Engine) UnfinishedLines(ctx context.Context) (unfinished []string, unreached int) {
	bad, seen := map[lineKey]bool{}, e.seenLines()
	var images []imagelist.Image
	for u := range e.collector.ledger.counting() {
		if e.collector.ledger.outcome(u).ok() {
			continue
		}
		if u.image.List == "" {
			images = append(images, *u.image)
		} else {
			bad[lineOf(u.image)] = true
		}
	}
	last := lineKey{}
	for r, line := range e.allLines(ctx) {
		k := lineKeyOf(r.List, line)
		if entry := (lineKey{k.list, k.number, 0}); !seen[k] && entry != last {
			unreached, last = unreached+1, entry
		}
		if bad[k] || !seen[k] {
			images = append(images, imagelist.Image{List: k.list, Number: k.number, Part: k.part, Line: r.List.WrittenLine(line, r.Options)})
		}
	}
	return e.inOrder(images), unreached
}

func lineKeyOf(l *imagelist.List, line imagelist.Line) lineKey {
	return lineKey{l.Name, line.Number, l.Part(line)}
}

// seenLines returns the lines of which there is a result. The collector must be
// idle.
func (e *Engine) seenLines() map[lineKey]bool {
	seen := map[lineKey]bool{}
	for u := range e.collector.ledger.counting() {
		seen[lineOf(u.image)] = true
	}
	return seen
}

// EndRest records an error for every line of the run's lists that the run did not
// reach before its end, whose cause is given. A result of an earlier run does not
// count for such a line: nobody knows which question the script would have asked.
// ctx bounds the wait for the lines that a stream has yet to deliver. Nobody may
// validate any more.
func (e *Engine) EndRest(ctx context.Context, cause error) {
	e.Sync()
	seen := e.seenLines()
	reason, message := Ended(cause)
	for r, line := range e.allLines(ctx) {
		if seen[lineKeyOf(r.List, line)] {
			continue
		}
		image, err := r.Image(line)
		if err != nil && !errors.Is(err, imagelist.ErrNotExpanded) {
			e.Invalid(image, err)
			continue
		}
		e.collector.record(&Result{Image: &image, Status: validate.Error, Reason: reason, Message: message, Started: time.Now(), sequence: e.nextSequence()})
	}
}

// inOrder returns the lines of images, in the order of the lists, once each. Images that
// are of no list come last.
func (e *Engine) inOrder(images []imagelist.Image) []string {
	e.mu.Lock()
	order := map[string]int{}
	for i, r := range e.readings {
		if _, known := order[r.List.Name]; !known {
			order[r.List.Name] = i + 1
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
		return cmp.Or(cmp.Compare(position(a), position(b)), cmp.Compare(a.Number, b.Number), cmp.Compare(a.Part, b.Part), cmp.Compare(a.Source, b.Source), cmp.Compare(a.SourceTag, b.SourceTag))
	})
	images = slices.CompactFunc(images, func(a, b imagelist.Image) bool {
		return lineOf(&a) == lineOf(&b) && a.List != ""
	})
	lines := make([]string, len(images))
	for i, image := range images {
		lines[i] = image.Line
		if image.Line == "" {
			lines[i] = image.WrittenLine()
		}
	}
	return lines
}
