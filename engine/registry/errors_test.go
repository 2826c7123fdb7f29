package registry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"mvrun/engine/registry"
	"mvrun/validate"
)

func TestErrorStatus(t *testing.T) {
	const refusal = `{"errors":[{"code":"DENIED","message":"not for you"},{"code":"UNKNOWN","message":"really"}]}`
	for _, test := range []struct {
		status   int
		reason   validate.Reason
		words    string
		requests int // how many requests are sent, retries included
	}{
		{http.StatusUnauthorized, validate.Unauthorized, `401 Unauthorized: DENIED not for you; UNKNOWN really (no credentials for registry.example.com; run "docker login registry.example.com"`, 1},
		{http.StatusForbidden, validate.Unauthorized, "403 Forbidden: DENIED not for you; UNKNOWN really (no credentials", 1},
		{http.StatusTeapot, validate.Unreachable, "418 I'm a teapot: DENIED not for you; UNKNOWN really", 1},
		{http.StatusNotImplemented, validate.Unreachable, "501 Not Implemented: DENIED", 1},
		{http.StatusRequestTimeout, validate.Unreachable, "408 Request Timeout: DENIED", 10},
		{http.StatusTooManyRequests, validate.RateLimited, "429 Too Many Requests: DENIED not for you; UNKNOWN really", 10},
		{http.StatusInternalServerError, validate.Unreachable, "500 Internal Server Error: DENIED not for you; UNKNOWN really", 10},
		{http.StatusServiceUnavailable, validate.Unreachable, "503 Service Unavailable: DENIED", 10},
	} {
		t.Run(fmt.Sprint(test.status), func(t *testing.T) {
			handler := ping(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				io.WriteString(w, refusal)
			})
			bubble(t, handler, func(t *testing.T, _ *pipes, c *registry.Client) {
				for _, need := range []validate.Need{manifest, blob(validate.Digest("sha256", nil))} {
					_, requests, err := c.Read(t.Context(), app(hub), need)
					wantError(t, err, test.reason, test.words)
					wantRequests(t, requests, test.requests)
				}
			})
		})
	}
}

func TestErrorAtPing(t *testing.T) {
	for _, test := range []struct {
		status int
		reason validate.Reason
		words  string
		pings  int
	}{
		{http.StatusForbidden, validate.Unauthorized, "403 Forbidden", 1},
		{http.StatusNotFound, validate.Unreachable, "registry.example.com does not answer as a registry does: GET /v2/ gave 404 Not Found", 1},
		{http.StatusTooManyRequests, validate.RateLimited, "429 Too Many Requests", 10},
		{http.StatusBadGateway, validate.Unreachable, "GET /v2/ gave 502 Bad Gateway", 10},
	} {
		t.Run(fmt.Sprint(test.status), func(t *testing.T) {
			seen := record(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(test.status) }))
			synctest.Test(t, func(t *testing.T) {
				network := newPipes()
				network.serve(t, hub+":443", seen)
				// Any certificate is accepted. Plain HTTP is not tried, because the
				// registry has answered.
				c := newClient(t, registry.Options{Dial: network.dial, Insecure: true})
				_, requests, err := c.Read(t.Context(), app(hub), manifest)
				wantError(t, err, test.reason, test.words)
				wantRequests(t, requests, 0)
				wantRequests(t, len(seen.requests("GET /v2/")), test.pings)
			})
		})
	}
}

func TestErrorNoSuchHost(t *testing.T) {
	dials := 0
	c := newClient(t, registry.Options{Dial: func(_ context.Context, network, address string) (net.Conn, error) {
		dials++
		return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: "registry.example.com", IsNotFound: true}}
	}})
	_, requests, err := c.Read(t.Context(), app(hub), head)
	wantError(t, err, validate.Unreachable, "no such host registry.example.com: check the name")
	wantRequests(t, requests, 0)
	wantRequests(t, dials, 1)
}

func TestErrorRefused(t *testing.T) {
	// Nobody listens at this port now.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	l.Close()
	_, _, err = newClient(t, registry.Options{}).Read(t.Context(), app(host), head)
	wantError(t, err, validate.Unreachable, "connection refused", "is "+host+" up, and its port right?")
}

func TestErrorCertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	const selfSigned = " self-signed? save its authority's as ~/.config/containers/certs.d/"
	for _, test := range []struct{ host, words string }{
		{hub, "is the certificate of " + hub + selfSigned + hub},
		// At a local name plain HTTP is tried, too. The TLS server answers that request
		// with an error status. The error must be that of the certificate.
		{"127.0.0.1:5000", "is the certificate of 127.0.0.1:5000" + selfSigned + "127.0.0.1:5000/ca.crt, or give " + insecureHint},
		{"10.0.0.1:5000", "certificate is valid for 127.0.0.1, ::1, not 10.0.0.1 (" + insecureHint + " accepts any certificate)"},
	} {
		t.Run(test.host, func(t *testing.T) {
			var dials atomic.Int32
			c := newClient(t, registry.Options{Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
				dials.Add(1)
				return new(net.Dialer).DialContext(ctx, network, s.Listener.Addr().String())
			}})
			_, _, err := c.Read(t.Context(), app(test.host), head)
			wantError(t, err, validate.Unreachable, test.words)
			if test.host == hub {
				wantRequests(t, int(dials.Load()), 1) // another try would not help
			}
		})
	}
}

