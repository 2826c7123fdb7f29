package imagelist

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

// Where lines come from: a file, a stream, a person at a prompt.

// Line is one line of a list that names an image.
type Line struct {
	Text       string // as it stands in the list, without its end
	LineNumber int    // from 1
	Number     int    // from 1, comments and blank lines left out
}

// List is a mirror list. Its lines can be read any number of times, and by
// several at once; those of a stream are read when somebody asks for them.
type List struct {
	Name   string // for messages
	SHA256 string // of a file's content, "" for a stream

	mu     sync.Mutex
	lines  []Line
	last   int // number of the last line read, comments and blanks included
	err    error
	ended  bool                   // the lines are all that there are
	turn   chan struct{}          // who reads the stream now
	stream func() (string, error) // nil for a file; "" with io.EOF at the end
	rest   func() string          // what the stream delivered besides its lines so far
	prompt bool
}

// Open reads a list's file as a whole: what is validated is what the file held
// when the run began. A path that is no regular file is read as a stream.
func Open(path string) (*List, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("list %s does not exist", path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the list: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the list: %w", err), f.Close())
	}
	switch {
	case info.IsDir():
		return nil, errors.Join(fmt.Errorf("list %s is a directory; give a file with one image a line", path), f.Close())
	case !info.Mode().IsRegular():
		return Stream(path, f), nil // closed with the process: somebody may be waiting in it
	}
	l, err := Parse(path, f, info.Size())
	return l, errors.Join(err, f.Close())
}

// Parse makes a list of a file's content, which has about so many bytes. A list
// without images is an error.
func Parse(name string, file io.Reader, size int64) (*List, error) {
	var content strings.Builder
	content.Grow(int(size))
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(&content, sum), file); err != nil {
		return nil, fmt.Errorf("reading the list %s: %w", name, err)
	}
	rest := content.String()
	if err := checkEncoding(name, rest); err != nil {
		return nil, err
	}
	l := &List{Name: name, SHA256: hex.EncodeToString(sum.Sum(nil)), err: io.EOF, ended: true}
	l.lines = make([]Line, 0, min(strings.Count(rest, "\n")+1, len(rest)/16)) // more would be blank
	for rest != "" {
		var text string
		text, rest, _ = strings.Cut(rest, "\n")
		l.add(text)
	}
	if len(l.lines) == 0 {
		return nil, l.empty()
	}
	return l, nil
}

// Stream makes a list whose lines are read from r as they are asked for.
func Stream(name string, r io.Reader) *List {
	lines := &splitter{r: r}
	return &List{Name: name, turn: make(chan struct{}, 1), stream: lines.next, rest: lines.rest}
}

// Prompt makes a list that a person types: before is called ahead of every
// line, when nothing is left to answer.
func Prompt(r io.Reader, before func()) *List {
	l := Stream("prompt", r)
	read := l.stream
	l.prompt = true
	l.stream = func() (string, error) {
		before()
		return read()
	}
	return l
}

// Interactive says whether a person types the list.
func (l *List) Interactive() bool { return l.prompt }

// Known returns the lines read so far, and whether these are all.
func (l *List) Known() ([]Line, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines, l.ended
}

// At returns the line at index i, from 0, waiting for a stream to deliver it.
// After the last one it returns io.EOF; any other error is final, and the
// lines before it stay readable.
func (l *List) At(ctx context.Context, i int) (Line, error) {
	for {
		if line, err, ok := l.at(i); ok {
			return line, err
		}
		if ctx.Err() != nil { // select would toss a coin
			return Line{}, context.Cause(ctx)
		}
		select {
		case l.turn <- struct{}{}:
		case <-ctx.Done():
			return Line{}, context.Cause(ctx)
		}
		if line, err, ok := l.at(i); ok { // another one was faster
			<-l.turn
			return line, err
		}
		// A read of a terminal or a pipe cannot be interrupted: whoever is
		// cancelled leaves it behind, to end with its stream or the process.
		done := make(chan struct{})
		go func() {
			text, err := l.stream()
			l.take(text, err)
			<-l.turn
			close(done)
		}()
		select {
		case <-done:
		case <-ctx.Done():
			return Line{}, context.Cause(ctx)
		}
	}
}

func (l *List) at(i int) (Line, error, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i < len(l.lines) {
		return l.lines[i], nil, true
	}
	return Line{}, l.err, l.err != nil
}

// Drain reads what a stream still holds, until its end or the context's: after
// an interruption, to know what was not checked.
func (l *List) Drain(ctx context.Context) {
	if l.prompt {
		return
	}
	for i := 0; ; i++ {
		_, err := l.At(ctx, i)
		if err != nil && ctx.Err() != nil && l.rest != nil {
			for line := range strings.Lines(l.rest()) {
				l.take(line, nil)
			}
		}
		if err != nil {
			return
		}
	}
}

// take adds what the stream delivered.
func (l *List) take(text string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == 0 && err == nil {
		if l.err = checkEncoding(l.Name, text); l.err != nil {
			return
		}
	}
	l.ended = err == io.EOF
	switch {
	case err == io.EOF && len(l.lines) == 0 && !l.prompt:
		l.err = l.empty()
	case err == io.EOF:
		l.err = io.EOF
	case err != nil:
		l.err = fmt.Errorf("reading the list %s after line %d: %w", l.Name, l.last, err)
	default:
		l.add(text)
	}
}

// add appends a line, unless it is blank or a comment.
func (l *List) add(text string) {
	l.last++
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if l.last == 1 {
		text = strings.TrimPrefix(text, "\ufeff")
	}
	content := strings.TrimSpace(text)
	if content == "" || strings.HasPrefix(content, "#") || strings.HasPrefix(content, "//") {
		return
	}
	l.lines = append(l.lines, Line{Text: text, LineNumber: l.last, Number: len(l.lines) + 1})
}

func (l *List) empty() error {
	return fmt.Errorf("there are no images in %s: nothing would be validated; write one image a line, SOURCE DESTINATION TAG", l.Name)
}

// checkEncoding refuses the encoding that some Windows shells write.
func checkEncoding(name, content string) error {
	if strings.HasPrefix(content, "\xff\xfe") || strings.HasPrefix(content, "\xfe\xff") {
		return fmt.Errorf("list %s is UTF-16; save it as UTF-8", name)
	}
	return nil
}

// Image reads the line as an image.
func (l *List) Image(line Line, o Options) (Image, error) {
	image, err := ParseLine(line.Text, o)
	if err != nil {
		err = fmt.Errorf("%s:%d: %w", l.Name, line.LineNumber, err)
	}
	image.Line, image.LineNumber, image.Number, image.List = line.Text, line.LineNumber, line.Number, l.Name
	return image, err
}
