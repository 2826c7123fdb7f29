package registry_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry"
	"mvrun/engine/registry/memory"
	"mvrun/validate"
)

// tokenRegistry is a registry that wants a bearer token. It is also the token server, at the
// same port, because go-containerregistry refuses a token server at another private
// address.
type tokenRegistry struct {
	registry http.Handler
	lives    int    // expires_in of each token; 0 leaves the field out
	mortal   bool   // whether the registry refuses a token after that time
	name     string // the name of the answer's field with the token; "token" if empty
	// answer, if set, answers the n-th request for a token. It counts from 0.
	answer func(n int, w http.ResponseWriter)
	// pause is called before each answer to a ping and to a token's request.
	pause func(r *http.Request)

	mu     sync.Mutex
	pings  int
	asked  []*http.Request // the requests for tokens
	scopes map[string]string
	dead   map[string]bool
	born   map[string]time.Time
}

func (s *tokenRegistry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case r.URL.Path == "/token":
		s.mu.Lock()
		n := len(s.asked)
		r.ParseForm()
		s.asked = append(s.asked, r)
		token := fmt.Sprintf("%s-token-%d", secret, n)
		if s.scopes == nil {
			s.scopes = map[string]string{}
		}
		if s.born == nil {
			s.born = map[string]time.Time{}
		}
		s.born[token] = time.Now()
		s.scopes[token] = r.Form.Get("scope")
		s.mu.Unlock()
		if s.pause != nil {
			s.pause(r)
		}
		if s.answer != nil {
			s.answer(n, w)
			return
		}
		answer := map[string]any{"token": token}
		if s.name != "" {
			answer = map[string]any{s.name: token}
		}
		if s.lives != 0 {
			answer["expires_in"] = s.lives
		}
		json.NewEncoder(w).Encode(answer)
		return
	case r.URL.Path == "/v2/":
		s.mu.Lock()
		s.pings++
		s.mu.Unlock()
		if s.pause != nil {
			s.pause(r)
		}
	case s.good(given, r.URL.Path):
		s.registry.ServeHTTP(w, r)
		return
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s://%s/token",service="test"`, scheme, r.Host))
	w.WriteHeader(http.StatusUnauthorized)
}

func (s *tokenRegistry) good(token, path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	repository, ok := strings.CutPrefix(s.scopes[token], "repository:")
	repository, pull := strings.CutSuffix(repository, ":pull")
	if s.mortal && time.Since(s.born[token]) > time.Duration(s.lives)*time.Second {
		return false
	}
	return ok && pull && !s.dead[token] && strings.HasPrefix(path, "/v2/"+repository+"/")
}

// kill makes all tokens invalid that the server has given so far.
func (s *tokenRegistry) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = map[string]bool{}
	for token := range s.scopes {
		s.dead[token] = true
	}
}

func (s *tokenRegistry) want(t *testing.T, pings, tokens int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pings != pings || len(s.asked) != tokens {
		t.Errorf("%d pings and %d tokens, want %d and %d", s.pings, len(s.asked), pings, tokens)
	}
}

// gate holds requests back. A test lets them pass when nothing else can happen any
// more.
type gate struct{ open chan struct{} }

func newGate() *gate { return &gate{make(chan struct{})} }

func (g *gate) wait(*http.Request) { <-g.open }

// let waits until all other goroutines of the synctest bubble wait. Then it lets one
// request pass.
func (g *gate) let() {
	synctest.Wait()
	g.open <- struct{}{}
}

func TestTokenShared(t *testing.T) {
	for _, repositories := range []int{1, 7} {
		t.Run(fmt.Sprint(repositories), func(t *testing.T) {
			r := memory.New()
			for i := range repositories {
				r.PushImage(fmt.Sprintf("library/app%d", i), "1", memory.Image{Platform: linux})
			}
			synctest.Test(t, func(t *testing.T) {
				g := newGate() // a channel must be made in the bubble that uses it
				s := &tokenRegistry{registry: r, pause: g.wait}
				network := newPipes()
				network.serve(t, hub+":443", s)
				c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Conns: 50})
				var readers sync.WaitGroup
				for i := range 50 {
					readers.Go(func() {
						image := imagelist.Image{Source: fmt.Sprintf("%s/library/app%d", hub, i%repositories), Tag: "1"}
						_, requests, err := c.Read(t.Context(), image, head)
						if err != nil {
							t.Error(err)
						}
						wantRequests(t, requests, 1)
					})
				}
				g.let() // the ping, for which all 50 readers wait
				for range repositories {
					g.let() // the request for the token of one repository
				}
				readers.Wait()
				s.want(t, 1, repositories)
				wantRequests(t, c.Requests(), 1+repositories+50)
			})
		})
	}
}

