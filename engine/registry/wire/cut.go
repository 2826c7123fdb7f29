package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"mvrun/engine/await"
)

// CutError says that the body of an answer was cut short.
type CutError struct{ Err error }

func (e *CutError) Error() string { return e.Err.Error() }
func (e *CutError) Unwrap() error { return e.Err }

// bodyTries is how often a request is sent at most while the bodies of its answers
// are cut short.
const bodyTries = 6

// RetryCut calls do until do returns a whole answer. do sends a request and reads
// its answer; it returns a *CutError if the body was cut short. retryTransport
// cannot do this, because a body is read after the request has passed the chain.
func RetryCut[T any](ctx context.Context, tries int, do func() (T, error)) (T, error) {
	for try := 1; ; try++ {
		done, err := do()
		if !errors.As(err, new(*CutError)) || errors.As(err, new(*SlowError)) || try >= tries {
			return done, err
		}
		if await.Sleep(ctx, backoff(firstWait, maxWait, try-1, nil)) != nil {
			return done, err
		}
	}
}

// bufferTransport reads the whole body of each answer before it returns the answer,
// and sends the request again if the body was cut short. It is for short answers
// that another package reads, because other packages do not retry.
type bufferTransport struct {
	tries int
	next  http.RoundTripper
}

// maxBuffered is how many bytes are read of an answer. The rest is ignored.
const maxBuffered = 128 << 10

func (t *bufferTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	return RetryCut(request.Context(), t.tries, func() (*http.Response, error) {
		request, err := rewound(request)
		if err != nil {
			return nil, err
		}
		response, err := t.next.RoundTrip(request)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		body, err := ReadBody(response, maxBuffered)
		if err != nil {
			return nil, &CutError{err}
		}
		response.Body = io.NopCloser(bytes.NewReader(body))
		return response, nil
	})
}

// ReadBody reads at most limit bytes of a body. It is io.ReadAll with a buffer as large as
// the answer says, because io.ReadAll takes five times as much memory for a token of 3 KB.
func ReadBody(response *http.Response, limit int64) ([]byte, error) {
	var body bytes.Buffer
	body.Grow(int(max(0, min(response.ContentLength, limit))) + bytes.MinRead) // with room for the read that finds the end
	_, err := body.ReadFrom(io.LimitReader(response.Body, limit))
	return body.Bytes(), err
}

// rewound returns a copy of a request for another attempt. The copy has a new
// body, because the first attempt has read the old one.
func rewound(request *http.Request) (*http.Request, error) {
	if request.GetBody == nil {
		return request, nil
	}
	body, err := request.GetBody()
	if err != nil {
		return nil, err
	}
	again := request.WithContext(request.Context())
	again.Body = body
	return again, nil
}
