package imagelist

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// This file replaces the filters of entries by the tags that they choose.

// expandAtOnce is how many repositories are asked for their tags at once.
const expandAtOnce = 16

// ListTags lists the tags of a repository, which has its registry.
type ListTags func(ctx context.Context, repository string) ([]string, error)

// Expand asks for the tags of the entries that have a filter. The tags that the filter
// chooses become the lines of the list; nobody may have read lines of the list before.
// An entry whose tags cannot be listed, or whose filter chooses none, is no image, and
// Image says why. So Expand returns an error only if the context ended.
//
// wanted reports whether the entry with a number is to be expanded; nil means all of them.
// told is called for each entry whose tags were chosen, in the order of the list.
func (l *List) Expand(ctx context.Context, o Options, wanted func(number int) bool, list ListTags, told func(message string)) error {
	l.expanding.Lock()
	defer l.expanding.Unlock()
	entries := l.unexpanded()
	if wanted != nil {
		entries = slices.DeleteFunc(entries, func(u *unread) bool { return !wanted(u.number) })
	}
	found := make([]expansion, len(entries))
	list = once(list)
	var asked sync.WaitGroup
	room := make(chan struct{}, expandAtOnce)
	for i, u := range entries {
		room <- struct{}{}
		asked.Go(func() {
			defer func() { <-room }()
			found[i] = u.entry.expand(ctx, o, list)
		})
	}
	asked.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	l.takeExpansions(entries, found)
	for i, u := range entries {
		if found[i].err == nil {
			told(fmt.Sprintf("%s:%d: %s", l.Name, u.entry.LineNumber, found[i].message))
		}
	}
	return nil
}

// once returns a function that lists the tags of each repository once: many entries may
// copy one repository to several places.
func once(list ListTags) ListTags {
	var mu sync.Mutex
	known := map[string]func() ([]string, error){}
	return func(ctx context.Context, repository string) ([]string, error) {
		mu.Lock()
		ask, ok := known[repository]
		if !ok {
			ask = sync.OnceValues(func() ([]string, error) { return list(ctx, repository) })
			known[repository] = ask
		}
		mu.Unlock()
		return ask()
	}
}

// unexpanded returns the entries whose tags nobody has listed, in the order of the list.
func (l *List) unexpanded() []*unread {
	l.mu.Lock()
	defer l.mu.Unlock()
	var left []*unread
	for _, number := range slices.Sorted(maps.Keys(l.unread)) {
		if u := l.unread[number]; errors.Is(u.err, ErrNotExpanded) {
			left = append(left, u)
		}
	}
	return left
}

// expansion is what a filter chose.
type expansion struct {
	tags    []string
	message string // how many tags these are
	err     error
}

// expand chooses tags with the entry's filter.
func (e *Entry) expand(ctx context.Context, o Options, list ListTags) expansion {
	if o.DestinationOnly {
		return expansion{err: errors.New("a filter chooses among the tags of the source, which these rules never ask: write the tags")}
	}
	r, err := parseRepository(e.Source, o)
	if err != nil {
		return expansion{err: fmt.Errorf("source %s: %w", quote(e.Source), err)}
	}
	repository := r.asSource(o).String()
	all, err := list(ctx, repository)
	if err != nil {
		return expansion{err: err} // which says what was asked
	}
	tags, err := e.Choose(all)
	if err != nil {
		return expansion{err: fmt.Errorf("%s: %w", repository, err)}
	}
	return expansion{tags: tags, message: fmt.Sprintf("%d of %d tags of %s", len(tags), len(all), repository)}
}

// takeExpansions puts the lines of expanded entries in the place of the ones that stood
// for them, and notes the errors of the others.
func (l *List) takeExpansions(entries []*unread, found []expansion) {
	l.mu.Lock()
	defer l.mu.Unlock()
	chosen := map[int][]string{}
	for i, u := range entries {
		if u.err = found[i].err; u.err == nil {
			chosen[u.number] = found[i].tags
		}
	}
	before := l.lines
	l.lines = nil
	for _, line := range before {
		tags, ok := chosen[line.Number]
		if !ok {
			l.addParts([]Line{line})
			continue
		}
		l.addParts(l.unread[line.Number].entry.lines(line.Number, tags))
		delete(l.unread, line.Number)
	}
}
