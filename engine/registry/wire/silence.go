package wire

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"mvrun/validate"
)

// maxSilence is the longest wait for an answer, and for more bytes of a body. It is
// long, because a proxy cache may have to fetch the answer from another registry.
const maxSilence = time.Minute

// A body of which fewer than minBytes come within slowTime is given up. That is so slow
// that no honest link is meant: 80 bodies at once through a link of 5 KB/s are faster. A
// registry that sends a byte a minute would otherwise keep its images under way for all
// their time, and other images would wait behind them.
const (
	slowTime = 5 * time.Minute
	minBytes = 16 << 10
)

// silenceTransport closes the body of an answer if no more bytes come, or too few. Without
// it, net/http would wait forever. It also tells the circuit of the host's bodies whether
// a body came to its end.
type silenceTransport struct {
	circuits *circuits
	next     http.RoundTripper
}

func (t *silenceTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if response.Body != http.NoBody && request.Method != http.MethodHead {
		response.Body = &timedBody{ReadCloser: response.Body, circuit: t.circuits.bodies(request.URL)}
	}
	return response, nil
}

var errSilence = fmt.Errorf("no more of it came within %v", maxSilence)

// SlowError says that a body came too slowly. The request is not sent again.
type SlowError struct{}

func (*SlowError) Error() string {
	return fmt.Sprintf("the answer comes too slowly: fewer than %d KiB of it came within %v", minBytes>>10, slowTime)
}

// Reason returns the reason of an image's result.
func (*SlowError) Reason() validate.Reason { return validate.Unreachable }

// timedBody is a body. A Read that takes longer than maxSilence fails, and so does one of
// a body that comes too slowly.
type timedBody struct {
	io.ReadCloser
	circuit *circuit
	timer   *time.Timer // runs during a Read
	silent  atomic.Bool

	began time.Time // when the first Read began
	since time.Time // when got was 0
	got   int       // bytes that came since then
	ended bool      // whether the circuit knows the outcome
}

func (b *timedBody) Read(p []byte) (int, error) {
	if b.timer == nil {
		b.began = time.Now()
		b.since = b.began
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
	if b.got += n; err == nil && b.got < minBytes && time.Since(b.since) >= slowTime {
		err = &SlowError{}
	} else if b.got >= minBytes {
		b.since, b.got = time.Now(), 0
	}
	b.record(err)
	return n, err
}

// record tells the circuit how the body ended.
func (b *timedBody) record(err error) {
	switch {
	case b.ended || err == nil:
		return
	case errors.Is(err, io.EOF):
		b.circuit.recordSuccess()
	case errors.Is(err, errSilence), errors.As(err, new(*SlowError)):
		b.circuit.recordFailure(b.began, err)
	}
	b.ended = true
}
