package registry_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/engine/registry"
	"mvrun/validate"
)

// Requests wait for a slot while an answer says that the quota is spent. They must not
// be sent, and must not keep a slot from later requests.
func TestSlotsWhileQuotaIsSpent(t *testing.T) {
	r, _, _ := filled()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		until := time.Now().Add(time.Hour)
		network := newPipes()
		network.serve(t, hub+":443", http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			if strings.Contains(request.URL.Path, "/manifests/") {
				asked.Add(1)
				time.Sleep(time.Second)
				if time.Now().Before(until) {
					w.Header().Set("Retry-After", "3600")
					w.WriteHeader(http.StatusTooManyRequests)
					io.WriteString(w, spent)
					return
				}
			}
			r.ServeHTTP(w, request)
		}))
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Conns: 1})
		errs := make(chan error)
		for range 5 {
			go func() {
				_, _, err := c.Read(t.Context(), app(hub), manifest)
				errs <- err
			}()
		}
		for range 5 {
			wantError(t, <-errs, validate.RateLimited, "is spent until")
		}
		if n := asked.Load(); n > 2 { // one more request may be sent while the answer is read
			t.Errorf("asked %d times, want 1", n)
		}
		time.Sleep(time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, _, err := c.Read(ctx, app(hub), manifest); err != nil {
			t.Errorf("afterwards there is no room: %v", err)
		}
	})
}

// The registry needs more time to refuse a token than the token is valid. The requests
// must still end.
func TestTokenAlwaysExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		network := newPipes()
		network.serve(t, hub+":443", http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			switch {
			case request.URL.Path == "/token":
				io.WriteString(w, `{"token":"`+secret+`","expires_in":1}`)
				return
			case request.URL.Path != "/v2/":
				asked.Add(1)
				time.Sleep(2 * time.Second)
			}
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://`+hub+`/token",service="hub"`)
			w.WriteHeader(http.StatusUnauthorized)
		}))
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		_, _, err := c.Read(ctx, app(hub), manifest)
		wantError(t, err, validate.Unauthorized, "401 Unauthorized")
		if n := asked.Load(); n != 10 {
			t.Errorf("asked %d times, want 10", n)
		}
	})
}
