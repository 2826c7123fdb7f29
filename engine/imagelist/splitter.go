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
	r io.Reader

	mu      sync.Mutex
	pending []byte
	err     error
}

// next returns a line with its end; the last one may have none.
func (l *splitter) next() (string, error) {
	chunk := make([]byte, 64<<10)
	searched := 0
	for {
		l.mu.Lock()
		if i := bytes.IndexByte(l.pending[searched:], '\n'); i >= 0 {
			line := string(l.pending[:searched+i+1])
			l.pending = l.pending[searched+i+1:]
			l.mu.Unlock()
			return line, nil
		}
		searched = len(l.pending)
		err := l.err
		l.mu.Unlock()
		if err == io.EOF && searched > 0 {
			return l.rest(), nil
		}
		if err != nil {
			return "", err
		}
		n, err := l.r.Read(chunk)
		l.mu.Lock()
		l.pending, l.err = append(l.pending, chunk[:n]...), err
		l.mu.Unlock()
	}
}

// rest takes what there is of a line that is not complete.
func (l *splitter) rest() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	rest := string(l.pending)
	l.pending = nil
	return rest
}
