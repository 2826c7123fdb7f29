package oracle

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/opencontainers/go-digest"
)

// pairs are two registries, and the list of the images that were mirrored from one to
// the other. Some of the images were not, and some are outdated.
type pairs struct {
	list        string
	destination string // the destination's host
	watch       *watch
}

// newPairs returns pairs of single images, one in each repository.
func newPairs(t *testing.T, count int) pairs {
	t.Helper()
	watch := &watch{asked: map[string]bool{}}
	source, destination := newShelf(), newShelf()
	hosts := [2]string{}
	for i, registry := range []*shelf{source, destination} {
		server := httptest.NewServer(watch.over(registry))
		t.Cleanup(server.Close)
		hosts[i] = strings.TrimPrefix(server.URL, "http://")
	}
	var list strings.Builder
	for i := range count {
		repository := fmt.Sprintf("team-%d/image-%d", i%7, i)
		source.put(repository, "1", smallImage(repository))
		switch {
		case i%50 == 3: // missing
		case i%50 == 17:
			destination.put(repository, "1", smallImage("an older "+repository))
		default:
			destination.put(repository, "1", smallImage(repository))
		}
		fmt.Fprintf(&list, "%s/%s %s/%[2]s 1\n", hosts[0], repository, hosts[1])
	}
	return pairs{list.String(), hosts[1], watch}
}

// smallImage returns an image of one layer.
func smallImage(content string) tree {
	return tree{
		mediaType:  "application/vnd.oci.image.manifest.v1+json",
		configType: "application/vnd.oci.image.config.v1+json",
		config:     object{"architecture": "amd64", "os": "linux", "rootfs": object{"type": "layers", "diff_ids": []string{string(digest.FromString(content))}}},
		layers:     []layer{{content: content, mediaType: "application/vnd.oci.image.layer.v1.tar"}},
	}
}

// watch notes which repositories are asked, and can keep one answer back.
type watch struct {
	mu    sync.Mutex
	asked map[string]bool
	held  string        // the repository whose next answer is kept back
	holds chan struct{} // is closed when an answer is kept back
}

// over returns a handler that watches another one.
func (w *watch) over(next http.Handler) http.Handler {
	return http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		repository, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/manifests/")
		if w.isHeld(repository) {
			<-r.Context().Done() // until the client is gone
			return
		}
		next.ServeHTTP(answer, r)
	})
}

// isHeld notes a request, and reports whether its answer is kept back. The answers to later
// requests are not.
func (w *watch) isHeld(repository string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked[repository] = true
	if w.holds == nil || repository != w.held {
		return false
	}
	close(w.holds)
	w.holds = nil
	return true
}

// hold keeps the next answer about a repository back until the client is gone. The
// returned channel is closed when that request has come.
func (w *watch) hold(repository string) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held, w.holds = repository, make(chan struct{})
	return w.holds
}

// restart forgets what was asked.
func (w *watch) restart() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = map[string]bool{}
}

// hasSeen reports whether a repository was asked since the last restart.
func (w *watch) hasSeen(repository string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked[repository]
}
