package registry_test

import (
	"context"
	"encoding/base64"
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
	"syscall"
	"testing"
	"testing/synctest"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry"
	"mvrun/engine/registry/memory"
	"mvrun/validate"
)

// Every secret of these tests begins with the constant secret. wantNoSecret looks for
// it.
const (
	secret   = "s3cret"
	user     = "robot"
	password = secret + "-password"
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		// The tests must use neither the machine's credentials nor its proxies.
		empty, err := os.MkdirTemp("", "mvrun")
		if err != nil {
			log.Fatal(err)
		}
		defer os.RemoveAll(empty)
		for _, name := range []string{"HOME", "DOCKER_CONFIG", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"} {
			os.Setenv(name, empty)
		}
		for _, name := range []string{"REGISTRY_AUTH_FILE", "DOCKER_AUTH_CONFIG", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
			os.Unsetenv(name)
		}
		return m.Run()
	}())
}

// head and manifest are needs that read the tag of app.
var (
	head     = validate.Need{Action: validate.HeadManifest}
	manifest = validate.Need{Action: validate.ReadManifest}
)

func blob(digest string) validate.Need {
	return validate.Need{Action: validate.ReadConfig, Digest: digest}
}

// app returns an image whose source and destination are the same repository at host.
func app(host string) imagelist.Image {
	return imagelist.Image{Source: host + "/library/app", Destination: host + "/library/app", Tag: "1"}
}

// filled returns a registry that has app, and the digest of app's config.
func filled() (r *memory.Registry, app memory.Descriptor, config string) {
	r = memory.New()
	app = r.PushImage("library/app", "1", memory.Image{Platform: linux, Content: "app"})
	return r, app, configOf(r, "library/app", app.Digest)
}

var linux = validate.Platform{Architecture: "amd64", OS: "linux"}

func configOf(r http.Handler, repository, digest string) string {
	answer := httptest.NewRecorder()
	r.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/v2/"+repository+"/manifests/"+digest, nil))
	m, err := validate.ParseManifest("", "sha256", answer.Body.Bytes())
	if err != nil {
		panic(err)
	}
	return m.Config.Digest
}

// serve starts a plain HTTP server on this machine and returns its HOST:PORT.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// pipes is a network within the process. Its HTTP servers can have any name. A test
// can run it in a synctest bubble, because nothing leaves the process. There waits
// take no real time, and the times that a test measures are exact.
type pipes struct {
	mu      sync.Mutex
	servers map[string]*listener // by HOST:PORT
	dials   map[string]int       // the number of dials by HOST:PORT
}

func newPipes() *pipes { return &pipes{servers: map[string]*listener{}, dials: map[string]int{}} }

func (p *pipes) dial(ctx context.Context, network, address string) (net.Conn, error) {
	p.mu.Lock()
	p.dials[address]++
	l := p.servers[address]
	p.mu.Unlock()
	refused := &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	if l == nil {
		return nil, refused
	}
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, refused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) dialed(address string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dials[address]
}

