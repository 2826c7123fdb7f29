package imagelist

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// This file reads the entries of a file or a stream as a whole.

// unread is what is known of an entry that has no images, or not yet.
type unread struct {
	number int
	entry  Entry
	err    error
}

// ErrNotExpanded is the error of an entry with a filter, before Expand has listed the
// tags of its source.
var ErrNotExpanded = errors.New("the tags of the source were not listed")

// setEntries makes the lines of a list's entries. Nobody may read the list meanwhile.
func (l *List) setEntries(found *Entries) error {
	if len(found.Entries) == 0 {
		return fmt.Errorf("there are no images in %s, which is read as %s: nothing would be validated", l.Name, found.Format)
	}
	l.entries, l.unread, l.parts = found, map[int]*unread{}, map[Line]int{}
	for i := range found.Entries {
		e, number := &found.Entries[i], i+1
		if e.Err == nil {
			e.Err = e.check()
		}
		l.bare = append(l.bare, e.text(""))
		tags := e.Tags
		if len(tags) == 0 {
			tags = []string{""}
		}
		switch {
		case e.Err != nil:
			l.unread[number] = &unread{number, *e, e.Err}
		case e.Choose != nil:
			l.unread[number] = &unread{number, *e, ErrNotExpanded}
		}
		l.addParts(e.lines(number, tags))
	}
	found.Entries = nil // the lines have all that is needed
	l.err, l.ended = io.EOF, true
	return nil
}

// lines returns a line for each tag, once.
func (e *Entry) lines(number int, tags []string) []Line {
	lines, seen := make([]Line, 0, len(tags)), make(map[string]bool, len(tags))
	for _, tag := range tags {
		if !seen[tag] {
			seen[tag] = true
			lines = append(lines, Line{Text: e.text(tag), LineNumber: e.LineNumber, Number: number})
		}
	}
	return lines
}

// addParts appends the lines of one entry.
func (l *List) addParts(lines []Line) {
	for part, line := range lines {
		if part > 0 {
			l.parts[line] = part
		}
	}
	l.lines = append(l.lines, lines...)
}

// Recognised returns what a Reader said of the list; ok is false if the list has lines,
// or if nobody has read it yet.
func (l *List) Recognised() (format string, warnings []Warning, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.entries == nil {
		return "", nil, false
	}
	return l.entries.Format, l.entries.Warnings, true
}

// hasLines reports whether the list is known to have lines.
func (l *List) hasLines() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reader == nil
}

// isOfEntries reports whether a Reader has read the list.
func (l *List) isOfEntries() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entries != nil
}

// isFor reports whether a Reader reads content that begins with a line, the first one
// that is neither blank nor a comment.
func (r *Reader) isFor(line string) bool {
	return r.Begins == nil || r.Begins(strings.TrimSpace(strings.TrimPrefix(line, "\ufeff")))
}

// readEntries reads the whole content of a file if it is one for the list's Reader. read
// is false if the list has lines.
func (l *List) readEntries(content string) (read bool, err error) {
	if l.reader == nil {
		return false, nil
	}
	for line := range splitLines(content) {
		if !isNoLine(strings.TrimPrefix(line, "\ufeff")) {
			read = l.reader.isFor(line)
			break
		}
	}
	if read {
		read, err = l.takeEntries(content)
	}
	if !read {
		l.reader = nil
	}
	return read, err
}

// takeEntries reads content with the list's Reader. read is false if the Reader cannot
// read it, and if enough of its lines are images: a list of lines may have a wrong
// first line.
func (l *List) takeEntries(content string) (read bool, err error) {
	if len(content) > MaxContent {
		return true, &WrongListError{fmt.Errorf("%s has more than %d MiB, too much for a file that is no list of lines", l.Name, MaxContent>>20)}
	}
	found, err := l.reader.Read(content)
	if err != nil && l.reader.Begins != nil && hasImages(content) {
		return false, nil
	}
	if place := (*PlaceError)(nil); errors.As(err, &place) && place.LineNumber > 0 {
		err = fmt.Errorf("%s:%d: %w", l.Name, place.LineNumber, place.Err)
	} else if err != nil {
		err = fmt.Errorf("%s: %w", l.Name, err)
	} else {
		err = l.setEntries(found)
	}
	if err != nil {
		err = &WrongListError{err}
	}
	return true, err
}

// PlaceError is an error of a Reader that knows the line.
type PlaceError struct {
	LineNumber int // 0 if the line is not known
	Err        error
}

func (e *PlaceError) Error() string { return e.Err.Error() }
func (e *PlaceError) Unwrap() error { return e.Err }

// hasImages reports whether more than half of the lines of a text are images.
func hasImages(content string) bool {
	lines, images := 0, 0
	for line := range splitLines(content) {
		if isNoLine(line) {
			continue
		}
		lines++
		if _, err := readLine(line, Options{Destination: "registry.example"}); err == nil {
			images++
		}
	}
	return images*2 > lines
}

// readOn reads on in the stream: one line, or everything if the stream is one for the
// list's Reader. Only the goroutine that has the turn calls it.
func (l *List) readOn() {
	text, err := l.stream()
	if l.hasLines() {
		l.take(text, err)
		return
	}
	l.addHead(text)
	begins := err == nil && !isNoLine(strings.TrimPrefix(text, "\ufeff"))
	switch {
	case l.reader.Begins == nil || begins && l.reader.isFor(text):
		l.readWhole(err)
	case begins || err != nil:
		l.takeLines(l.head.String(), err)
	}
}

// addHead keeps a line of a stream. The stream gives a CRLF as a CR alone.
func (l *List) addHead(text string) {
	if line, ok := strings.CutSuffix(text, "\r"); ok {
		text = line + "\n"
	}
	l.head.WriteString(text)
}

// readWhole reads the stream to its end. err is the error of the last read.
func (l *List) readWhole(err error) {
	for err == nil && l.head.Len() <= MaxContent {
		var text string
		text, err = l.stream()
		l.addHead(text)
	}
	content := l.head.String()
	l.head.Reset()
	if err != nil && !errors.Is(err, io.EOF) {
		l.takeLines("", err)
		return
	}
	l.mu.Lock()
	wrong := checkEncoding(l.Name, content)
	read := wrong != nil
	if !read {
		read, wrong = l.takeEntries(content)
	}
	if wrong != nil {
		l.err = wrong
	}
	l.mu.Unlock()
	if !read {
		l.takeLines(content, io.EOF)
	}
}

// takeLines adds the lines of a text, since the list is one of lines, and then an error
// if there is one.
func (l *List) takeLines(text string, err error) {
	l.mu.Lock()
	l.reader = nil
	l.mu.Unlock()
	l.head.Reset()
	for line := range splitLines(text) {
		l.take(line, nil)
	}
	if err != nil {
		l.take("", err)
	}
}
