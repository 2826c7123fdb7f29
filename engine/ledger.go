package engine

import (
	"cmp"
	"encoding/binary"
	"iter"
	"maps"
	"slices"
	"sync"

	"mvrun/engine/imagelist"
)

// ledger knows which result of every line counts.
//
// A script may validate an image several times: again after a failure, at a
// second registry, or against two destinations. For each line of a list, and for
// each image that a script made by itself, the rule is:
//
//   - if the script handed over results of the line, by write_failed, exactly
//     those count, the last one for each destination;
//   - otherwise the last result for each destination counts.
//
// The collector alone calls record; hand may be called at the same time.
type ledger struct {
	index map[key]uint32 // of a unit in units, by its destination and line
	units []unit
	kinds numbered[outcome]
	// stale are images that have a record in the results file although a result
	// with another source counts for the same destination.
	stale    map[identity]*imagelist.Image
	unhanded int // counted results that are not OK, of lines of which the script handed over nothing

	mu     sync.Mutex
	handed []handOver
}

// unit is one destination of one line, and all that is kept of its last result: a
// run may have a million.
type unit struct {
	image             *imagelist.Image
	kind, sequence    uint32
	stands, withdrawn bool // as settle decides: the script stands by the result; it does not count
}

// handOver is a call of hand.
type handOver struct {
	results  []*Packed
	sequence uint32 // of the run's newest result at that time
}

// has reports whether the script handed over the result of this number.
func (l *ledger) has(sequence uint32) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range l.handed {
		for _, r := range h.results {
			if r.sequence() == sequence {
				return true
			}
		}
	}
	return false
}

// lineKey identifies a line of a run's lists, or one image of an entry that has several:
// each of them has a line of its own in the failed list.
type lineKey struct {
	list         string
	number, part int
}

// numbered gives equal values one number.
type numbered[T comparable] struct {
	numbers map[T]uint32
	values  []T
}

func newNumbered[T comparable]() numbered[T] { return numbered[T]{numbers: map[T]uint32{}} }

// of returns the number of a value.
func (n *numbered[T]) of(value T) uint32 {
	number, ok := n.numbers[value]
	if !ok {
		number = uint32(len(n.values))
		n.numbers[value] = number
		n.values = append(n.values, value)
	}
	return number
}

func newLedger() *ledger {
	return &ledger{index: map[key]uint32{}, kinds: newNumbered[outcome](), stale: map[identity]*imagelist.Image{}}
}

// unitKey returns the key of the destination of an image's line.
func unitKey(image *imagelist.Image) key {
	text := make([]byte, 0, 256)
	for _, word := range []string{image.List, image.Destination, image.Tag} {
		text = append(append(text, word...), 0) // which no name contains
	}
	return hash(binary.AppendVarint(text, int64(image.Number)))
}

func lineOf(image *imagelist.Image) lineKey { return lineKey{image.List, image.Number, image.Part} }

// record notes a result. It returns false if the result does not count, because
// the same line and destination has a newer one: a thread keeps its last result
// until it turns to another image, and another thread may have been faster.
func (l *ledger) record(r *Result) bool {
	if at, known := l.index[unitKey(r.Image)]; known && l.units[at].sequence > r.sequence {
		return false
	}
	l.put(r)
	return true
}

// put makes a result the last one of its line and destination.
func (l *ledger) put(r *Result) {
	k := unitKey(r.Image)
	at, known := l.index[k]
	if !known {
		at = uint32(len(l.units))
		l.index[k] = at
		l.units = append(l.units, unit{})
	} else if before := l.units[at]; identify(before.image) != identify(r.Image) {
		l.stale[identify(before.image)] = before.image
	}
	delete(l.stale, identify(r.Image))
	l.units[at] = unit{image: r.Image, kind: l.kinds.of(outcomeOf(r)), sequence: r.sequence}
}

// counting returns the units whose results count.
func (l *ledger) counting() iter.Seq[unit] {
	return func(yield func(unit) bool) {
		for _, u := range l.units {
			if !u.withdrawn && !yield(u) {
				return
			}
		}
	}
}

// outcomes returns the images whose results count, with the outcomes of these results.
func (l *ledger) outcomes() iter.Seq2[*imagelist.Image, outcome] {
	return func(yield func(*imagelist.Image, outcome) bool) {
		for u := range l.counting() {
			if !yield(u.image, l.outcome(u)) {
				return
			}
		}
	}
}

