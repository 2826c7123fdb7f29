package registry_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"mvrun/engine/registry"
)

// TestLog shows that the log gets every request. newClient checks for all tests that the
// log has no secret.
func TestLog(t *testing.T) {
	r, _, _ := filled()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		network.serve(t, hub+":443", &tokenRegistry{registry: stored("https://" + user + ":" + password + "@store.example.com")})
		network.serve(t, "store.example.com:443", r)
		var mu sync.Mutex
		var got []string
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Log: func(e registry.Exchange) {
			mu.Lock()
			defer mu.Unlock()
			if (e.Status == 0) != (e.Err != nil) {
				t.Errorf("status %d and error %v", e.Status, e.Err)
			}
			got = append(got, fmt.Sprintf("%s %s %d", e.Method, e.URL, e.Status))
		}})
		read(t, c, app(hub), manifest)
		if _, _, err := c.Read(t.Context(), app("nobody.example.com:443"), manifest); err == nil {
			t.Error("nobody answered")
		}
		want := []string{
			"GET https://registry.example.com/v2/ 401",
			"GET https://registry.example.com/token?scope=repository%3Alibrary%2Fapp%3Apull&service=test 200",
			"GET https://registry.example.com/v2/library/app/manifests/1 307",
			"GET https://store.example.com/v2/library/app/manifests/1?X-Amz-Expires=REDACTED&X-Amz-Signature=REDACTED 200",
		}
		if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
			t.Errorf("got %q, want first %q", got, want)
		}
		if len(got) > len(want) && got[len(want)] != "GET https://nobody.example.com:443/v2/ 0" {
			t.Errorf("got %q", got[len(want)])
		}
		if len(got) != c.Requests() {
			t.Errorf("%d of %d requests", len(got), c.Requests())
		}
	})
}

// Every request has our user agent, because a registry or a firewall may look at it.
func TestUserAgent(t *testing.T) {
	r, _, _ := filled()
	seen := record(&tokenRegistry{registry: r})
	c := newClient(t, registry.Options{UserAgent: "mvrun/test"})
	read(t, c, app(serve(t, seen)), head)
	for _, request := range seen.requests("") {
		if got := request.Header.Get("User-Agent"); got != "mvrun/test" {
			t.Errorf("%s %s has the user agent %q", request.Method, request.URL.Path, got)
		}
	}
}