func TestTokenRenewed(t *testing.T) {
	for _, test := range []struct {
		lives         int
		used, renewed time.Duration // at the time used the first token is still used, at the time renewed there is a new one
	}{
		{300, 284 * time.Second, 286 * time.Second},
		{60, 44 * time.Second, 46 * time.Second},
		{0, 44 * time.Second, 46 * time.Second}, // without expires_in a token lives for 60 seconds, says the specification
		{20, 9 * time.Second, 11 * time.Second},
		{1, 0, time.Second},
		{-5, 44 * time.Second, 46 * time.Second},
	} {
		t.Run(fmt.Sprint(test.lives), func(t *testing.T) {
			r, _, _ := filled()
			s := &tokenRegistry{registry: r, lives: test.lives}
			bubble(t, s, func(t *testing.T, _ *pipes, c *registry.Client) {
				started := time.Now()
				read(t, c, app(hub), head)
				time.Sleep(test.used - time.Since(started)) // moves synctest's clock
				read(t, c, app(hub), head)
				s.want(t, 1, 1)
				time.Sleep(test.renewed - time.Since(started))
				s.kill() // a request with the old token would fail now
				_, requests, err := c.Read(t.Context(), app(hub), head)
				if err != nil {
					t.Error(err)
				}
				wantRequests(t, requests, 1)
				s.want(t, 1, 2)
			})
		})
	}
}

func TestTokenRefused(t *testing.T) {
	r, pushed, _ := filled()
	s := &tokenRegistry{registry: r}
	bubble(t, s, func(t *testing.T, _ *pipes, c *registry.Client) {
		read(t, c, app(hub), head)
		s.kill()
		fact, requests, err := c.Read(t.Context(), app(hub), manifest)
		if err != nil || fact.Digest != pushed.Digest {
			t.Errorf("got %+v, %v", fact, err)
		}
		wantRequests(t, requests, 2)
		s.want(t, 1, 2)
		read(t, c, app(hub), manifest) // uses the new token
		s.want(t, 1, 2)
	})
}

// Many requests find out at the same time that a token is invalid. The client fetches
// one new token for all of them.
func TestTokenRefusedToMany(t *testing.T) {
	r, _, _ := filled()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		s := &tokenRegistry{}
		s.registry = r
		refusals := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			if strings.HasSuffix(request.Header.Get("Authorization"), "token-0") && strings.Contains(request.URL.Path, "/manifests/") {
				g.wait(request)
			}
			s.ServeHTTP(w, request)
		})
		network := newPipes()
		network.serve(t, hub+":443", refusals)
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Conns: 50})
		var readers sync.WaitGroup
		for range 50 {
			readers.Go(func() {
				_, requests, err := c.Read(t.Context(), app(hub), manifest)
				if err != nil {
					t.Error(err)
				}
				wantRequests(t, requests, 2)
			})
		}
		synctest.Wait() // all 50 have sent the first token
		s.kill()
		close(g.open)
		readers.Wait()
		s.want(t, 1, 2)
	})
}

// If a registry refuses every token, the client sends the request twice, and no more.
func TestTokenNeverTaken(t *testing.T) {
	s := &tokenRegistry{}
	bubble(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Authorization")
		s.ServeHTTP(w, r)
	}), func(t *testing.T, _ *pipes, c *registry.Client) {
		_, requests, err := c.Read(t.Context(), app(hub), manifest)
		wantError(t, err, validate.Unauthorized, "401 Unauthorized (no credentials for "+hub)
		wantRequests(t, requests, 2)
		s.want(t, 1, 2)
	})
}

// Several callers wait for the same ping or token. The first of them, which began it,
// is cancelled. The others are not.
// https://github.com/google/go-containerregistry/issues/2406
func TestTokenFirstCallerGone(t *testing.T) {
	for _, at := range []string{"ping", "token"} {
		t.Run(at, func(t *testing.T) {
			r, _, _ := filled()
			synctest.Test(t, func(t *testing.T) {
				g := newGate()
				s := &tokenRegistry{registry: r, pause: g.wait}
				network := newPipes()
				network.serve(t, hub+":443", s)
				c := newClient(t, registry.Options{Insecure: true, Dial: network.dial})

				ctx, cancel := context.WithCancel(t.Context())
				gone := make(chan error)
				go func() {
					_, _, err := c.Read(ctx, app(hub), head)
					gone <- err
				}()
				synctest.Wait() // until the first caller waits for the ping
				if at == "token" {
					g.let()
					synctest.Wait()
				}
				other := make(chan error)
				go func() {
					_, _, err := c.Read(t.Context(), app(hub), head)
					other <- err
				}()
				synctest.Wait()
				cancel()
				if err := <-gone; !errors.Is(err, context.Canceled) {
					t.Errorf("the first got %v", err)
				}
				close(g.open)
				if err := <-other; err != nil {
					t.Errorf("the other got %v", err)
				}
				s.want(t, 1, 1)
			})
		})
	}
}

