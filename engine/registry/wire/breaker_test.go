package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// TestAnswer shows what the outcome of an attempt says about its host.
func TestAnswer(t *testing.T) {
	certificate := &tls.CertificateVerificationError{Err: errors.New("unknown authority")}
	for _, test := range []struct {
		name   string
		err    error
		within time.Duration // the time limit of the context; 0 means no limit
		cancel bool
		took   time.Duration
		works  bool
		fails  int
	}{
		{"an answer", nil, 0, false, time.Second, true, 0},
		{"refused", errRefused, 0, false, 0, false, 1},
		{"cut", io.ErrUnexpectedEOF, 0, false, time.Second, false, 1},
		{"another scheme", http.ErrSchemeMismatch, 0, false, 0, true, 0},
		{"a wrong certificate", certificate, 0, false, 0, true, 0},
		{"a redirect to a broken URL", errLocation, 0, false, 0, true, 0},
		{"cancelled", context.Canceled, 0, true, time.Minute, false, 0},
		{"the image's time was nearly over", context.DeadlineExceeded, time.Second, false, time.Second, false, 0},
		{"the request waited for a long time", context.DeadlineExceeded, noAnswer, false, noAnswer, false, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			circuits := newCircuits(func(string) {})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if test.within > 0 {
				ctx, cancel = context.WithTimeout(t.Context(), test.within)
				defer cancel()
			}
			if test.cancel {
				cancel()
			}
			transport := &answerTransport{circuits: circuits, next: roundTripper(func(*http.Request) (*http.Response, error) {
				time.Sleep(test.took + 1) // the context ends during this time
				return nil, test.err
			})}
			request := newRequest(t, http.MethodHead, "https://r.example/v2/team/app/manifests/1").WithContext(ctx)
			transport.RoundTrip(request)
			host, part := circuits.of(request.URL)
			if host.answered != test.works || host.failures != test.fails || part.answered || part.failures > 0 {
				t.Errorf("%s: answered %v, %d failures; want %v, %d", test.name, host.answered, host.failures, test.works, test.fails)
			}
		})
	}
}

// TestProjectOf shows which project a path belongs to.
func TestProjectOf(t *testing.T) {
	for path, want := range map[string]string{
		"/v2/":                                  "",
		"/v2/team/app/manifests/1":              "team",
		"/v2/team/sub/app/blobs/sha256:a":       "team",
		"/v2/team/app/tags/list":                "team",
		"/v2/team/app/referrers/sha256:a":       "team",
		"/v2/app/manifests/1":                   "",
		"/token":                                "",
		"/v2/team/app/unknown":                  "",
		"/elsewhere/v2/team/app/blobs/sha256:a": "",
	} {
		if got := projectOf(path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// TestCircuitTransport shows three things about a part of a registry that fails all
// retries: it gets no more requests, its probes are sent without retries, and the other
// parts still get requests.
func TestCircuitTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status, retried, probes := 200, 0, 0
		transport := &circuitTransport{circuits: newCircuits(func(string) {})}
		transport.next = roundTripper(func(r *http.Request) (*http.Response, error) {
			retried++
			time.Sleep(minOutage)
			return answer(r, status, ""), nil
		})
		transport.probe = roundTripper(func(r *http.Request) (*http.Response, error) {
			probes++
			return answer(r, status, ""), nil
		})
		get := func(project string) (int, error) {
			response, err := transport.RoundTrip(newRequest(t, http.MethodGet, "https://r.example/v2/"+project+"/app/manifests/1"))
			if err != nil {
				return 0, err
			}
			return response.StatusCode, nil
		}
		get("cache")
		status = 501 // a server that cannot do this may still do other things
		for range 10 {
			get("cache")
		}
		status = 502
		for range partFailures - 1 {
			if got, err := get("cache"); got != 502 || err != nil {
				t.Errorf("got %d, %v", got, err)
			}
		}
		if probes != 0 {
			t.Errorf("%d probes before the circuit is open", probes)
		}
		// The next request opens the circuit, and waits. Its probes fail until the
		// request is given up.
		retried = 0
		down := (*downError)(nil)
		if _, err := get("cache"); !errors.As(err, &down) || retried != 1 || probes != 2 {
			t.Errorf("got %v after %d requests and %d probes", err, retried, probes)
		}
		probes, retried = 0, 0
		if _, err := get("cache"); !errors.As(err, &down) || down.name != "r.example/cache" || probes+retried != 0 {
			t.Errorf("got %v", err)
		}
		if !transport.circuits.isDown("r.example") || transport.circuits.isDown("other.example") {
			t.Error("the project is not down, or another one is")
		}
		status = 200
		if got, err := get("team"); got != 200 || err != nil {
			t.Errorf("another project got %d, %v", got, err)
		}
		time.Sleep(maxPause)
		if got, err := get("cache"); got != 200 || err != nil || probes != 1 || transport.circuits.isDown("r.example") {
			t.Errorf("the probe got %d, %v", got, err)
		}
	})
}

// TestProbeCancelled shows that after a cancelled probe, the next request becomes the
// probe.
func TestProbeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		b := &circuitTransport{circuits: newCircuits(func(string) {}), probe: roundTripper(func(r *http.Request) (*http.Response, error) {
			sent++
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		request := newRequest(t, http.MethodHead, "https://r.example/v2/team/app/manifests/1")
		host, _ := b.circuits.of(request.URL)
		host.recordSuccess()
		for range hostFailures {
			host.recordFailure(time.Now().Add(-minOutage), errRefused)
		}
		time.Sleep(firstPause)
		for i := range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := b.RoundTrip(request.WithContext(ctx)); err == nil || sent != i+1 {
				t.Errorf("%v, %d requests were sent, want %d", err, sent, i+1)
			}
			cancel()
		}
	})
}