func TestInsecure(t *testing.T) {
	r, pushed, _ := filled()
	for _, test := range []struct {
		name string
		port string
		host string
	}{
		{"any certificate", ":443", hub},
		{"plain HTTP", ":80", hub},
		{"plain HTTP at a port", ":5000", hub + ":5000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := newPipes()
				network.serve(t, hub+test.port, r)
				c := newClient(t, registry.Options{Insecure: true, Dial: network.dial})
				if fact := read(t, c, app(test.host), head); fact.Digest != pushed.Digest {
					t.Errorf("got %+v", fact)
				}
			})
		})
	}
}

func TestInsecureHTTP2(t *testing.T) {
	r, pushed, _ := filled()
	seen := record(r)
	s := httptest.NewUnstartedServer(seen)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	c := newClient(t, registry.Options{Insecure: true})
	if fact := read(t, c, app(s.Listener.Addr().String()), manifest); fact.Digest != pushed.Digest {
		t.Errorf("got %+v", fact)
	}
	for _, request := range seen.requests("GET /v2/library") {
		if request.ProtoMajor != 2 {
			t.Errorf("%s %s over %s", request.Method, request.URL, request.Proto)
		}
	}
}

func TestErrorPlainHTTP(t *testing.T) {
	r, _, _ := filled()
	seen := record(r)
	host := serve(t, seen)
	dials := 0
	c := newClient(t, registry.Options{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		dials++
		if address != hub+":443" {
			t.Errorf("dialed %s", address)
		}
		return new(net.Dialer).DialContext(ctx, network, host)
	}})
	_, _, err := c.Read(t.Context(), app(hub), head)
	wantError(t, err, validate.Unreachable, hub+" speaks plain HTTP: give "+insecureHint+" if that is right")
	wantRequests(t, len(seen.requests("")), 0)
	wantRequests(t, dials, 1) // another try would not help
}

// HTTPS is tried first, even if plain HTTP is allowed. If both fail, the error must not
// say that the registry does not speak HTTPS.
func TestErrorPlainHTTPAllowed(t *testing.T) {
	for _, host := range []string{"127.0.0.1:5000", hub + ":5000"} {
		synctest.Test(t, func(t *testing.T) {
			network := newPipes()
			network.serve(t, host, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { cut(w) }))
			c := newClient(t, registry.Options{Dial: network.dial, Insecure: host != "127.0.0.1:5000"})
			_, _, err := c.Read(t.Context(), app(host), head)
			wantError(t, err, validate.Unreachable, ": the connection was closed before the answer (EOF)")
			if strings.Contains(fmt.Sprint(err), insecureHint) {
				t.Error(err)
			}
		})
	}
}

func TestErrorContext(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	half := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	errTimeout := errors.New("timed out")
	for _, at := range []struct {
		name    string
		handler http.Handler
	}{
		{"at ping", http.HandlerFunc(hang)},
		{"before the answer", ping(hang)},
		{"during the body", ping(half)},
	} {
		t.Run("deadline "+at.name, func(t *testing.T) {
			bubble(t, at.handler, func(t *testing.T, _ *pipes, c *registry.Client) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				_, _, err := c.Read(ctx, app(hub), manifest)
				wantError(t, err, validate.Timeout)
			})
		})
		t.Run("deadline with a cause "+at.name, func(t *testing.T) {
			bubble(t, at.handler, func(t *testing.T, _ *pipes, c *registry.Client) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, errTimeout)
				defer cancel()
				_, _, err := c.Read(ctx, app(hub), manifest)
				wantError(t, err, validate.Timeout)
			})
		})
		t.Run("cancelled "+at.name, func(t *testing.T) {
			bubble(t, at.handler, func(t *testing.T, _ *pipes, c *registry.Client) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(10*time.Second, cancel)
				started := time.Now()
				_, requests, err := c.Read(ctx, app(hub), manifest)
				if !errors.Is(err, context.Canceled) {
					t.Errorf("got %v", err)
				}
				if waited := time.Since(started); waited != 10*time.Second { // by the clock of synctest
					t.Errorf("returned after %v", waited)
				}
				if requests > 1 {
					t.Errorf("%d requests: asked again after the end", requests)
				}
			})
		})
	}
}

// Requests to a registry that never answers fail, even if the caller would wait longer.
func TestErrorHangs(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	bubble(t, ping(hang), func(t *testing.T, _ *pipes, c *registry.Client) {
		_, requests, err := c.Read(t.Context(), app(hub), manifest)
		wantError(t, err, validate.Timeout, "no answer within 1m0s")
		wantRequests(t, requests, 5) // after five failures the registry counts as down
	})
	bubble(t, http.HandlerFunc(hang), func(t *testing.T, _ *pipes, c *registry.Client) {
		started := time.Now()
		_, _, err := c.Read(t.Context(), app(hub), manifest)
		wantError(t, err, validate.Timeout)
		if waited := time.Since(started); waited > time.Minute { // by the clock of synctest
			t.Errorf("the ping took %v", waited)
		}
	})
}

