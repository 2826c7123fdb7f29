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

// Line is one line of a list. Blank lines and comments are not Lines.
type Line struct {
	Text       string // the line as the list has it, without its end
	LineNumber int    // counts all lines from 1, also those that a CR alone ends
	Number     int    // counts from 1, without comments and blank lines
}

// List is a mirror list: a file, or a stream such as standard input. Many
// goroutines may read its lines at once, and more than once. A List reads its
// stream only when somebody asks for a line that was not read yet.
type List struct {
	Name   string // for messages
	SHA256 string // the hash of a file's content; "" for a stream

	mu     sync.Mutex
	lines  []Line
	last   int                    // the number of the last line that was read; comments and blank lines count, too
	err    error                  // why no line follows the last of lines: io.EOF or another error; nil if a line may follow
	ended  bool                   // whether lines has all lines of the list
	turn   chan struct{}          // holds a value while a goroutine reads the stream
	stream func() (string, error) // returns the next line, or "" and io.EOF at the end; nil for a file
	rest   func() string          // returns the text that was read ahead and is not in lines; nil for a file
	prompt bool

	reader    *Reader         // reads what is no list of lines; nil once the list is known to have lines
	head      strings.Builder // of a stream, what was read before that was known
	entries   *Entries        // what reader found; nil for a list of lines
	unread    map[int]*unread // the entries without images, by their numbers
	bare      []string        // the entries as their text without the tags, in their order
	parts     map[Line]int    // what Part returns, if that is not 0
	expanding sync.Mutex
}

// Open reads the file of a list as a whole, because the file may change during a
// run. If the path is not a regular file, such as a pipe, it is read as a stream.
func Open(path string) (*List, error) { return (*Reader)(nil).Open(path) }

// Open opens a list that need not have lines. r may be nil: then it has lines.
func (r *Reader) Open(path string) (*List, error) {
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
		return r.Stream(path, f), nil // the file stays open: a goroutine may wait for its next line until the process ends
	}
	l, err := r.Parse(path, f, info.Size())
	return l, errors.Join(err, f.Close())
}

// Parse makes a list of a file's content. size is the expected number of bytes, and
// need not be exact. A list without images is an error.
func Parse(name string, file io.Reader, size int64) (*List, error) {
	return (*Reader)(nil).Parse(name, file, size)
}

// Parse makes a list that need not have lines. r may be nil: then it has lines.
func (r *Reader) Parse(name string, file io.Reader, size int64) (*List, error) {
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
	l := &List{Name: name, SHA256: hex.EncodeToString(sum.Sum(nil)), err: io.EOF, ended: true, reader: r}
	if read, err := l.readEntries(rest); read {
		return l, err
	}
	l.lines = make([]Line, 0, min(strings.Count(rest, "\n")+1, len(rest)/16)) // len(rest)/16 limits the memory for a file of blank lines
	for text := range splitLines(rest) {
		l.add(text)
	}
	if len(l.lines) == 0 {
		return nil, l.empty()
	}
	return l, nil
}

// Stream makes a list that reads a line from r when somebody asks for that line.
func Stream(name string, r io.Reader) *List { return (*Reader)(nil).Stream(name, r) }

// Stream makes a list of a stream that need not have lines. A stream that the Reader can
// read is read as a whole. r may be nil: then the stream has lines.
func (r *Reader) Stream(name string, stream io.Reader) *List {
	lines := &splitter{r: stream}
	return &List{Name: name, turn: make(chan struct{}, 1), stream: lines.next, rest: lines.rest, reader: r}
}

// Prompt makes a list that a person types. It calls showPrompt each time before it reads
// a line. command gets every line first, without the white space around it, and reports
// whether the line is no line of the list, but a command, which it has executed. The error
// io.EOF of command ends the list.
func Prompt(r io.Reader, showPrompt func(), command func(line string) (executed bool, err error)) *List {
	l := Stream("prompt", r)
	read := l.stream
	l.prompt = true
	l.stream = func() (string, error) {
		for {
			showPrompt()
			line, err := read()
			if err != nil {
				return line, err
			}
			if executed, err := command(strings.TrimSpace(line)); !executed || err != nil {
				return line, err
			}
		}
	}
	return l
}

// Interactive reports whether a person types the list.
func (l *List) Interactive() bool { return l.prompt }

// Known returns the lines that were read so far. It also returns whether these are
// all lines of the list.
func (l *List) Known() ([]Line, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines, l.ended
}

