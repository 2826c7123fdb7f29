package registry_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"mvrun/engine/registry"
	"mvrun/validate"
)

const signature = "?X-Amz-Signature=" + secret + "-signature&X-Amz-Expires=60"

// stored returns a handler that redirects every request to a store.
func stored(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, to+r.URL.Path+signature, http.StatusTemporaryRedirect)
	}
}

func TestRedirect(t *testing.T) {
	r, pushed, config := filled()
	for _, auth := range []struct {
		name string
		wrap func(http.Handler) http.Handler
	}{
		{"basic", func(next http.Handler) http.Handler { return locked(next) }},
		{"bearer", func(next http.Handler) http.Handler { return &tokenRegistry{registry: next} }},
	} {
		t.Run(auth.name, func(t *testing.T) {
			store := record(r)
			// The store is another port of the same host. net/http itself would
			// send the Authorization header there.
			_, port, _ := net.SplitHostPort(serve(t, store))
			host := serve(t, auth.wrap(stored("http://127.0.0.1:"+port)))
			c := newClient(t, registry.Options{Logins: []registry.Login{{Registry: host, Username: user, Password: password}}})
			for _, need := range []validate.Need{head, manifest, {Action: validate.ReadManifest, Digest: pushed.Digest}, blob(config)} {
				fact, requests, err := c.Read(t.Context(), app(host), need)
				if err != nil || fact.Digest != pushed.Digest && fact.Digest != config {
					t.Errorf("%+v: got %+v, %v", need, fact, err)
				}
				wantRequests(t, requests, 2)
			}
			if len(store.requests("")) != 4 {
				t.Errorf("the store was asked %d times", len(store.requests("")))
			}
			if got := store.authorizations(); len(got) > 0 {
				t.Errorf("the store got %q", got)
			}
		})
	}
}

// A redirect within the registry keeps the credential, because the registry wants it
// there, too. A redirect from HTTPS to plain HTTP drops it, and only a digest is read
// there.
func TestRedirectWithin(t *testing.T) {
	r, pushed, _ := filled()
	digest := validate.Need{Action: validate.ReadManifest, Digest: pushed.Digest}
	for _, test := range []struct {
		name, to string
		need     validate.Need
		refused  bool
	}{
		{"same", "", manifest, false},
		{"HTTP, a tag", "http://" + hub, manifest, true},
		{"HTTP, a digest", "http://" + hub, digest, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			plain := record(r)
			inner := locked(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				if strings.Contains(request.URL.Path, "/manifests/") && request.URL.RawQuery == "" {
					http.Redirect(w, request, test.to+request.URL.Path+"?again", http.StatusFound)
					return
				}
				r.ServeHTTP(w, request)
			}))
			synctest.Test(t, func(t *testing.T) {
				network := newPipes()
				network.serve(t, hub+":443", inner)
				network.serve(t, hub+":80", plain)
				c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Logins: []registry.Login{
					{Registry: hub, Username: user, Password: password},
				}})
				fact, _, err := c.Read(t.Context(), app(hub), test.need)
				switch {
				case test.refused:
					wantError(t, err, validate.Unreachable, "redirects to http://"+hub, "plain HTTP")
				case err != nil || fact.Digest != pushed.Digest:
					t.Errorf("got %+v, %v", fact, err)
				}
				if got := plain.authorizations(); len(got) > 0 {
					t.Errorf("plain HTTP got %q", got)
				}
			})
		})
	}
}

func TestRedirectVerified(t *testing.T) {
	r, pushed, config := filled()
	for _, test := range []struct {
		name   string
		store  http.HandlerFunc
		need   validate.Need
		reason validate.Reason
		words  string
	}{
		{"other bytes of a manifest", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"schemaVersion":2,"manifests":[]}`) },
			validate.Need{Action: validate.ReadManifest, Digest: pushed.Digest}, validate.BadManifest, "whose digest is"},
		{"end of the signature", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
			blob(config), validate.Unauthorized, "403 Forbidden"},
		{"loop", func(w http.ResponseWriter, request *http.Request) {
			http.Redirect(w, request, request.URL.String(), http.StatusFound)
		}, blob(config), validate.Unreachable, "redirects 10 times in a row"},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := serve(t, test.store)
			host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				if request.URL.Path == "/v2/" {
					r.ServeHTTP(w, request)
					return
				}
				stored("http://"+store)(w, request)
			}))
			_, _, err := newClient(t, registry.Options{}).Read(t.Context(), app(host), test.need)
			wantError(t, err, test.reason, test.words)
			if strings.Contains(err.Error(), "(from ,") {
				t.Errorf("a host without a name: %v", err)
			}
		})
	}
}

// A redirect that cannot be followed is an error. It does not show the signature of
// the URL, although net/http's own error does.
func TestRedirectBroken(t *testing.T) {
	_, _, config := filled()
	for _, to := range []string{"http://store.example.com:port/", "ftp://store.example.com/", "http://store.example.com/%zz"} {
		t.Run(to, func(t *testing.T) {
			handler := ping(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", to+signature)
				w.WriteHeader(http.StatusTemporaryRedirect)
			})
			bubble(t, handler, func(t *testing.T, _ *pipes, c *registry.Client) {
				_, _, err := c.Read(t.Context(), app(hub), blob(config))
				wantError(t, err, validate.Unreachable)
			})
		})
	}
}

// If a store or a token server cannot be reached, the error names that server, and
// not the registry.
func TestRedirectUnreachable(t *testing.T) {
	_, _, config := filled()
	for _, handler := range []http.Handler{
		ping(stored("https://other.example.com")),
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://other.example.com/token"`)
			w.WriteHeader(http.StatusUnauthorized)
		}),
	} {
		bubble(t, handler, func(t *testing.T, _ *pipes, c *registry.Client) {
			_, _, err := c.Read(t.Context(), app(hub), blob(config))
			wantError(t, err, validate.Unreachable, "connection refused", "is other.example.com up")
			if strings.Contains(err.Error(), "is "+hub+" up") {
				t.Error(err)
			}
		})
	}
}
