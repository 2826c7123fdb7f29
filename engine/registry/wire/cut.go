package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"mvrun/engine/await"
)

// CutError is the error of an answer whose body was cut short.
type CutError struct{ Err error }

func (e *CutError) Error() string { return e.Err.Error() }
func (e *CutError) Unwrap() error { return e.Err }

// bodyTries is how often the reading of an answer is tried in all, if its body
// is cut short.
const bodyTries = 6

// RetryCut reads an answer, and reads it again while it is cut short: no link of
// the chain sees that, since bodies are read after them. do sends the request
// and reads its answer. It returns a *CutError if that was cut short.
func RetryCut[T any](ctx context.Context, tries int, do func() (T, error)) (T, error) {
	for try := 1; ; try++ {
		done, err := do()
		if !errors.As(err, new(*CutError)) || try >= tries {
			return done, err
		}
		if await.Sleep(ctx, backoff(firstWait, maxWait, try-1, nil)) != nil {
			return done, err
		}
	}
}

// wholeTransport returns answers that were read to their end, and are short.
// It is for requests whose answers other packages read, which do not try again.
type wholeTransport struct {
	tries int
	next  http.RoundTripper
}

// maxWhole is how much is read of an answer.
const maxWhole = 8 << 20

func (t *wholeTransport) RoundTrip(request *http.Request) (*http.Response, error) {
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
		body, err := io.ReadAll(io.LimitReader(response.Body, maxWhole))
		if err != nil {
			return nil, &CutError{err}
		}
		response.Body = io.NopCloser(bytes.NewReader(body))
		return response, nil
	})
}

// rewound returns a request that can be sent though it was sent before: with a
// body of its own, if it has one.
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
