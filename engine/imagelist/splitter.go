package imagelist

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// splitter splits a stream into lines. While one goroutine waits for more of a
// line in next, another may take the beginning of that line with rest.
type splitter struct {
	r     io.Reader
	chunk []byte // only next uses it, without the lock

	mu       sync.Mutex
	pending  []byte
	searched int // how many bytes of pending were searched and hold no end of a line
	err      error
}

// next returns the next line with its end. The last line may have none.
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

// rest takes everything that was read and not returned by next: lines, and the
// beginning of a line that is not complete.
func (l *splitter) rest() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	rest := string(l.pending)
	l.pending, l.searched = nil, 0
	return rest
}
