package registry_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry"
	"mvrun/engine/registry/memory"
	"mvrun/validate"
)

// numbered returns an image in a repository of its own.
func numbered(i int) imagelist.Image {
	return imagelist.Image{Source: fmt.Sprintf("%s/library/app%d", hub, i), Tag: "1"}
}

// guardedApps is a registry with eight repositories that wants tokens.
func guardedApps() *tokenRegistry {
	r := memory.New()
	for i := range 8 {
		r.PushImage(fmt.Sprintf("library/app%d", i), "1", memory.Image{Platform: linux})
	}
	return &tokenRegistry{registry: r}
}

// prepare has the client prepare for images, and waits until nothing more happens.
func prepare(c *registry.Client, images ...int) {
	for _, i := range images {
		c.Prepare(numbered(i).Source, validate.Source)
	}
	synctest.Wait()
}

func TestPrepare(t *testing.T) {
	s := guardedApps()
	s.lives = 60
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		network.serve(t, hub+":443", s)
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Ahead: 10})
		if c.CanPrepare() {
			t.Error("nothing was asked yet, and CanPrepare is true")
		}
		prepare(c, 0, 1) // nobody has asked this registry, and nothing is known of it
		s.want(t, 0, 0)
		read(t, c, numbered(0), head)
		if !c.CanPrepare() {
			t.Error("the registry wants tokens, and CanPrepare is false")
		}
		prepare(c, 0, 1, 1, 2)
		s.want(t, 1, 3)
		for i := range 3 {
			_, requests, err := c.Read(t.Context(), numbered(i), head)
			if err != nil {
				t.Error(err)
			}
			wantRequests(t, requests, 1)
		}
		s.want(t, 1, 3)
		time.Sleep(time.Minute) // moves synctest's clock
		read(t, c, numbered(1), head)
		s.want(t, 1, 4) // the first token has expired
	})
}

// A token server that does not answer gets only so many requests at once as
// Options.Ahead says.
func TestPrepareBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := guardedApps()
		network := newPipes()
		network.serve(t, hub+":443", s)
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Ahead: 2})
		read(t, c, numbered(0), head)
		g := newGate()
		s.pause = g.wait
		prepare(c, 1, 2, 3, 4)
		s.want(t, 1, 3)
		close(g.open)
		synctest.Wait()
		prepare(c, 1, 2, 3, 4)
		s.want(t, 1, 5)
	})
}

// The image that needs a token meets the error of the token's request.
func TestPrepareFails(t *testing.T) {
	s := guardedApps()
	s.answer = func(n int, w http.ResponseWriter) {
		if n > 0 {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, `{"token":"%s-token-0"}`, secret)
	}
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		network.serve(t, hub+":443", s)
		c := newClient(t, registry.Options{Insecure: true, Dial: network.dial, Ahead: 10})
		read(t, c, numbered(0), head)
		prepare(c, 1)
		s.want(t, 1, 2)
		_, _, err := c.Read(t.Context(), numbered(1), head)
		wantError(t, err, validate.Unauthorized, "403 Forbidden")
		s.want(t, 1, 2)
	})
}
