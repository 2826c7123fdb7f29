package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// outcome says what a stub does with one attempt: it answers with a status, or it
// fails.
type outcome struct {
	status int
	err    error
}

// attempts is a stub. It does one outcome for each attempt, in order. All attempts
// after that get the last outcome.
type attempts struct {
	outcomes []outcome
	sent     []time.Time
	bodies   []string
	open     int // the number of answers whose body is not closed
}

func (a *attempts) RoundTrip(request *http.Request) (*http.Response, error) {
	now := a.outcomes[min(len(a.sent), len(a.outcomes)-1)]
	a.sent = append(a.sent, time.Now())
	body := ""
	if request.Body != nil {
		b, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	a.bodies = append(a.bodies, body)
	if now.err != nil {
		return nil, now.err
	}
	a.open++
	response := answer(request, now.status, "words")
	response.Body = &countedBody{response.Body, &a.open}
	return response, nil
}

type countedBody struct {
	io.ReadCloser
	open *int
}

func (b *countedBody) Close() error {
	*b.open--
	return b.ReadCloser.Close()
}

func (*attempts) CloseIdleConnections() { panic("a failure closes the connections of all others") }

func testRetry(next http.RoundTripper) *retryTransport {
	objects := &failingObjects{}
	return &retryTransport{isGivenUp: func(*url.URL) bool { return false }, objects: func(*url.URL) *failingObjects { return objects }, trouble: &trouble{}, next: next}
}

// TestRetry shows which requests are sent again, and how often.
func TestRetry(t *testing.T) {
	good := outcome{status: http.StatusOK}
	status := func(status int) outcome { return outcome{status: status} }
	failure := func(err error) outcome { return outcome{err: err} }
	for _, test := range []struct {
		name  string
		bad   outcome
		brief bool
		want  int // the number of attempts if every attempt has this outcome
	}{
		{"200", good, false, 1},
		{"307", status(http.StatusTemporaryRedirect), false, 1},
		{"401", status(http.StatusUnauthorized), false, 1},
		{"404", status(http.StatusNotFound), false, 1},
		{"501", status(http.StatusNotImplemented), false, 1},
		{"408", status(http.StatusRequestTimeout), false, 10},
		{"425", status(http.StatusTooEarly), false, 10},
		{"429", status(http.StatusTooManyRequests), false, 10},
		{"503", status(http.StatusServiceUnavailable), false, 10},
		{"503 at a first contact", status(http.StatusServiceUnavailable), true, 10},
		{"refused", failure(errRefused), false, 10},
		{"refused at a first contact", failure(errRefused), true, 6},
		{"no such host", failure(&net.DNSError{IsNotFound: true}), false, 1},
		{"a resolver that fails", failure(&net.DNSError{IsTemporary: true}), false, 10},
		{"another scheme", failure(http.ErrSchemeMismatch), false, 1},
		{"a redirect to nowhere", failure(errLocation), false, 1},
		{"a spent quota", failure(&spentError{}), false, 1},
		{"no turn", failure(errNoTurn), false, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				request := newRequest(t, http.MethodGet, "https://r.example/v2/team/app/manifests/1")
				always := &attempts{outcomes: []outcome{test.bad}}
				retry := testRetry(always)
				retry.brief = test.brief
				response, err := retry.RoundTrip(request)
				if !errors.Is(err, test.bad.err) || err == nil && response.StatusCode != test.bad.status {
					t.Errorf("got %v, %v; want %+v", response, err, test.bad)
				}
				if len(always.sent) != test.want {
					t.Errorf("%d attempts, want %d", len(always.sent), test.want)
				}
				if err == nil {
					response.Body.Close()
				}
				if always.open != 0 {
					t.Errorf("%d bodies were not closed", always.open)
				}
				if words := retry.trouble.reason(); words != "" {
					t.Errorf("at the end the request still has the retry reason %q", words)
				}
				if test.want == 1 {
					return
				}
				twice := &attempts{outcomes: []outcome{test.bad, test.bad, good}}
				if response, err := testRetry(twice).RoundTrip(request); err != nil || response.StatusCode != http.StatusOK || len(twice.sent) != 3 {
					t.Errorf("got %v, %v after %d attempts", response, err, len(twice.sent))
				}
			})
		})
	}
}

