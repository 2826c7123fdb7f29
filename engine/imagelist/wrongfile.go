package imagelist

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// This file finds out that somebody gave the wrong file in place of a list, or the
// right list without the registry of the destination. Both would give an error for
// each line, although a single mistake was made.

const (
	fewLines   = 5  // a shorter list may have no image, and each of its lines is an error
	manyLines  = 20 // of a list as long as this, at least every tenth line has to be an image
	everyTenth = 10

	// decidingLines is how many lines of a stream decide: somebody may write the
	// lines one by one.
	decidingLines = 20
)

// WrongListError says that a list is the wrong file, or that nobody said where its
// images were mirrored to. No image of the list was asked for.
type WrongListError struct{ err error }

func (e *WrongListError) Error() string { return e.err.Error() }
func (e *WrongListError) Unwrap() error { return e.err }

// survey counts the lines of a list, or the first lines of a stream.
type survey struct {
	lines  int
	images int // lines that are images, if there is a registry for the destination
	placed int // images among these whose destination is known

	unplaced string // the first image whose destination is not known
	bad      error  // of the first line that is no image
}

// Check returns a *WrongListError if a list is the wrong file, or if none of its lines
// says where the destination is. It reads no more lines of a stream than it needs. At a
// prompt every line gets its own answer, and Check returns nil.
//
// An error of the stream itself is left to whoever reads the lines.
func (l *List) Check(ctx context.Context, o Options) error {
	if l.prompt {
		return nil
	}
	s, all := survey{}, decidingLines
	for i := 0; i < all; i++ {
		line, err := l.At(ctx, i)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return wrongList(err)
		}
		if known, _ := l.Known(); i == 0 && (l.stream == nil || l.isOfEntries()) {
			all = len(known)
		}
		l.count(&s, line, o)
		if s.images*everyTenth >= all && s.placed > 0 {
			return nil
		}
	}
	switch {
	case l.isOfEntries() && (s.images == 0 || s.placed > 0): // a Reader has recognised the file
		return nil
	case s.images == 0 && s.lines >= fewLines, s.lines >= manyLines && s.images*everyTenth < s.lines:
		return &WrongListError{l.wrongFile(s)}
	case s.images > 0 && s.placed == 0:
		return &WrongListError{l.noDestination(s, o.Hints)}
	}
	return nil
}

// wrongList returns an error if it is a *WrongListError, of a stream that is the wrong
// file.
func wrongList(err error) error {
	if wrong, ok := errors.AsType[*WrongListError](err); ok {
		return wrong
	}
	return nil
}

// count adds a line to a survey.
func (l *List) count(s *survey, line Line, o Options) {
	s.lines++
	_, err := l.Image(line, o)
	if err == nil {
		s.images, s.placed = s.images+1, s.placed+1
		return
	}
	if o.Destination == "" {
		o.Destination = "registry.example"
		if _, err = l.Image(line, o); err == nil {
			s.images++
			if s.unplaced == "" {
				s.unplaced = line.Text
			}
			return
		}
	}
	if s.bad == nil {
		s.bad = err
	}
}

// wrongFile returns the error of a file that is no list.
func (l *List) wrongFile(s survey) error {
	images := "none of " + l.counted(s) + " is an image"
	if s.images > 0 {
		images = fmt.Sprintf("only %d of %s are images", s.images, l.counted(s))
	}
	return fmt.Errorf("%s is no list of images: %s (%w): give a list with one image a line, SOURCE DESTINATION TAG", l.Name, images, s.bad)
}

// noDestination returns the error of a list whose lines are single images, although
// nobody said at which registry they are to be found.
func (l *List) noDestination(s survey, hints Hints) error {
	which := "none of " + l.counted(s) + " names a destination"
	if s.lines == 1 {
		which = "its line names no destination"
	}
	write := "write SOURCE DESTINATION TAG"
	if l.isOfEntries() {
		write = "write SOURCE:TAG DESTINATION:TAG into a list of lines"
	}
	message := fmt.Sprintf("%s does not say where its images were mirrored to: %s, as in %s: ", l.Name, which, quote(s.unplaced))
	if hints.Destination != "" {
		message += "give " + hints.Destination + ", or "
	}
	return errors.New(message + write)
}

// counted says of which lines a survey is.
func (l *List) counted(s survey) string {
	if known, ended := l.Known(); ended && len(known) == s.lines {
		if l.isOfEntries() {
			return fmt.Sprintf("its %d images", s.lines)
		}
		return fmt.Sprintf("its %d lines", s.lines)
	}
	return fmt.Sprintf("its first %d lines", s.lines)
}
