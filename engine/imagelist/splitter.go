package imagelist

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// splitter splits a stream into lines. One goroutine may wait in next until a line is
// complete, while another goroutine calls rest to get the beginning of that line.
type splitter struct {
	r     io.Reader
	chunk []byte // needs no lock, because only next uses it

	mu       sync.Mutex
	pending  []byte // what was read from r and not yet returned
	searched int    // how many bytes at the beginning of pending are known to have no newline
	err      error  // the error of the last read
}

// next returns the next line with its newline. The last line of the stream may have
// no newline.
func (l *splitter) next() (string, error) {
	for {
		l.mu.Lock()
		if i := bytes.IndexByte(l.pending[l.searched:], '\n'); i >= 0 {
			line := string(l.pending[:l.searched+i+1])
			l.pending, l.searched = l.pending[l.searched+i+1:], 0
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

// rest returns everything that was read and that next has not returned: whole lines,
// and the beginning of a line that is not complete. next will not return it any more.
func (l *splitter) rest() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	rest := string(l.pending)
	l.pending, l.searched = nil, 0
	return rest
}
