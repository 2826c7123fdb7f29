package validate

import (
	"cmp"
	"fmt"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// These tests pull images as nodes do. What passes under the rules "content" is what a
// node gets from the source.

// kubeNode is a node that pulls images.
type kubeNode struct {
	name     string
	platform Platform
	choose   func(kubeNode, []Descriptor) []Descriptor // the entries that the node tries, the best first
	nests    bool                                      // whether it follows a list in a list
	config   bool                                      // whether it checks the config's platform if the list names none
}

var kubeNodes = func() []kubeNode {
	var nodes []kubeNode
	for _, arch := range []string{"amd64", "arm64"} {
		linux := Platform{OS: "linux", Architecture: arch}
		nodes = append(nodes, kubeNode{"containerd", linux, byContainerd(nil), true, true}, kubeNode{"CRI-O", linux, byCRIO, false, false})
	}
	for _, build := range []string{"10.0.17763", "10.0.20348", "10.0.26100"} {
		p := Platform{OS: "windows", Architecture: "amd64", OSVersion: build}
		nodes = append(nodes, kubeNode{"containerd 1", p, byContainerd(numerically), true, true}, kubeNode{"containerd 2", p, byContainerd(textually), true, true},
			kubeNode{"Docker", p, byDocker, false, false})
	}
	return nodes
}()

// matches reports whether containerd on the node takes an entry of a platform.
func (n kubeNode) matches(p Platform) bool {
	a, b := n.platform.normal(), p.normal()
	if a.withoutVersion() != b.withoutVersion() || p.OSFeatures != "" {
		return false
	}
	if !n.platform.isWindows() || p.OSVersion == "" {
		return true
	}
	node, _ := parseWindowsVersion(n.platform.OSVersion)
	version, ok := parseWindowsVersion(p.OSVersion)
	return ok && node.runs(version)
}

func (p Platform) withoutVersion() Platform { p.OSVersion = ""; return p }

func numerically(a, b Platform) int {
	x, _ := parseWindowsVersion(a.OSVersion)
	y, _ := parseWindowsVersion(b.OSVersion)
	return cmp.Or(y.build-x.build, y.revision-x.revision)
}

func textually(a, b Platform) int { return cmp.Compare(b.OSVersion, a.OSVersion) }

func byContainerd(order func(a, b Platform) int) func(kubeNode, []Descriptor) []Descriptor {
	return func(n kubeNode, entries []Descriptor) []Descriptor {
		var found []Descriptor
		for _, entry := range entries {
			if entry.Platform == nil || n.matches(*entry.Platform) {
				found = append(found, entry)
			}
		}
		slices.SortStableFunc(found, func(a, b Descriptor) int {
			switch {
			case a.Platform == nil && b.Platform == nil:
				return 0
			case a.Platform == nil:
				return 1
			case b.Platform == nil:
				return -1
			case order == nil:
				return 0
			}
			return order(*a.Platform, *b.Platform)
		})
		return found
	}
}

func byCRIO(n kubeNode, entries []Descriptor) []Descriptor {
	var found, unlabelled []Descriptor
	for _, entry := range entries {
		switch {
		case entry.Platform == nil:
			unlabelled = append(unlabelled, entry)
		case n.platform.withoutVersion().normal() == entry.Platform.withoutVersion().normal():
			found = append(found, entry)
		}
	}
	return append(found, unlabelled...)
}

func byDocker(n kubeNode, entries []Descriptor) []Descriptor {
	var same, other []Descriptor
	for _, entry := range entries {
		switch {
		case entry.Platform == nil || entry.Platform.withoutVersion().normal() != n.platform.withoutVersion().normal():
		case strings.HasPrefix(entry.Platform.OSVersion, n.platform.OSVersion+"."):
			same = append(same, entry)
		case entry.Platform.OSVersion == "":
			other = append(other, entry)
		}
	}
	return append(same, other...)
}

// pull returns the image that a node gets, or nil if it gets none.
func (n kubeNode) pull(r registry) *Manifest {
	top := r.manifests[""]
	if top == nil || !top.IsList() {
		return top
	}
	for level := 0; ; level++ {
		entries := n.choose(n, top.Children)
		if len(entries) == 0 {
			return nil
		}
		entry := entries[0]
		m := r.manifests[entry.Digest]
		switch {
		case m == nil || m.IsList() != isListType(entry.MediaType) || !slices.Contains(ManifestTypes, entry.MediaType) || m.IsList() && !n.nests || level > maxLevels:
			return nil
		case m.IsList():
			top = m
			continue
		case entry.Platform == nil && n.config:
			if config := r.configs[m.Config.Digest]; config == nil || !n.matches(config.Platform) {
				return nil
			}
		}
		return m
	}
}

// sameImage reports whether two images run in the same way.
func sameImage(source registry, from *Manifest, destination registry, to *Manifest) bool {
	if from.Digest == to.Digest {
		return true
	}
	contents := func(r registry, m *Manifest) (ids []string) {
		for _, layer := range m.Layers {
			ids = append(ids, r.blobs[layer.Digest].DiffID)
		}
		return ids
	}
	a, b := source.configs[from.Config.Digest], destination.configs[to.Config.Digest]
	return a != nil && b != nil && reflect.DeepEqual(a.Runtime, b.Runtime) && slices.Equal(contents(source, from), contents(destination, to))
}

var labels = []string{"linux/amd64", "linux/amd64/v1", "linux/amd64:1", "linux/arm64", "linux/arm64/v8", "linux/s390x", "windows/amd64", "windows/amd64:10.0.17763.5",
	"windows/amd64:10.0.17763.10", "windows/amd64:10.0.17763.9", "windows/amd64:10.0.20348.1", "windows/amd64:10.0.26100.3", "windows/amd64:new"}

func randomEntry(r *rand.Rand) node {
	p := labels[r.Intn(len(labels))]
	n := []func(string, ...string) node{docker, oci}[r.Intn(2)](p, "base", fmt.Sprint(r.Intn(3)))
	if r.Intn(6) == 0 {
		n = n.as("")
	}
	return n
}

// changes are what may happen to a list on its way, good and bad.
var changes = []func(*rand.Rand, []node) []node{
	func(r *rand.Rand, n []node) []node { return slices.Insert(n, r.Intn(len(n)+1), randomEntry(r)) },
	func(r *rand.Rand, n []node) []node { return slices.Insert(n, r.Intn(len(n)+1), n[r.Intn(len(n))]) },
	func(r *rand.Rand, n []node) []node { i := r.Intn(len(n)); return slices.Delete(n, i, i+1) },
	func(r *rand.Rand, n []node) []node {
		r.Shuffle(len(n), func(i, j int) { n[i], n[j] = n[j], n[i] })
		return n
	},
	change(func(r *rand.Rand, n node) node { return n.as(labels[r.Intn(len(labels))]) }),
	change(func(_ *rand.Rand, n node) node { return n.as("") }),
	change(func(_ *rand.Rand, n node) node { return n.as(n.runsOn) }),
	change(func(_ *rand.Rand, n node) node { return n.converted() }),
	change(func(_ *rand.Rand, n node) node { return n.built("anew") }),
	change(func(_ *rand.Rand, n node) node { return n.wanting("gpu") }),
	change(func(_ *rand.Rand, n node) node { return n.typed(TypeOCIIndex) }),
	change(func(_ *rand.Rand, n node) node { return n.typed("application/json") }),
	change(func(_ *rand.Rand, n node) node { return index(n).typed(TypeOCIIndex).as(n.listed) }),
	change(func(_ *rand.Rand, n node) node { return index(n).typed(TypeOCIIndex) }),
}

// change returns a change of one random entry.
func change(f func(*rand.Rand, node) node) func(*rand.Rand, []node) []node {
	return func(r *rand.Rand, n []node) []node {
		i := r.Intn(len(n))
		n[i] = f(r, n[i])
		return n
	}
}

func TestNodesGetWhatPasses(t *testing.T) {
	passed, pulled := 0, 0
	for seed := range int64(1500) {
		r := rand.New(rand.NewSource(seed))
		var entries []node
		for range 1 + r.Intn(4) {
			entries = append(entries, randomEntry(r))
		}
		if r.Intn(4) == 0 {
			entries = changes[r.Intn(len(changes))](r, entries)
		}
		copied := slices.Clone(entries)
		for range r.Intn(4) {
			if len(copied) > 0 {
				copied = changes[r.Intn(len(changes))](r, copied)
			}
		}
		test := contentTest{source: index(entries...), destination: index(copied...), depth: Data}
		if len(entries) == 1 && r.Intn(2) == 0 && entries[0].children == nil {
			test.source = entries[0]
		}
		verdict, _ := test.validate(t)
		if verdict.Status != Pass {
			continue
		}
		passed++
		source, destination := hold(t, test.source), hold(t, test.destination)
		for _, node := range kubeNodes {
			from := node.pull(source)
			if from == nil || !node.matches(source.configs[from.Config.Digest].Platform) { // the node could not run it
				continue
			}
			pulled++
			to := node.pull(destination)
			if to == nil && node.name == "Docker" { // it takes no entry that names no platform, and needs not be able to
				continue
			}
			if to == nil || !sameImage(source, from, destination, to) {
				t.Errorf("seed %d: %s %s gets another image from the destination:\n%s\n%s", seed, node.name, node.platform, describe(test.source), describe(test.destination))
			}
		}
	}
	if passed < 500 || pulled < 500 {
		t.Errorf("only %d lists passed, and only %d images were pulled", passed, pulled)
	}
}

// describe writes a list for a message.
func describe(n node) string {
	if n.children == nil {
		return fmt.Sprintf("%s %s %s (as %s, %s%s)", n.digest()[7:13], n.runsOn, strings.Join(n.layers, "+"), n.listed, n.listedAs, n.features)
	}
	var all []string
	for _, child := range n.children {
		all = append(all, describe(child))
	}
	return "[as " + n.listed + ": " + strings.Join(all, ", ") + "]"
}
