package imagelist

import (
	"bytes"
	"io"
	"sync"
)

// A stream's lines, also the one that is not complete yet.

// splitter reads lines, and can tell what it has of one that is not
// complete, while it waits for more.
type splitter struct {
	r     io.Reader
	chunk []byte // of who calls next

	mu       sync.Mutex
	pending  []byte
	searched int // bytes of it that hold no end of a line
	err      error
}

// next returns a line with its end; the last one may have none.
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
		if over == io.EOF {
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

// rest takes what there is: lines that nobody asked for yet, and the beginning
// of one that is not complete.
func (l *splitter) rest() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	rest := string(l.pending)
	l.pending, l.searched = nil, 0
	return rest
}