// TestRetryNotCopied shows that a request reaches the next link uncopied if the first
// answer is good. A copy would cost more than all links together.
func TestRetryNotCopied(t *testing.T) {
	request := newRequest(t, http.MethodGet, "https://r.example/v2/")
	retry := testRetry(roundTripper(func(r *http.Request) (*http.Response, error) {
		if r != request {
			t.Error("the request was copied")
		}
		return answer(r, http.StatusOK, ""), nil
	}))
	if _, err := retry.RoundTrip(request); err != nil {
		t.Error(err)
	}
}

// TestRetryBody shows that each attempt sends the whole body.
func TestRetryBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://r.example/token", strings.NewReader("grant_type=refresh_token"))
		if err != nil {
			t.Fatal(err)
		}
		twice := &attempts{outcomes: []outcome{{status: 503}, {err: errRefused}, {status: http.StatusOK}}}
		if response, err := testRetry(twice).RoundTrip(request); err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("got %v, %v", response, err)
		}
		for i, body := range twice.bodies {
			if body != "grant_type=refresh_token" {
				t.Errorf("attempt %d sent %q", i+1, body)
			}
		}
	})
}

// TestRetryEnds shows what ends the attempts early.
func TestRetryEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		always := &attempts{outcomes: []outcome{{status: 503}}}
		retry := testRetry(always)
		retry.isGivenUp = func(u *url.URL) bool { return u.Host == "r.example" && len(always.sent) == 3 }
		response, err := retry.RoundTrip(newRequest(t, http.MethodGet, "https://r.example/v2/"))
		if err != nil || response.StatusCode != 503 || len(always.sent) != 3 {
			t.Errorf("a request that is given up got %v, %v after %d attempts", response, err, len(always.sent))
		}

		// The context ends just before the answer comes. RoundTrip returns the error of
		// the context, and not the answer.
		ctx, cancel := context.WithCancel(t.Context())
		ending := testRetry(roundTripper(func(r *http.Request) (*http.Response, error) {
			cancel()
			return answer(r, 503, ""), nil
		}))
		response, err = ending.RoundTrip(newRequest(t, http.MethodGet, "https://r.example/v2/").WithContext(ctx))
		if !errors.Is(err, context.Canceled) || response != nil {
			t.Errorf("a cancelled request got %v, %v", response, err)
		}

		began := time.Now()
		slow := testRetry(roundTripper(func(r *http.Request) (*http.Response, error) {
			time.Sleep(20 * time.Second)
			return nil, errRefused
		}))
		slow.brief = true
		if _, err := slow.RoundTrip(newRequest(t, http.MethodGet, "https://r.example/v2/")); err == nil || time.Since(began) > time.Minute {
			t.Errorf("a first contact took %v: %v", time.Since(began), err)
		}
	})
}

// TestRetryTrouble shows that trouble names the reason while a request is sent again.
func TestRetryTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for bad, want := range map[outcome]string{
			{status: 503}:         "503 Service Unavailable",
			{err: errRefused}:     "connection refused",
			{err: io.EOF}:         "the connection was closed before the answer (EOF)",
			{status: 404}:         "",
			{status: 200}:         "",
			{err: errors.New("")}: "",
		} {
			retry := testRetry(nil)
			sent := 0
			retry.next = roundTripper(func(r *http.Request) (*http.Response, error) {
				if sent++; sent == 2 && retry.trouble.reason() != want {
					t.Errorf("%+v: %q, want %q", bad, retry.trouble.reason(), want)
				}
				if sent < 2 && bad.err != nil {
					return nil, bad.err
				}
				if sent < 2 {
					return answer(r, bad.status, ""), nil
				}
				return answer(r, http.StatusOK, ""), nil
			})
			retry.RoundTrip(newRequest(t, http.MethodGet, "https://r.example/v2/"))
			if words := retry.trouble.reason(); words != "" {
				t.Errorf("%+v: %q at the end", bad, words)
			}
		}
	})
}
