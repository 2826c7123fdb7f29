package imagelist

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"sync"
)

// Reading is a list as a script reads it: with options, and of the list only the lines
// of a part. Many goroutines may use a Reading at once.
//
// Options decide about destinations, and destinations decide about parts. So a script
// that reads a list twice, for two destinations, gets two Readings, whose lines may be
// others.
type Reading struct {
	List    *List
	Options Options
	Shard   Shard

	mu     sync.Mutex
	keys   hash.Hash // of the keys of all lines or entries that were looked at
	sorted int       // how many lines of the list were looked at
	own    []uint32  // of a list of lines, the indexes of those that are of the part
	holds  []bool    // of a list of entries, which entries are of the part, by their numbers
	lines  []Line    // of a list of entries, the lines of the part after Expand; nil before
}

// Read returns the list as a script reads it.
func (l *List) Read(o Options, s Shard) *Reading {
	return &Reading{List: l, Options: o, Shard: s, keys: sha256.New()}
}

// Image makes an image of a line, as List.Image does.
func (r *Reading) Image(line Line) (Image, error) { return r.List.Image(line, r.Options) }

// At returns the line at an index, counted from 0 and among the lines of the part. It
// waits for a stream and returns errors as List.At does.
func (r *Reading) At(ctx context.Context, i int) (Line, error) {
	if r.Shard.IsWhole() {
		return r.List.At(ctx, i)
	}
	for {
		line, ok, next := r.at(i)
		if ok {
			return line, nil
		}
		if _, err := r.List.At(ctx, next); err != nil {
			return Line{}, err
		}
	}
}

// Peek returns the line at an index, as At does, if that is known without waiting.
func (r *Reading) Peek(i int) (line Line, known bool) {
	if !r.Shard.IsWhole() {
		line, known, _ = r.at(i)
		return line, known
	}
	if lines, _ := r.List.Known(); i < len(lines) {
		return lines[i], true
	}
	return Line{}, false
}

// at returns the line at an index if it is known. Otherwise it returns the index, in the
// whole list, of the next line that nobody has looked at.
func (r *Reading) at(i int) (line Line, ok bool, next int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, _ := r.List.Known()
	if r.List.isOfEntries() {
		if lines := r.entryLines(known); i < len(lines) {
			return lines[i], true, 0
		}
		return Line{}, false, len(known)
	}
	for ; r.sorted < len(known) && len(r.own) <= i; r.sorted++ {
		r.sort(known[r.sorted])
	}
	if i < len(r.own) {
		return known[r.own[i]], true, 0
	}
	return Line{}, false, r.sorted
}

// sort notes the next line of a list of lines if it is of the part.
func (r *Reading) sort(line Line) {
	if r.isOwn(line) {
		r.own = append(r.own, uint32(r.sorted))
	}
}

// isOwn reports whether a line is of the part. It is called for each line once, in the
// order of the list.
func (r *Reading) isOwn(line Line) bool {
	key := r.List.shardKey(line, r.Options)
	fmt.Fprintln(r.keys, key)
	return r.Shard.holds(key)
}

// Known returns the lines of the part that were read so far. It also returns whether
// these are all.
func (r *Reading) Known() (lines []Line, final bool) {
	if r.Shard.IsWhole() {
		return r.List.Known()
	}
	_, final = r.Count()
	r.mu.Lock()
	defer r.mu.Unlock()
	known, _ := r.List.Known()
	if r.List.isOfEntries() {
		return r.entryLines(known), final
	}
	lines = make([]Line, len(r.own))
	for i, index := range r.own {
		lines[i] = known[index]
	}
	return lines, final
}

// Count returns how many lines of the part were read so far. It also returns whether
// these are all.
func (r *Reading) Count() (n int, final bool) {
	for {
		n, final, isCounted := r.count()
		if isCounted {
			return n, final
		}
	}
}

// countAtOnce is how many lines count looks at before it lets others read on.
const countAtOnce = 1000

// count returns the same as Count, if it has come to the last line.
func (r *Reading) count() (n int, final, isCounted bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, final := r.List.Known()
	switch {
	case r.Shard.IsWhole():
		return len(known), final, true
	case r.List.isOfEntries():
		return len(r.entryLines(known)), final, true
	}
	for end := min(len(known), r.sorted+countAtOnce); r.sorted < end; r.sorted++ {
		r.sort(known[r.sorted])
	}
	return len(r.own), final, r.sorted == len(known)
}

// Cut returns a hash of what decides about the part of each line in the list. Parts with
// another hash were cut in another way, as by another registry for all destinations: some
// lines are in two of them, and others in none. It is "" for the whole list, and for a
// list that was not read to its end.
func (r *Reading) Cut() string {
	if _, final := r.Count(); r.Shard.IsWhole() || !final {
		return ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, _ := r.List.Known(); r.List.isOfEntries() && len(known) > 0 {
		r.holdsEntry(known[len(known)-1].Number)
	}
	return hex.EncodeToString(r.keys.Sum(nil))
}

// entryLines returns the lines of the part, of all lines of a list of entries.
func (r *Reading) entryLines(known []Line) []Line {
	if r.lines != nil {
		return r.lines
	}
	var lines []Line
	for _, line := range known {
		if r.holdsEntry(line.Number) {
			lines = append(lines, line)
		}
	}
	return lines
}

// holdsEntry reports whether the entry with a number is of the part.
func (r *Reading) holdsEntry(number int) bool {
	for next := len(r.holds) + 1; next <= number; next++ {
		r.holds = append(r.holds, r.isOwn(Line{Number: next}))
	}
	return r.holds[number-1]
}

// Expand asks for the tags of the entries of the part that have a filter, as List.Expand
// does.
//
// Another Reading of the list may expand other entries, but no more of this part. So the
// lines of the part are final then, and are kept: At need not look for them each time.
func (r *Reading) Expand(ctx context.Context, list ListTags, told func(message string)) error {
	if r.Shard.IsWhole() {
		return r.List.Expand(ctx, r.Options, nil, list, told)
	}
	err := r.List.Expand(ctx, r.Options, func(number int) bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.holdsEntry(number)
	}, list, told)
	if err != nil || !r.List.isOfEntries() {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	known, _ := r.List.Known()
	r.lines = append([]Line{}, r.entryLines(known)...)
	return nil
}