// A registry does not speak HTTPS, and does not answer over plain HTTP. The error must
// be that of plain HTTP.
func TestErrorPlainHTTPHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		network.serve(t, "127.0.0.1:5000", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		c := newClient(t, registry.Options{Dial: network.dial})
		_, _, err := c.Read(t.Context(), app("127.0.0.1:5000"), head)
		wantError(t, err, validate.Timeout, ": no answer within 1m0s")
	})
}

// The time of an image ends while a ping is sent again. The error must say so, and
// Waiting must say so, too.
func TestErrorLateForThePing(t *testing.T) {
	const host = "127.0.0.1:5000" // this registry speaks plain HTTP
	for _, test := range []struct {
		status       int
		state, words string
	}{
		{http.StatusServiceUnavailable, "tried again after: 503 Service Unavailable", host + " is tried again after: 503 Service Unavailable"},
		{http.StatusTooManyRequests, "its quota is spent until ", host + ": its quota is spent until "},
	} {
		synctest.Test(t, func(t *testing.T) {
			network := newPipes()
			network.serve(t, host, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "40")
				w.WriteHeader(test.status)
			}))
			c := newClient(t, registry.Options{Dial: network.dial, Conns: 10})
			time.AfterFunc(10*time.Second, func() {
				if name, n, state := c.Waiting(); name != host || n != 0 || !strings.HasPrefix(state, test.state) {
					t.Errorf("waiting for %q, %d, %q", name, n, state)
				}
			})
			ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
			defer cancel()
			_, _, err := c.Read(ctx, app(host), head)
			wantError(t, err, validate.Timeout, "no answer in time; "+test.words)
		})
	}
}

// A registry's message must not control the terminal, and must not forge a line of the
// log.
func TestErrorOneLine(t *testing.T) {
	long := strings.Repeat("é", 400)
	for _, test := range []struct{ name, body string }{
		{"newlines", `{"errors":[{"code":"DENIED\n","message":"a\r\nb\tc"}]}`},
		{"escapes", `{"errors":[{"code":"DENIED","message":"\u001b[31mred\u0007\u0000\u009b"}]}`},
		{"long", `{"errors":[{"code":"DENIED","message":"` + long + `"}]}`},
		{"not UTF-8", "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"\xff\xfe\x9b\"}]}"},
	} {
		t.Run(test.name, func(t *testing.T) {
			host := serve(t, ping(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusForbidden)
				io.WriteString(w, test.body)
			}))
			_, _, err := newClient(t, registry.Options{}).Read(t.Context(), app(host), manifest)
			wantError(t, err, validate.Unauthorized, "DENIED")
			text := err.Error()
			if i := strings.IndexFunc(text, unicode.IsControl); i >= 0 {
				t.Errorf("%q has the control character %q", text, text[i])
			}
			if len(text) > 800 {
				t.Errorf("%d bytes: %s", len(text), text)
			}
			// strings.ToValidUTF8 changes only a text that is not valid.
			if strings.ToValidUTF8(text, "?") != text {
				t.Errorf("%q is not UTF-8", text)
			}
		})
	}
}

// A Retry-After that makes no sense must not delay a request for long.
func TestErrorRetryAfterNonsense(t *testing.T) {
	for _, after := range []string{"-1", "soon", "Fri, 31 Dec 1999 23:59:59 GMT", "999999999", "9223372037"} {
		t.Run(after, func(t *testing.T) {
			r, pushed, _ := filled()
			asked := 0
			handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				if request.URL.Path == "/v2/" || asked > 0 {
					r.ServeHTTP(w, request)
					return
				}
				asked++
				w.Header().Set("Retry-After", after)
				w.WriteHeader(http.StatusTooManyRequests)
			})
			bubble(t, handler, func(t *testing.T, _ *pipes, c *registry.Client) {
				started := time.Now()
				if fact := read(t, c, app(hub), manifest); fact.Digest != pushed.Digest {
					t.Errorf("got %+v", fact)
				}
				if waited := time.Since(started); waited > 20*time.Second { // by the clock of synctest
					t.Errorf("waited %v", waited)
				}
			})
		})
	}
}

// A context may end after an answer came, but before the decision to send the request
// again. Then net/http must not write to standard error, because the progress bar is
// there.
func TestErrorQuiet(t *testing.T) {
	var written strings.Builder
	var mu sync.Mutex
	log.SetOutput(writer(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return written.Write(p)
	}))
	defer log.SetOutput(os.Stderr)

	r := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		switch request.URL.Path {
		case "/v2/":
		case "/elsewhere":
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			http.Redirect(w, request, "/elsewhere", http.StatusTemporaryRedirect)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	c := newClient(t, registry.Options{Log: func(e registry.Exchange) {
		if strings.HasSuffix(e.URL, "/elsewhere") {
			cancel() // the answer has come, but nobody has read it yet
		}
	}})
	if _, _, err := c.Read(ctx, app(serve(t, r)), manifest); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if written.Len() > 0 {
		t.Errorf("written: %s", written.String())
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
