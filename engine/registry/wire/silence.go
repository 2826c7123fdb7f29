package wire

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// maxSilence is how long is waited for an answer, and for more of a body: a
// proxy cache may have to fetch what it answers first.
const maxSilence = time.Minute

// silenceTransport cuts off a body of which no more comes. net/http would wait
// for it forever.
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

// timedBody is a body whose reads take no longer than maxSilence.
type timedBody struct {
	io.ReadCloser
	timer  *time.Timer // runs during a Read
	silent atomic.Bool
}

func (b *timedBody) Read(p []byte) (int, error) {
	if b.timer == nil {
		b.timer = time.AfterFunc(maxSilence, func() {
			b.silent.Store(true)
			b.ReadCloser.Close() // which ends the Read under way
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