func TestTokenOfOtherName(t *testing.T) {
	r, _, _ := filled()
	s := &tokenRegistry{registry: r, name: "access_token"}
	read(t, newClient(t, registry.Options{}), app(serve(t, s)), head)
	s.want(t, 1, 1)
}

func TestTokenServerFails(t *testing.T) {
	status := func(status int, body string) func(int, http.ResponseWriter) {
		return func(_ int, w http.ResponseWriter) {
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	for _, test := range []struct {
		name   string
		answer func(int, http.ResponseWriter)
		reason validate.Reason
		words  string
		asked  int
	}{
		{"401", status(401, `{"errors":[{"code":"DENIED","message":"who?"}]}`), validate.Unauthorized,
			"the token server answered 401 Unauthorized: DENIED who? (with the credentials for " + hub + " of SOURCE_USERNAME)", 1},
		{"403", status(403, ""), validate.Unauthorized, "the token server answered 403 Forbidden (with the credentials", 1},
		{"429", status(429, ""), validate.RateLimited, "429 Too Many Requests", 10},
		{"500", status(500, ""), validate.Unreachable, "500 Internal Server Error", 10},
		{"no JSON", status(200, "<html>"), validate.Unreachable, "", 1},
		{"no token", status(200, "{}"), validate.Unreachable, "no token", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &tokenRegistry{answer: test.answer}
			synctest.Test(t, func(t *testing.T) {
				network := newPipes()
				network.serve(t, hub+":443", s)
				c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Logins: []registry.Login{
					{Registry: hub, Username: user, Password: password, From: "SOURCE_USERNAME"},
				}})
				for range 3 { // the first failure also answers the next two callers
					_, requests, err := c.Read(t.Context(), app(hub), head)
					wantError(t, err, test.reason, test.words)
					wantRequests(t, requests, 0)
				}
				s.want(t, 1, test.asked)
			})
		})
	}
}

// A token server that fails for a short time costs no image.
func TestTokenServerRecovers(t *testing.T) {
	r, _, _ := filled()
	s := &tokenRegistry{registry: r}
	s.answer = func(n int, w http.ResponseWriter) {
		if n < 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, `{"token":"%s-token-%d"}`, secret, n)
	}
	bubble(t, s, func(t *testing.T, _ *pipes, c *registry.Client) {
		_, requests, err := c.Read(t.Context(), app(hub), head)
		if err != nil {
			t.Error(err)
		}
		wantRequests(t, requests, 1)
		s.want(t, 1, 3)
	})
}

// The answer of a token server is a secret, even if it has no token.
func TestTokenServerSecret(t *testing.T) {
	s := &tokenRegistry{answer: func(_ int, w http.ResponseWriter) {
		fmt.Fprintf(w, `{"refresh_token":"%s","id_token":"%s"}`, secret, secret)
	}}
	_, _, err := newClient(t, registry.Options{}).Read(t.Context(), app(serve(t, s)), head)
	wantError(t, err, validate.Unreachable, "no token")
}

