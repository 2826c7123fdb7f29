package wire

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// TestSlowBody shows how slow a body may be.
func TestSlowBody(t *testing.T) {
	for _, test := range []struct {
		name  string
		part  int // bytes
		pause time.Duration
		slow  bool
	}{
		{"a byte in 50 seconds", 1, 50 * time.Second, true},
		{"50 bytes a second", 50 * 50, 50 * time.Second, true},
		{"60 bytes a second", 60 * 50, 50 * time.Second, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := io.Pipe()
			go func() {
				for range 20 {
					time.Sleep(test.pause)
					if _, err := theirs.Write(make([]byte, test.part)); err != nil {
						return
					}
				}
				theirs.Close()
			}()
			transport := &silenceTransport{circuits: newCircuits(func(string) {}), next: roundTripper(func(r *http.Request) (*http.Response, error) {
				response := answer(r, http.StatusOK, "")
				response.Body = ours
				return response, nil
			})}
			response, err := transport.RoundTrip(newRequest(t, http.MethodGet, "https://r.example/v2/"))
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			body, err := io.ReadAll(response.Body)
			if errors.As(err, new(*SlowError)) != test.slow || !test.slow && (err != nil || len(body) != 20*test.part) {
				t.Errorf("%s: got %d bytes, %v", test.name, len(body), err)
			}
			if took := time.Since(began); test.slow && took > slowTime+maxSilence {
				t.Errorf("%s: it took %v", test.name, took)
			}
			response.Body.Close()
			time.Sleep(2 * maxSilence) // lets the goroutine that sends come to its end
		})
	}
}

// TestSilence shows that a body may take long, as long as some bytes of it come.
func TestSilence(t *testing.T) {
	for _, test := range []struct {
		name  string
		pause time.Duration // the pause before each part of the body
		cut   bool
		want  error
	}{
		{"at once", 0, false, nil},
		{"slowly", maxSilence - time.Second, false, nil},
		{"no more bytes", maxSilence + time.Second, false, errSilence},
		{"cut", 0, true, io.ErrUnexpectedEOF},
	} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := io.Pipe()
			go func() {
				for range 3 {
					time.Sleep(test.pause)
					if _, err := io.WriteString(theirs, "part "); err != nil {
						return
					}
				}
				if test.cut {
					theirs.CloseWithError(io.ErrUnexpectedEOF)
					return
				}
				theirs.Close()
			}()
			transport := &silenceTransport{circuits: newCircuits(func(string) {}), next: roundTripper(func(r *http.Request) (*http.Response, error) {
				response := answer(r, http.StatusOK, "")
				response.Body = ours
				return response, nil
			})}
			response, err := transport.RoundTrip(newRequest(t, http.MethodGet, "https://r.example/v2/"))
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if !errors.Is(err, test.want) || test.want == nil && string(body) != "part part part " {
				t.Errorf("%s: got %q, %v", test.name, body, err)
			}
			time.Sleep(2 * maxSilence) // lets the goroutine that sends come to its end
		})
	}

	// An empty body is not wrapped.
	transport := &silenceTransport{circuits: newCircuits(func(string) {}), next: roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{Request: r, Body: http.NoBody}, nil
	})}
	if response, err := transport.RoundTrip(newRequest(t, http.MethodHead, "https://r.example/v2/")); err != nil || response.Body != http.NoBody {
		t.Errorf("got %v, %v", response, err)
	}
}
