package registry_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/engine/registry"
)

// TestWaiting shows that Waiting names the registry that the run waits for, and why.
func TestWaiting(t *testing.T) {
	r, _, _ := filled()
	synctest.Test(t, func(t *testing.T) {
		const hanging = "hangs.example.com"
		network := newPipes()
		network.serve(t, hanging+":443", ping(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		network.serve(t, hub+":443", &limited{next: r, header: http.Header{"Retry-After": {"3600"}}, body: spent, until: time.Now().Add(time.Hour)})
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Conns: 10})
		want := func(name string, requests int, state string) {
			t.Helper()
			gotName, gotRequests, gotState := c.Waiting()
			if gotName != name || gotRequests != requests || !strings.HasPrefix(gotState, state) || (state == "") != (gotState == "") {
				t.Errorf("got %q, %d, %q; want %q, %d, %q", gotName, gotRequests, gotState, name, requests, state)
			}
		}
		want("", 0, "")

		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.Read(ctx, app(hanging), manifest)
		}()
		synctest.Wait()
		want(hanging, 1, "")
		if _, _, err := c.Read(t.Context(), app(hub), manifest); err == nil {
			t.Error("a request was answered although the quota is spent")
		}
		want(hub, 0, "its quota is spent until ")
		cancel()
		<-done
	})
	bubble(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { cut(w) }), func(t *testing.T, _ *pipes, c *registry.Client) {
		for range 5 {
			if _, _, err := c.Read(t.Context(), app(hub), manifest); err == nil {
				t.Error("a request without an answer succeeded")
			}
			time.Sleep(11 * time.Second) // longer than a failure is kept, by the clock of synctest
		}
		if name, _, state := c.Waiting(); name != hub || state != "down" {
			t.Errorf("got %q, %q", name, state)
		}
	})
}
