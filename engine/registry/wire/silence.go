package wire

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// maxSilence is the longest wait for an answer, and for more bytes of a body. It is
// long, because a proxy cache may have to fetch the answer from another registry.
const maxSilence = time.Minute

// silenceTransport closes the body of an answer if no more bytes come. Without it,
// net/http would wait forever.
type silenceTransport struct {
	next http.RoundTripper
}

func (t *silenceTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if response.Body != http.NoBody {
		response.Body = &timedBody{ReadCloser: response.Body}
	}
	return response, nil
}

var errSilence = fmt.Errorf("no more of it came within %v", maxSilence)

// timedBody is a body. A Read that takes longer than maxSilence fails.
type timedBody struct {
	io.ReadCloser
	timer  *time.Timer // runs during a Read
	silent atomic.Bool
}

func (b *timedBody) Read(p []byte) (int, error) {
	if b.timer == nil {
		b.timer = time.AfterFunc(maxSilence, func() {
			b.silent.Store(true)
			b.ReadCloser.Close() // ends the Read that is under way
		})
	} else {
		b.timer.Reset(maxSilence)
	}
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	if err != nil && err != io.EOF && b.silent.Load() {
		err = errSilence
	}
	return n, err
}