// serve starts a server at HOST:PORT. At port 443 it speaks TLS.
func (p *pipes) serve(t *testing.T, address string, handler http.Handler) {
	t.Helper()
	l := &listener{address: address, conns: make(chan net.Conn), closed: make(chan struct{})}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}}
	if strings.HasSuffix(address, ":443") {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(func() {
		// Client and server tell each other when they close a TLS connection. In a pipe
		// both would write at the same time, and wait for the other to read. So let the
		// client come to its end first.
		func() {
			defer func() { _ = recover() }() // Wait panics outside a bubble, where this waiting ends by itself
			synctest.Wait()
		}()
		s.Close()
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.servers[address] = l
}

type listener struct {
	address string
	conns   chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return l }

func (l *listener) Network() string { return "pipe" }
func (l *listener) String() string  { return l.address }

// hub is the host of the registry in tests that run in a synctest bubble.
const hub = "registry.example.com"

// insecureHint is the setting that errors name to users who want to accept any
// certificate.
const insecureHint = "insecure = True"

// bubble runs a test in a synctest bubble, with a registry at hub.
func bubble(t *testing.T, handler http.Handler, test func(*testing.T, *pipes, *registry.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		network.serve(t, hub+":443", handler)
		test(t, network, newClient(t, registry.Options{Insecure: true, Dial: network.dial, Conns: 100}))
	})
}

// newClient returns a client that is closed at the end of the test. In every test,
// the client's log must contain no secret.
func newClient(t *testing.T, o registry.Options) *registry.Client {
	t.Helper()
	var mu sync.Mutex
	var lines strings.Builder
	o.InsecureHint = insecureHint
	next := o.Log
	o.Log = func(e registry.Exchange) {
		mu.Lock()
		fmt.Fprintf(&lines, "%s %s %d %v\n", e.Method, e.URL, e.Status, e.Err)
		mu.Unlock()
		if next != nil {
			next(e)
		}
	}
	c := registry.New(t.Context(), o) // t.Context ends before the cleanup
	t.Cleanup(func() {
		c.Close()
		wantNoSecret(t, "log", lines.String())
	})
	return c
}

func wantNoSecret(t *testing.T, what, text string) {
	t.Helper()
	for _, s := range []string{secret, base64.StdEncoding.EncodeToString([]byte(user + ":" + password))} {
		if strings.Contains(text, s) {
			t.Errorf("the %s has a secret:\n%s", what, text)
		}
	}
}

// read reads a fact. An error fails the test.
func read(t *testing.T, c *registry.Client, image imagelist.Image, need validate.Need) validate.Fact {
	t.Helper()
	fact, _, err := c.Read(t.Context(), image, need)
	if err != nil {
		t.Fatalf("Read(%s, %+v): %v", image.Source, need, err)
	}
	return fact
}

// wantError checks the reason of an error that Read returned, and that it has words.
func wantError(t *testing.T, err error, reason validate.Reason, words ...string) {
	t.Helper()
	wantScriptError(t, err, reason, words...)
	var e *registry.Error
	if !errors.As(err, &e) {
		return
	}
	if what := fmt.Sprintf("%s %s: ", e.Side, e.Reference); !strings.HasPrefix(err.Error(), "reading ") || !strings.Contains(err.Error(), what) {
		t.Errorf("%q does not say that it was reading %q", err, what)
	}
}

// wantScriptError checks the reason of an error, and that it has words.
func wantScriptError(t *testing.T, err error, reason validate.Reason, words ...string) {
	t.Helper()
	var e *registry.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v (%T), want a *registry.Error", err, err)
	}
	if e.Reason() != reason {
		t.Errorf("reason %s, want %s, of: %v", e.Reason(), reason, err)
	}
	text := err.Error()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q lacks %q", text, w)
		}
	}
	wantNoSecret(t, "error", text)
}

// wantRequests checks a number of requests.
func wantRequests(t *testing.T, got, want int) {
	t.Helper()
	if got != want {
		t.Errorf("%d requests, want %d", got, want)
	}
}

// recorder keeps the requests that its handler gets.
type recorder struct {
	http.Handler
	mu   sync.Mutex
	seen []*http.Request
}

func record(handler http.Handler) *recorder { return &recorder{Handler: handler} }

func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	r.seen = append(r.seen, request.Clone(context.Background()))
	r.mu.Unlock()
	r.Handler.ServeHTTP(w, request)
}

// requests returns the requests whose "METHOD /path" has the given beginning.
func (r *recorder) requests(beginning string) []*http.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []*http.Request
	for _, request := range r.seen {
		if strings.HasPrefix(request.Method+" "+request.URL.Path, beginning) {
			found = append(found, request)
		}
	}
	return found
}

// authorizations returns the Authorization headers of all requests that have one.
func (r *recorder) authorizations() []string {
	var found []string
	for _, request := range r.requests("") {
		found = append(found, request.Header.Values("Authorization")...)
	}
	return found
}

// ping answers GET /v2/ like a registry that wants no credentials. All other requests
// go to next.
func ping(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/" {
			next(w, r)
		}
	})
}

// cut ends the connection.
func cut(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	conn.Close()
}
