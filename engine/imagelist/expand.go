package imagelist

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// This file replaces the filters of entries by the tags that they choose.

// expandAtOnce is how many repositories are asked for their tags at once.
const expandAtOnce = 16

// Expand asks for the tags of the entries that have a filter, which become the lines of
// the list. Nobody may have read lines of the list before. An entry whose tags cannot be
// listed, or whose filter chooses none of them, is no image, and Image says why. So
// Expand returns an error only if the context ended.
//
// told is called for each entry whose tags were chosen, in any order. It must not use
// the list.
func (l *List) Expand(ctx context.Context, o Options, list func(ctx context.Context, repository string) ([]string, error), told func(message string)) error {
	l.expanding.Lock()
	defer l.expanding.Unlock()
	chosen := map[int][]Line{}
	var asked sync.WaitGroup
	room := make(chan struct{}, expandAtOnce)
	for number, u := range l.unexpanded() {
		asked.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			tags, message, err := u.entry.expand(ctx, o, list)
			if ctx.Err() != nil {
				return
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			if u.err = err; err == nil {
				chosen[number] = u.entry.lines(number, tags)
				told(fmt.Sprintf("%s:%d: %s", l.Name, u.entry.LineNumber, message))
			}
		})
	}
	asked.Wait()
	l.replaceLines(chosen)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// unexpanded returns the entries whose tags nobody has listed, by their numbers.
func (l *List) unexpanded() map[int]*unread {
	l.mu.Lock()
	defer l.mu.Unlock()
	left := map[int]*unread{}
	for number, u := range l.unread {
		if errors.Is(u.err, errNotExpanded) {
			left[number] = u
		}
	}
	return left
}

// expand returns the tags that the entry's filter chooses, and how many these are.
func (e *Entry) expand(ctx context.Context, o Options, list func(ctx context.Context, repository string) ([]string, error)) (tags []string, message string, err error) {
	if o.DestinationOnly {
		return nil, "", errors.New("a filter chooses among the tags of the source, which these rules never ask: write the tags")
	}
	r, err := parseRepository(e.Source, o)
	if err != nil {
		return nil, "", fmt.Errorf("source %s: %w", quote(e.Source), err)
	}
	repository := r.asSource(o).String()
	all, err := list(ctx, repository)
	if err != nil {
		return nil, "", err // which says what was asked
	}
	if tags, err = e.Choose(all); err != nil {
		return nil, "", fmt.Errorf("%s: %w", repository, err)
	}
	return tags, fmt.Sprintf("%d of %d tags of %s", len(tags), len(all), repository), nil
}

// replaceLines puts the lines of expanded entries in the place of the ones that stood
// for them.
func (l *List) replaceLines(chosen map[int][]Line) {
	if len(chosen) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.lines
	l.lines = nil
	for _, line := range before {
		if expanded, ok := chosen[line.Number]; ok {
			l.addParts(expanded)
			delete(l.unread, line.Number)
		} else {
			l.lines = append(l.lines, line)
		}
	}
}