// At returns the line at index i, counted from 0. It waits until the stream has
// that line. After the last line it returns io.EOF. Any other error is final, but
// the lines before it can still be read.
func (l *List) At(ctx context.Context, i int) (Line, error) {
	for {
		if line, err, ok := l.at(i); ok {
			return line, err
		}
		if ctx.Err() != nil { // checked first, because select chooses at random if both are ready
			return Line{}, context.Cause(ctx)
		}
		select {
		case l.turn <- struct{}{}:
		case <-ctx.Done():
			return Line{}, context.Cause(ctx)
		}
		if line, err, ok := l.at(i); ok { // another goroutine has read it meanwhile
			<-l.turn
			return line, err
		}
		// Nothing can interrupt a read of a terminal or a pipe. So a goroutine
		// reads. If the context ends, At returns, but the goroutine goes on, and
		// keeps the turn.
		done := make(chan struct{})
		go func() {
			l.readOn()
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

// at returns the same as At, if that is known without reading.
func (l *List) at(i int) (line Line, err error, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i < len(l.lines) {
		return l.lines[i], nil, true
	}
	return Line{}, l.err, l.err != nil
}

// Drain reads a stream until its end, or until the context ends. A run that was
// interrupted needs this to find the lines that were not checked.
func (l *List) Drain(ctx context.Context) {
	if l.prompt {
		return
	}
	for i := 0; ; i++ {
		_, err := l.At(ctx, i)
		if err != nil && ctx.Err() != nil && l.rest != nil && l.hasLines() {
			for line := range splitLines(l.rest()) {
				l.take(line, nil)
			}
		}
		if err != nil {
			return
		}
	}
}

// take adds a line of the stream. If the stream returned an error in place of a
// line, take keeps the error.
func (l *List) take(text string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == 0 && err == nil {
		if l.err = checkEncoding(l.Name, text); l.err != nil {
			return
		}
	}
	l.ended = errors.Is(err, io.EOF)
	switch {
	case errors.Is(err, io.EOF) && len(l.lines) == 0 && !l.prompt:
		l.err = l.empty()
	case errors.Is(err, io.EOF):
		l.err = io.EOF
	case err != nil:
		l.err = fmt.Errorf("reading the list %s after line %d: %w", l.Name, l.last, err)
	default:
		l.add(text)
	}
}

// add appends a line, unless it is blank or a comment. text may end with the end of
// the line.
func (l *List) add(text string) {
	l.last++
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if l.last == 1 {
		text = strings.TrimPrefix(text, "\ufeff")
	}
	if isNoLine(text) {
		return
	}
	l.lines = append(l.lines, Line{Text: text, LineNumber: l.last, Number: len(l.lines) + 1})
}

func (l *List) empty() error {
	return fmt.Errorf("there are no images in %s: nothing would be validated; write one image a line, SOURCE DESTINATION TAG", l.Name)
}

// checkEncoding returns an error if a list is UTF-16, with a byte-order mark or without.
// Some shells of Windows write UTF-16. Without the mark, every other byte of ASCII is 0.
func checkEncoding(name, content string) error {
	isMarked := strings.HasPrefix(content, "\xff\xfe") || strings.HasPrefix(content, "\xfe\xff")
	if isMarked || len(content) >= 4 && isPadded(content[0], content[1]) && isPadded(content[2], content[3]) {
		return fmt.Errorf("list %s is UTF-16; save it as UTF-8", name)
	}
	return nil
}

// isPadded reports whether two bytes are an ASCII character in UTF-16.
func isPadded(a, b byte) bool { return (a == 0) != (b == 0) && a < 0x80 && b < 0x80 }

// Image makes an image of a line. If that fails, the image has only the fields
// that say where the line stands.
func (l *List) Image(line Line, o Options) (Image, error) {
	image, err := l.readImage(line, o)
	if err != nil {
		err = fmt.Errorf("%s:%d: %w", l.Name, line.LineNumber, err)
	}
	image.Line, image.LineNumber, image.Number, image.Part, image.List = line.Text, line.LineNumber, line.Number, l.Part(line), l.Name
	if err == nil && l.isOfEntries() {
		image.Line = image.pairLine()
	}
	return image, err
}

// readImage makes an image of what a line says.
func (l *List) readImage(line Line, o Options) (Image, error) {
	if l.isOfEntries() {
		return l.entryImage(line, o)
	}
	return readLine(line.Text, o)
}
