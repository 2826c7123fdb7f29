package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine/registry/memory"
)

// guarded is a registry that wants a bearer token for each repository. It is its own
// token server.
type guarded struct {
	*memory.Registry
	host  string
	login string                                       // USER:PASSWORD, without which there is no token; "" lets everybody have one
	hold  func(ctx context.Context, g *guarded, n int) // is called before the tag of app<n> is answered; may be nil

	mu     sync.Mutex
	pings  int
	tokens []string                 // the repositories for which tokens were asked, in order
	asked  map[string]chan struct{} // closed when the token of a repository is asked
}

func startGuarded(t *testing.T) *guarded {
	g := &guarded{Registry: memory.New(), asked: map[string]chan struct{}{}}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	g.host = strings.TrimPrefix(server.URL, "http://")
	return g
}

func (g *guarded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/token":
		repository := strings.TrimSuffix(strings.TrimPrefix(r.URL.Query().Get("scope"), "repository:"), ":pull")
		g.note(repository)
		if user, password, _ := r.BasicAuth(); g.login != "" && user+":"+password != g.login {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"token":"repository:%s:pull","expires_in":300}`, repository)
		return
	case r.URL.Path == "/v2/":
		g.mu.Lock()
		g.pings++
		g.mu.Unlock()
	case allows(r.Header.Get("Authorization"), r.URL.Path):
		n := 0
		if _, err := fmt.Sscanf(r.URL.Path, "/v2/team/app%d/manifests/1.0", &n); err == nil && g.hold != nil {
			g.hold(r.Context(), g, n)
		}
		g.Registry.ServeHTTP(w, r)
		return
	}
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test"`, r.Host))
	w.WriteHeader(http.StatusUnauthorized)
}

// note notes that a token is asked for.
func (g *guarded) note(repository string) {
	asked := g.token(repository)
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-asked: // a second request for the same token
	default:
		close(asked)
	}
	g.tokens = append(g.tokens, repository)
}

// token returns the channel that is closed when the token of a repository is asked.
func (g *guarded) token(repository string) chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.asked[repository] == nil {
		g.asked[repository] = make(chan struct{})
	}
	return g.asked[repository]
}

// app returns the name of a repository of these tests.
func app(n int) string { return fmt.Sprintf("team/app%d", n) }

// apps returns the names of the first n repositories.
func apps(n int) []string {
	var names []string
	for i := range n {
		names = append(names, app(i))
	}
	return names
}

// fill pushes equal images for n lines to two registries, and returns the list.
func fill(source, destination *guarded, n int) string {
	var list strings.Builder
	for i := range n {
		for _, g := range []*guarded{source, destination} {
			pushList(g.Registry, app(i), "1.0", app(i), amd64)
		}
		fmt.Fprintf(&list, "%s/%s %s/%s 1.0\n", source.host, app(i), destination.host, app(i))
	}
	return list.String()
}

// validateGuarded runs mvrun in a folder of its own, and checks the exit status.
func validateGuarded(t *testing.T, dir, list string, status int, variables map[string]string, arguments ...string) {
	t.Helper()
	write(t, filepath.Join(dir, "list.txt"), list)
	t.Chdir(dir)
	var stderr strings.Builder
	lookup := func(name string) (string, bool) { value, ok := variables[name]; return value, ok }
	console := job.Console{Stdin: strings.NewReader(""), Stdout: &stderr, Stderr: &stderr, LookupEnv: lookup}
	if got := run(append(arguments, "-f", "list.txt", "--deadline", "20s"), console); got != status {
		t.Errorf("exit status %d, want %d\n%s", got, status, stderr.String())
	}
}