// The credentials go to the token server, and the registry gets only the token.
func TestTokenCredentials(t *testing.T) {
	for _, test := range []struct {
		name   string
		login  bool
		config string // Docker's config.json, with %q for the host
		asked  []string
		sent   string // the Authorization header that the registry gets
	}{
		{"nobody's", false, "", []string{"GET , scope repository:library/app:pull, service test"}, "Bearer s3cret-token-0"},
		{"a login", true, "", []string{"GET Basic, scope repository:library/app:pull, service test"}, "Bearer s3cret-token-0"},
		{"Docker's", false, `{"auths":{%q:{"auth":"` + encoded(user, password) + `"}}}`,
			[]string{"GET Basic, scope repository:library/app:pull, service test"}, "Bearer s3cret-token-0"},
		{"an identity token", false, `{"auths":{%q:{"identitytoken":"s3cret-identity"}}}`,
			[]string{"POST s3cret-identity, scope repository:library/app:pull, service test"}, "Bearer s3cret-token-0"},
		{"a registry token", false, `{"auths":{%q:{"registrytoken":"s3cret-token-9"}}}`, nil, "Bearer s3cret-token-9"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, _, _ := filled()
			s := &tokenRegistry{registry: r, scopes: map[string]string{"s3cret-token-9": "repository:library/app:pull"}}
			seen := record(s)
			host := serve(t, seen)
			var o registry.Options
			if test.login {
				o.Logins = []registry.Login{{Registry: host, Username: user, Password: password}}
			}
			if test.config != "" {
				dockerConfig(t, fmt.Sprintf(test.config, host))
			}
			read(t, newClient(t, o), app(host), head)

			var asked []string
			for _, request := range s.asked {
				authorization := request.Header.Get("Authorization")
				if name, given, ok := request.BasicAuth(); ok && name == user && given == password {
					authorization = "Basic"
				}
				asked = append(asked, fmt.Sprintf("%s %s%s, scope %s, service %s", request.Method, authorization,
					request.Form.Get("refresh_token"), request.Form.Get("scope"), request.Form.Get("service")))
			}
			if !slices.Equal(asked, test.asked) {
				t.Errorf("the token server was asked %q, want %q", asked, test.asked)
			}
			for _, request := range seen.requests("") {
				got, want := request.Header.Get("Authorization"), test.sent
				switch request.URL.Path {
				case "/token":
					continue
				case "/v2/":
					want = ""
				}
				if got != want {
					t.Errorf("%s %s came with %q, want %q", request.Method, request.URL, got, want)
				}
			}
		})
	}
}

// If a token server redirects to another server, that server does not get the
// password.
func TestTokenServerRedirects(t *testing.T) {
	r, _, _ := filled()
	s := &tokenRegistry{registry: r}
	elsewhere := record(s)
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		network.serve(t, "auth.example.com:443", elsewhere)
		network.serve(t, hub+":443", http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			if request.URL.Path == "/token" {
				http.Redirect(w, request, "https://auth.example.com"+request.URL.String(), http.StatusTemporaryRedirect)
				return
			}
			s.ServeHTTP(w, request)
		}))
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Logins: []registry.Login{
			{Registry: hub, Username: user, Password: password},
		}})
		read(t, c, app(hub), head)
		if got := elsewhere.authorizations(); len(got) > 0 || len(elsewhere.requests("GET /token")) != 1 {
			t.Errorf("the other server was asked %d times, with %q", len(elsewhere.requests("")), got)
		}
	})
}

// A token may expire while its request waits to be sent again. The client then gets a
// new token, as often as this happens, and never takes it for a refusal.
func TestTokenExpiresWhileWaiting(t *testing.T) {
	r, _, _ := filled()
	s := &tokenRegistry{registry: r, lives: 2, mortal: true}
	good := 0 // the number of requests with a good token
	s.registry = http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if good++; good <= 3 {
			w.Header().Set("Retry-After", "5")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		r.ServeHTTP(w, request)
	})
	bubble(t, s, func(t *testing.T, _ *pipes, c *registry.Client) {
		_, requests, err := c.Read(t.Context(), app(hub), head)
		if err != nil {
			t.Error(err)
		}
		wantRequests(t, requests, 7) // three times 503 and then 401 for the expired token, and at last 200
		s.want(t, 1, 4)
	})
}

// If a token server's answer is cut short, the client sends the request again.
func TestTokenCutShort(t *testing.T) {
	r, _, _ := filled()
	for _, config := range []string{"", `{"auths":{%q:{"identitytoken":"s3cret-identity"}}}`} { // GET, and POST
		s := &tokenRegistry{registry: r}
		s.answer = func(n int, w http.ResponseWriter) {
			whole := fmt.Sprintf(`{"token":"%s-token-%d"}`, secret, n)
			if n < 3 {
				withLength(w, whole[:len(whole)/2])
				return
			}
			io.WriteString(w, whole)
		}
		if config != "" {
			dockerConfig(t, fmt.Sprintf(config, hub))
		}
		bubble(t, s, func(t *testing.T, _ *pipes, c *registry.Client) {
			read(t, c, app(hub), head)
			s.want(t, 1, 4)
			if config == "" {
				return
			}
			for _, asked := range s.asked {
				if asked.Method != http.MethodPost || asked.Form.Get("refresh_token") != "s3cret-identity" {
					t.Errorf("%s with %v", asked.Method, asked.Form)
				}
			}
		})
	}
}
