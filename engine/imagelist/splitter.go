package imagelist

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"strings"
	"sync"
)

// splitLines returns the lines of a text, without their ends. A line ends with LF,
// CRLF, or a CR alone: many editors begin a new line there, too, so a CR must never
// hide an image behind a comment.
func splitLines(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for text != "" {
			var line string
			line, text, _ = strings.Cut(text, "\n")
			line = strings.TrimSuffix(line, "\r")
			for cr := strings.IndexByte(line, '\r'); cr >= 0; cr = strings.IndexByte(line, '\r') {
				if !yield(line[:cr]) {
					return
				}
				line = line[cr+1:]
			}
			if !yield(line) {
				return
			}
		}
	}
}

// splitter splits a stream into lines, which end as those of splitLines do. One goroutine may wait in next until a line is
// complete, while another goroutine calls rest to get the beginning of that line.
type splitter struct {
	r     io.Reader
	chunk []byte // needs no lock, because only next uses it

	mu       sync.Mutex
	pending  []byte // what was read from r and not yet returned
	searched int    // how many bytes at the beginning of pending are known to have no end of a line
	afterCR  bool   // whether the bytes before pending end with a CR: an LF that follows belongs to this CR
	err      error  // the error of the last read
}

// next returns the next line with its LF or CR. It does not wait for the LF of a CRLF,
// because a CR alone ends a line, too. The last line of the stream may have no end.
func (l *splitter) next() (string, error) {
	for {
		l.mu.Lock()
		l.dropLF()
		if end := lineEnd(l.pending[l.searched:]); end > 0 {
			line := string(l.pending[:l.searched+end])
			l.pending, l.searched, l.afterCR = l.pending[len(line):], 0, strings.HasSuffix(line, "\r")
			l.mu.Unlock()
			return line, nil
		}
		l.searched = len(l.pending)
		over := l.err
		l.mu.Unlock()
		if errors.Is(over, io.EOF) {
			if rest := l.rest(); rest != "" {
				return rest, nil
			}
		}
		if over != nil {
			return "", over
		}
		if l.chunk == nil {
			l.chunk = make([]byte, 64<<10)
		}
		n, err := l.r.Read(l.chunk)
		l.mu.Lock()
		l.pending, l.err = append(l.pending, l.chunk[:n]...), err
		l.mu.Unlock()
	}
}

// lineEnd returns how long the first line of the text is, with its LF or CR. It
// returns 0 if the line has no end yet.
func lineEnd(text []byte) int {
	if lf := bytes.IndexByte(text, '\n'); lf >= 0 {
		if cr := bytes.IndexByte(text[:lf], '\r'); cr >= 0 {
			return cr + 1
		}
		return lf + 1
	}
	return bytes.IndexByte(text, '\r') + 1
}

// dropLF drops the LF of a CRLF whose CR has ended a line.
func (l *splitter) dropLF() {
	if l.afterCR && len(l.pending) > 0 {
		l.pending, l.afterCR = bytes.TrimPrefix(l.pending, []byte("\n")), false
	}
}

// rest returns everything that was read and that next has not returned: whole lines,
// and the beginning of a line that is not complete. next will not return it any more.
func (l *splitter) rest() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropLF()
	rest := string(l.pending)
	l.afterCR = strings.HasSuffix(rest, "\r") || rest == "" && l.afterCR
	l.pending, l.searched = nil, 0
	return rest
}
