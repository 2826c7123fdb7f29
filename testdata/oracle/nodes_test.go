package oracle

import (
	"fmt"
	"hash/fnv"
	"io"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/containerd/log"
)

// copiesOfEach is how many random images each change is tried with.
const copiesOfEach = 8

// pair is a random image, and what a mirror made of it.
type pair struct {
	repository string
	group      string // the change that is tried
	how        string // what else happened
	platforms  []string
	unusual    bool // some nodes cannot choose an image of the source
	mustPass   bool
}

// copier makes pairs. Each one has random numbers of its own.
type copier struct {
	source, destination *shelf
	groups              []string // in the order of the tests
	pairs               map[string][]pair
	repositories        []string
}

// add makes a pair. original and apply say how, and head how its tag answers HEAD.
func (c *copier) add(p pair, original func(*rand.Rand) tree, apply func(*rand.Rand, tree) tree, head func(*shelf, string, string) http.HandlerFunc) {
	p.repository = fmt.Sprintf("team/image-%d", len(c.repositories))
	c.repositories = append(c.repositories, p.repository)
	r := rand.New(rand.NewSource(seedOf(p.group, p.how, len(c.pairs[p.group]))))
	source := original(r)
	c.source.put(p.repository, "1", source)
	p.platforms = source.platforms()
	first := harmless[r.Intn(len(harmless))]
	p.how += " after " + first.name
	root := c.destination.put(p.repository, "1", apply(r, first.apply(r, source)))
	if head != nil {
		c.destination.heads[p.repository+"/manifests/1"] = head(c.destination, p.repository, root["digest"].(string))
	}
	if len(c.pairs[p.group]) == 0 {
		c.groups = append(c.groups, p.group)
	}
	c.pairs[p.group] = append(c.pairs[p.group], p)
}

// seedOf returns a seed that stays the same when other changes are added to the tests.
func seedOf(of ...any) int64 {
	hash := fnv.New64()
	fmt.Fprint(hash, of...)
	return int64(hash.Sum64())
}

// addAll tries every change with random images.
func (c *copier) addAll() {
	for range copiesOfEach {
		for _, change := range harmless {
			c.add(pair{group: "harmless", how: change.name, mustPass: true}, randomTree, change.apply, nil)
			for _, source := range unusual {
				c.add(pair{group: "a source with " + source.name, how: change.name, unusual: true}, source.make, change.apply, nil)
			}
		}
		for _, change := range harmful {
			c.add(pair{group: change.name}, randomTree, change.apply, nil)
		}
		for _, answer := range answers {
			c.add(pair{group: answer.name}, randomTree, harmless[0].apply, answer.head)
		}
	}
}

// TestNodesGetTheSame mirrors random images with random changes. Whatever passes under
// the rules content at depth data is what every node gets at the source.
func TestNodesGetTheSame(t *testing.T) {
	log.L.Logger.SetOutput(io.Discard) // containerd's
	c := copier{source: newShelf(), destination: newShelf(), pairs: map[string][]pair{}}
	c.addAll()
	from, to := serve(t, c.source), serve(t, c.destination)
	var lines strings.Builder
	for _, repository := range c.repositories {
		fmt.Fprintf(&lines, "%s %[1]s 1\n", repository)
	}
	got := validate(t, lines.String(), "-s", from, "-d", to, "--rules", "content", "--depth", "data")
	var pulls atomic.Int64
	t.Run("changes", func(t *testing.T) {
		for _, group := range c.groups {
			t.Run(group, func(t *testing.T) {
				t.Parallel()
				for _, p := range c.pairs[group] {
					r := got.results[p.repository]
					if r.Status == "pass" {
						pulls.Add(pullBoth(t, p, r, from, to))
					} else if p.mustPass {
						t.Errorf("%s, %s: %s %s: %s", p.repository, p.how, r.Status, r.Reason, r.Message)
					}
				}
			})
		}
	})
	if least := int64(len(harmless) * copiesOfEach * 2); pulls.Load() < least {
		t.Errorf("the nodes compared %d images, want at least %d", pulls.Load(), least)
	}
}

// serve starts a server, and returns its address.
func serve(t *testing.T, s *shelf) string {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// otherWords is a part of the warning that the destination's list names a platform in
// other words, which CRI-O does not find.
const otherWords = "CRI-O and Podman compare the words, and do not find it"

// pullBoth has the nodes of the image's platforms pull from both registries. It returns
// how many nodes could pull at the source. Of a usual source, all nodes can. Nodes of
// CRI-O are left out where the result warns that they do not find the image.
func pullBoth(t *testing.T, p pair, r result, from, to string) int64 {
	t.Helper()
	count := int64(0)
	for _, n := range nodes {
		if !slices.ContainsFunc(p.platforms, func(platform string) bool { return strings.HasPrefix(platform, n.platform) }) {
			continue // an image of another platform does not run there
		}
		if strings.Contains(n.name, "CRI-O") && strings.Contains(strings.Join(r.Warnings, " "), otherWords) {
			continue
		}
		want, err := n.pull(t.Context(), from+"/"+p.repository+":1", emptyFolder(t))
		if !strings.HasPrefix(n.platform+"/", want.platform+"/") || err != nil && p.unusual {
			continue // the node makes do with an image of an older architecture, or with none
		}
		if err != nil {
			t.Fatalf("%s cannot pull %s at the source: %v", n.name, p.repository, err)
		}
		count++
		got, err := n.pull(t.Context(), to+"/"+p.repository+":1", emptyFolder(t))
		if err != nil {
			t.Errorf("%s, %s, passes, but %s cannot pull: %v", p.repository, p.how, n.name, err)
		} else if got != want {
			t.Errorf("%s, %s, passes, but %s gets\n%v, want\n%v", p.repository, p.how, n.name, got, want)
		}
	}
	return count
}

// emptyFolder returns a new folder. If it can, it makes the folder in memory, because
// containerd waits until the disk has each file.
func emptyFolder(t *testing.T) string {
	t.Helper()
	parent := "/dev/shm"
	if info, err := os.Stat(parent); err != nil || !info.IsDir() {
		parent = os.TempDir()
	}
	dir, err := os.MkdirTemp(parent, "mvrun-node-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Clean(dir)
}
