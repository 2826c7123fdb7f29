package engine

import (
	"context"
	"iter"
	"slices"

	"mvrun/engine/imagelist"
)

// This file knows the lists that the script reads, and their lines.

// Load adds a list to those that the run reads, and returns it as the script reads it:
// of a run of a part, only with the lines of this part. options say how the script reads
// the lines. The engine knows every line that the run may validate from these lists, so
// that an interruption loses none.
//
// A list that is the wrong file is an error, and is not added: of it no line is asked, or
// gets into a failed list. The whole list is judged, not only the part. Load may have to
// wait for the first lines of a stream.
func (e *Engine) Load(ctx context.Context, list *imagelist.List, options imagelist.Options) (*imagelist.Reading, error) {
	if err := list.Check(ctx, options); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	reading := list.Read(options, e.options.Shard)
	at := slices.IndexFunc(e.readings, func(r *imagelist.Reading) bool {
		return r.List == list && (r.Options == options || reading.Shard.IsWhole())
	})
	switch {
	case at < 0:
		e.readings = append(e.readings, reading)
	case e.readings[at].Options == options:
		return e.readings[at], nil
	default: // all lines are there already, and are read as the script reads them last
		e.readings[at] = reading
	}
	return reading, nil
}

// Total returns how many lines of the run's lists are read so far, as far as they are of
// the run's part. final reports whether there are no more.
func (e *Engine) Total() (n int, final bool) {
	readings := e.loaded()
	final = len(readings) > 0
	for _, r := range readings {
		lines, all := r.Count()
		n, final = n+lines, final && all
	}
	return n, final
}

// loaded returns the run's lists, in the order in which the script reads them.
func (e *Engine) loaded() []*imagelist.Reading {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.readings)
}

// ListCount says how many lines a list has. An entry with several images counts as one
// line.
type ListCount struct {
	Name   string
	SHA256 string // "" for a stream
	Lines  int    // of the whole list, as far as they were read
	Part   int    // of these, the lines of the run's part
	// Cut is equal in all parts of one list: see imagelist.Reading.
	Cut string
}

// CountLines returns, after Close, how many lines the run's lists have, in the order in
// which the script read the lists. It also returns of how many lines of the run's part
// there is no result.
//
// A list that was read for two destinations has lines in two parts. Its Part is that of
// the first of them, so that the counts of all parts add up to the lines of the list.
func (e *Engine) CountLines() (lists []ListCount, leftOut int) {
	counted := map[*imagelist.List]bool{}
	for _, r := range e.loaded() {
		if !counted[r.List] {
			counted[r.List] = true
			all, _ := r.List.Known()
			own, _ := r.Known()
			lists = append(lists, ListCount{r.List.Name, r.List.SHA256, imagelist.CountNumbers(all), imagelist.CountNumbers(own), r.Cut()})
		}
	}
	seen, last := e.seenLines(), lineKey{}
	for r, line := range e.knownLines() {
		k := lineKeyOf(r.List, line)
		if entry := (lineKey{k.list, k.number, 0}); !seen[k] && entry != last {
			leftOut, last = leftOut+1, entry
		}
	}
	return lists, leftOut
}

// allLines returns every line of the run's part. ctx limits the wait for lines that a
// stream has not delivered yet.
func (e *Engine) allLines(ctx context.Context) iter.Seq2[*imagelist.Reading, imagelist.Line] {
	for _, r := range e.loaded() {
		r.List.Drain(ctx)
	}
	return e.knownLines()
}

// knownLines returns every line of the run's part that was read, once. If a list was read
// several times, the last reading that has the line counts.
func (e *Engine) knownLines() iter.Seq2[*imagelist.Reading, imagelist.Line] {
	return func(yield func(*imagelist.Reading, imagelist.Line) bool) {
		readings := e.loaded()
		for i, r := range readings {
			later := linesOf(r.List, readings[i+1:])
			lines, _ := r.Known()
			for _, line := range lines {
				if !later[lineKeyOf(r.List, line)] && !yield(r, line) {
					return
				}
			}
		}
	}
}

// linesOf returns the lines of a list that some readings have.
func linesOf(list *imagelist.List, readings []*imagelist.Reading) map[lineKey]bool {
	found := map[lineKey]bool{}
	for _, r := range readings {
		if r.List == list {
			lines, _ := r.Known()
			for _, line := range lines {
				found[lineKeyOf(list, line)] = true
			}
		}
	}
	return found
}