// hand notes results that the script stands by. The caller does not change them.
// sequence is the number of the run's newest result.
func (l *ledger) hand(results []*Packed, sequence uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.handed = append(l.handed, handOver{results, sequence})
}

// outcome returns the outcome of a unit's result.
func (l *ledger) outcome(u unit) outcome { return l.kinds.values[u.kind] }

// settle decides at the end of the run which results count: afterwards, those of
// the units do. It returns the results that the sinks have to get again, since
// the script stands by another result than the last, and the images whose
// records do not count.
//
// A script that did not come to its end may have found out more about a line than
// it handed over. Then aborted is true, and the last results of such a line count.
func (l *ledger) settle(aborted bool) (again []*Result, withdrawn []*imagelist.Image) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.handedLines()
	if aborted {
		for _, u := range l.units {
			if lines.of(u.image) < u.sequence {
				lines.set(u.image, 0)
			}
		}
	}
	for k, r := range l.takeHanded(lines) {
		result := r.Result()
		l.put(result)
		l.units[l.index[k]].stands = true
		again = append(again, result)
	}
	for i := range l.units {
		u := &l.units[i]
		handed := lines.of(u.image) > 0
		switch {
		case handed && !u.stands:
			u.withdrawn = true
			withdrawn = append(withdrawn, u.image)
		case !handed && !l.outcome(*u).ok() && !isUnreadable(u.image):
			l.unhanded++
		}
	}
	withdrawn = slices.AppendSeq(withdrawn, maps.Values(l.stale))
	slices.SortFunc(withdrawn, compareImages)
	slices.SortFunc(again, func(a, b *Result) int { return compareImages(a.Image, b.Image) })
	return again, withdrawn
}

// takeHanded marks the units whose last result the script handed over, of the
// given lines. It returns the results that the script handed over although they
// are not the last ones of their units.
func (l *ledger) takeHanded(lines lineMarks) map[key]*Packed {
	others := map[key]*Packed{}
	for _, h := range l.handed {
		for _, r := range h.results {
			if lines.of(r.Image) == 0 {
				continue
			}
			k := unitKey(r.Image)
			at, known := l.index[k]
			last := known && l.units[at].sequence == r.sequence()
			if known {
				l.units[at].stands = last
			}
			if last {
				delete(others, k)
			} else {
				others[k] = r
			}
		}
	}
	return others
}

// handedLines returns the lines of which the script handed over results, with the
// number of the newest result that there was at that time.
func (l *ledger) handedLines() lineMarks {
	lines := newLineMarks()
	for _, h := range l.handed {
		for _, r := range h.results {
			lines.set(r.Image, h.sequence)
		}
	}
	return lines
}

// lineMarks has a number for lines, 0 for most: by the name of the list, then by
// the number of the line. It takes four bytes a line. Only the second and later images
// of entries, of which there are few, are in parts.
type lineMarks struct {
	lines map[string][]uint32
	parts map[lineKey]uint32
}

func newLineMarks() lineMarks { return lineMarks{map[string][]uint32{}, map[lineKey]uint32{}} }

func (m lineMarks) of(image *imagelist.Image) uint32 {
	if image.Part > 0 {
		return m.parts[lineOf(image)]
	}
	if marks := m.lines[image.List]; image.Number < len(marks) {
		return marks[image.Number]
	}
	return 0
}

func (m lineMarks) set(image *imagelist.Image, mark uint32) {
	if image.Part > 0 {
		m.parts[lineOf(image)] = mark
		return
	}
	marks := m.lines[image.List]
	if missing := image.Number + 1 - len(marks); missing > 0 {
		marks = append(marks, make([]uint32, missing)...)
		m.lines[image.List] = marks
	}
	marks[image.Number] = mark
}

// compareImages orders images by their lists and lines.
func compareImages(a, b *imagelist.Image) int {
	return cmp.Or(cmp.Compare(a.List, b.List), cmp.Compare(a.Number, b.Number), cmp.Compare(a.Destination, b.Destination),
		cmp.Compare(a.Tag, b.Tag), cmp.Compare(a.Source, b.Source), cmp.Compare(a.SourceTag, b.SourceTag))
}