// Each registry answers for an image only when the tokens for the next two images were
// asked for. It finds that none was asked for a later image, since a run with one job
// looks at two. In the end there was one request for the token of each repository.
func TestTokensAhead(t *testing.T) {
	const images = 12
	source, destination := startGuarded(t), startGuarded(t)
	list := fill(source, destination, images)
	for _, g := range []*guarded{source, destination} {
		g.hold = func(ctx context.Context, g *guarded, n int) {
			if n == 0 { // before its token, nothing is known of the registry
				return
			}
			last := min(n+2, images-1)
			for next := n + 1; next <= last; next++ {
				select {
				case <-g.token(app(next)):
				case <-ctx.Done(): // the run was given up
				}
			}
			g.mu.Lock()
			defer g.mu.Unlock()
			if want := last + 1; len(g.tokens) != want {
				t.Errorf("while app%d was read, tokens were asked for %v, want the first %d", n, g.tokens, want)
			}
		}
	}
	validateGuarded(t, t.TempDir(), list, job.ExitOK, nil, "validate.star", "-j", "1")
	for _, g := range []*guarded{source, destination} {
		got := slices.Sorted(slices.Values(g.tokens))
		want := slices.Sorted(slices.Values(apps(images)))
		if !slices.Equal(got, want) || g.pings != 1 {
			t.Errorf("%d pings, tokens for %v; want 1 ping, tokens for %v", g.pings, got, want)
		}
	}
}

// TestTokensNotAhead lists the images for which no token is fetched ahead.
func TestTokensNotAhead(t *testing.T) {
	const images = 8
	for _, test := range []struct {
		name                string
		prepare             func(t *testing.T, dir string, source, destination *guarded, list string) string // returns the list
		login               string
		variables           map[string]string
		arguments           []string
		status              int
		source, destination []string // the repositories for which tokens are asked
	}{
		{
			name:      "the source, which these rules never ask",
			arguments: []string{"validate.star", "--rules", "present"}, destination: apps(images),
		},
		{
			name: "an image that an earlier run has validated",
			prepare: func(t *testing.T, dir string, _, destination *guarded, list string) string {
				for _, n := range []int{0, images - 1} {
					pushList(destination.Registry, app(n), "1.0", "another", amd64)
				}
				validateGuarded(t, dir, list, job.ExitFailed, nil, "validate.star", "--results", "r.jsonl")
				for _, n := range []int{0, images - 1} {
					pushList(destination.Registry, app(n), "1.0", app(n), amd64)
				}
				return list
			},
			arguments: []string{"validate.star", "--results", "r.jsonl", "--resume"},
			source:    []string{app(0), app(images - 1)}, destination: []string{app(0), app(images - 1)},
		},
		{
			name: "a line that is no image",
			prepare: func(_ *testing.T, _ string, _, _ *guarded, list string) string {
				lines := strings.SplitAfter(list, "\n")
				lines[3] = "no image: at all\n"
				return strings.Join(lines, "")
			},
			arguments: []string{"validate.star"}, status: job.ExitUnchecked,
			source: slices.Delete(apps(images), 3, 4), destination: slices.Delete(apps(images), 3, 4),
		},
		{
			name: "a registry that has not accepted the login", login: "user:right",
			prepare: func(t *testing.T, dir string, _, _ *guarded, list string) string {
				write(t, filepath.Join(dir, "ends.star"), `
def main():
    results = parallel(lambda i: validate(i, rules = "present") if i.number in (1, 8) else None, load_list())
    write_failed([r for r in results if r])
`)
				return list
			},
			variables: map[string]string{"DEST_USERNAME": "user", "DEST_PASSWORD": "wrong"},
			arguments: []string{"ends.star"}, status: job.ExitUnchecked,
			destination: []string{app(0), app(images - 1)},
		},
		{
			name: "a registry that has accepted the login", login: "user:right",
			variables: map[string]string{"DEST_USERNAME": "user", "DEST_PASSWORD": "right"},
			arguments: []string{"validate.star"}, source: apps(images), destination: apps(images),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			source, destination := startGuarded(t), startGuarded(t)
			list := fill(source, destination, images)
			if test.prepare != nil {
				list = test.prepare(t, dir, source, destination, list)
				source.tokens, destination.tokens = nil, nil // of the run in prepare
			}
			destination.login = test.login
			variables := maps.Clone(test.variables)
			if variables != nil {
				variables["DEST_REGISTRY"] = destination.host
			}
			validateGuarded(t, dir, list, test.status, variables, test.arguments...)
			for _, side := range []struct {
				name string
				got  *guarded
				want []string
			}{{"source", source, test.source}, {"destination", destination, test.destination}} {
				if got := slices.Sorted(slices.Values(side.got.tokens)); !slices.Equal(got, side.want) {
					t.Errorf("at the %s tokens were asked for %v, want %v", side.name, got, side.want)
				}
			}
		})
	}
}
