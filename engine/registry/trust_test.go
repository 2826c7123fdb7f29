package registry_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry"
	"mvrun/validate"
)

// A token server that redirects does not make an identity token, which is in the body
// of a request, go to another host.
func TestIdentityTokenStays(t *testing.T) {
	for _, status := range []int{http.StatusTemporaryRedirect, http.StatusPermanentRedirect, http.StatusFound} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			evil := record(http.NotFoundHandler())
			to := serve(t, evil)
			s := &tokenRegistry{answer: func(_ int, w http.ResponseWriter) {
				w.Header().Set("Location", "http://"+to+"/token")
				w.WriteHeader(status)
			}}
			host := serve(t, s)
			dockerConfig(t, fmt.Sprintf(`{"auths":{%q:{"identitytoken":"s3cret-identity"}}}`, host))
			_, _, err := newClient(t, registry.Options{}).Read(t.Context(), app(host), head)
			wantError(t, err, validate.Unreachable, "where an identity token is not sent")
			if got := evil.requests(""); len(got) > 0 {
				t.Errorf("the other host was asked %d times", len(got))
			}
		})
	}
}

// Wrong credentials are sent three times, however many images there are, since wrong
// passwords lock accounts. Right ones are sent by many requests at once, after the
// first answer.
func TestRefusedLogin(t *testing.T) {
	for _, kind := range []string{"Basic", "Bearer"} {
		t.Run(kind, func(t *testing.T) {
			var sent atomic.Int32
			var host string
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, _, ok := r.BasicAuth(); ok {
					sent.Add(1)
				}
				w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
				if kind == "Bearer" && r.URL.Path != "/token" {
					w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token"`, host))
				}
				w.WriteHeader(http.StatusUnauthorized)
			})
			host = serve(t, handler)
			c := newClient(t, registry.Options{Logins: []registry.Login{{Registry: host, Username: user, Password: password, From: "the test"}}})
			var err error
			for i := range 20 {
				image := imagelist.Image{Source: fmt.Sprintf("%s/team/app%d", host, i), Destination: host + "/a/b", Tag: "1"}
				_, _, err = c.Read(t.Context(), image, head)
			}
			wantError(t, err, validate.Unauthorized, "3 times", "sent no more", "the test")
			if got := sent.Load(); got != 3 {
				t.Errorf("the password was sent %d times, want 3", got)
			}
		})
	}
}

// A registry may redirect its first request to another host, which may then want a
// token. The password does not go to the token server of that host.
func TestForeignChallenge(t *testing.T) {
	r, pushed, _ := filled()
	foreign := &tokenRegistry{registry: http.NotFoundHandler()}
	seen := record(foreign)
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		network.serve(t, "foreign.example.com:443", seen)
		network.serve(t, hub+":443", http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			if request.URL.Path == "/v2/" {
				http.Redirect(w, request, "https://foreign.example.com/v2/", http.StatusFound)
				return
			}
			r.ServeHTTP(w, request)
		}))
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Logins: []registry.Login{
			{Registry: hub, Username: user, Password: password},
		}})
		if fact := read(t, c, app(hub), head); fact.Digest != pushed.Digest {
			t.Errorf("got %+v", fact)
		}
		for _, request := range seen.requests("") {
			if got := request.Header.Get("Authorization"); got != "" {
				t.Errorf("%s got %q", request.URL, got)
			}
		}
	})
}

// The first request follows a redirect only where others do.
func TestPingRedirect(t *testing.T) {
	r, _, _ := filled()
	for to, words := range map[string]string{
		"https://169.254.169.254/latest/meta-data": "link-local", "https://127.0.0.1:8443/": "this machine", "https://10.0.0.1/v2/": "its address is private",
	} {
		synctest.Test(t, func(t *testing.T) {
			network := newPipes()
			network.serve(t, "8.8.8.8:443", http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				if request.URL.Path == "/v2/" {
					http.Redirect(w, request, to, http.StatusFound)
					return
				}
				r.ServeHTTP(w, request)
			}))
			c := newClient(t, registry.Options{Insecure: true, Dial: network.dial})
			_, _, err := c.Read(t.Context(), app("8.8.8.8"), head)
			wantError(t, err, validate.Unreachable, "which is not followed", words)
			for address := range network.dials {
				if !strings.HasPrefix(address, "8.8.8.8:") {
					t.Errorf("%s was asked", address)
				}
			}
		})
	}
}

// A token server that says that its tokens have ended, or live for ever, is asked once.
func TestTokenLives(t *testing.T) {
	for _, lives := range []int{-1, 1<<31 - 1} {
		r, _, _ := filled()
		s := &tokenRegistry{registry: r, lives: lives}
		bubble(t, s, func(t *testing.T, _ *pipes, c *registry.Client) {
			for range 3 {
				read(t, c, app(hub), head)
			}
			s.want(t, 1, 1)
		})
	}
}

// A token of a short life serves at least the request for which it was made.
func TestTokenUsedOnce(t *testing.T) {
	r, _, _ := filled()
	s := &tokenRegistry{registry: r, lives: 1, pause: func(request *http.Request) {
		if request.URL.Path == "/token" {
			time.Sleep(2 * time.Second) // of the bubble's clock
		}
	}}
	bubble(t, s, func(t *testing.T, _ *pipes, c *registry.Client) {
		read(t, c, app(hub), head)
		s.want(t, 1, 1)
	})
}

// The body of the answer to GET /v2/ may have no end.
func TestEndlessPing(t *testing.T) {
	r, _, _ := filled()
	var written atomic.Int64
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.URL.Path != "/v2/" {
			r.ServeHTTP(w, request)
			return
		}
		for chunk := []byte(strings.Repeat("x", 64<<10)); request.Context().Err() == nil; {
			n, err := w.Write(chunk)
			written.Add(int64(n))
			if err != nil {
				return
			}
		}
	}))
	read(t, newClient(t, registry.Options{}), app(host), head)
	if got := written.Load(); got > 64<<20 {
		t.Errorf("%d bytes were written", got)
	}
}

// A realm that is not asked is named, with the reason and the way out.
func TestRealmRefused(t *testing.T) {
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="http://169.254.169.254/token?key=s3cret-key"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	_, _, err := newClient(t, registry.Options{}).Read(t.Context(), app(host), head)
	wantError(t, err, validate.Unauthorized, `"http://169.254.169.254/token"`, "link-local")
}

// The warning that a registry is down quotes a broken answer, but not the login in it.
func TestWarningsHaveNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		network.serve(t, hub+":443", http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			_, sent, _ := request.BasicAuth()
			if sent == "" {
				w.Header().Set("WWW-Authenticate", "Basic")
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nyou sent %s and %s\r\n\r\n", sent, request.Header.Get("Authorization"))
			conn.Close()
		}))
		var warnings []string
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Warn: func(message string) { warnings = append(warnings, message) },
			Logins: []registry.Login{{Registry: hub, Username: user, Password: password}}})
		for range 5 {
			c.Read(t.Context(), app(hub), head)
		}
		got := strings.Join(warnings, "\n")
		if !strings.Contains(got, "is down") || !strings.Contains(got, "REDACTED") || strings.Contains(got, secret) {
			t.Errorf("the warnings are %q", got)
		}
	})
}
