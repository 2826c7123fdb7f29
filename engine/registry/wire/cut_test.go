package wire

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// halved returns a body that is cut short.
func halved(body string) io.ReadCloser {
	return io.NopCloser(io.MultiReader(strings.NewReader(body[:len(body)/2]), errorReader{io.ErrUnexpectedEOF}))
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

// TestBuffer shows that a request is sent again, with its whole body, while its answer
// is cut short.
func TestBuffer(t *testing.T) {
	for _, test := range []struct {
		cuts, want int // how many answers are cut short, and how many requests are sent
	}{{0, 1}, {2, 3}, {5, 6}, {6, 6}} {
		synctest.Test(t, func(t *testing.T) {
			sent := 0
			transport := &bufferTransport{tries: bodyTries, next: roundTripper(func(r *http.Request) (*http.Response, error) {
				if body, err := io.ReadAll(r.Body); string(body) != "request" {
					t.Errorf("%q, %v was sent", body, err)
				}
				sent++
				response := answer(r, http.StatusOK, "answer")
				if sent <= test.cuts {
					response.Body = halved("answer")
				}
				return response, nil
			})}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://r.example/token", strings.NewReader("request"))
			if err != nil {
				t.Fatal(err)
			}
			response, err := transport.RoundTrip(request)
			if sent != test.want || errors.As(err, new(*CutError)) != (test.cuts == 6) {
				t.Errorf("%d cuts: %d requests, %v", test.cuts, sent, err)
			}
			if err != nil {
				return
			}
			if body, err := io.ReadAll(response.Body); string(body) != "answer" || err != nil {
				t.Errorf("got %q, %v", body, err)
			}
		})
	}
}

// TestRetryCutEnds shows that a request is sent again only if its answer was cut short,
// and only until the context ends.
func TestRetryCutEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		do := func(err error) func() (string, error) {
			return func() (string, error) { tries++; return "", err }
		}
		if _, err := RetryCut(t.Context(), bodyTries, do(errRefused)); err != errRefused || tries != 1 {
			t.Errorf("got %v after %d tries", err, tries)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		tries = 0
		cut := &CutError{io.ErrUnexpectedEOF}
		if _, err := RetryCut(ctx, bodyTries, do(cut)); err != error(cut) || tries != 1 {
			t.Errorf("got %v after %d tries", err, tries)
		}
	})
}
