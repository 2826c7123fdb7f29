package validate

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
)

// These tests compare random images. An image equals itself, and every copy that
// keeps its layers and its runtime configuration. The rules find every other
// change.

// randomImage returns an image, or a list with some wanted and some unwanted
// platforms. Some of the lists have an attestation.
func randomImage(r *rand.Rand) node {
	build := []func(string, ...string) node{docker, oci}[r.Intn(2)]
	platforms := []string{"linux/amd64", "linux/arm64/v8", "linux/s390x", "linux/arm/v6", win2019, win2022}
	r.Shuffle(len(platforms)-1, func(i, j int) { platforms[i+1], platforms[j+1] = platforms[j+1], platforms[i+1] })
	var images []node
	for _, p := range platforms[:1+r.Intn(4)] {
		layers := []string{"base"}
		for i := range 1 + r.Intn(3) {
			layers = append(layers, fmt.Sprintf("%s %d", p, i))
		}
		images = append(images, build(p, layers...).with(fmt.Sprintf(`{"Env":["A=%d"],"Cmd":["run"],"Labels":{"a":"b"}}`, r.Intn(3))))
	}
	if len(images) == 1 && r.Intn(2) == 0 {
		return images[0]
	}
	if r.Intn(3) == 0 {
		images = append(images, attestation.attesting(images[0]))
	}
	if build("linux/amd64").kind == TypeOCIManifest {
		return index(images...)
	}
	return list(images...)
}

// each returns a copy of n in which change has replaced every image, except
// attestations.
func (n node) each(change func(node) node) node {
	if n.children == nil {
		return change(n)
	}
	children := slices.Clone(n.children)
	for i, child := range children {
		if child.annotations == nil {
			children[i] = child.each(change)
		}
	}
	n.children = children
	return n
}

// copying lists what tools do to an image when they copy it.
var copying = []struct {
	name  string
	weak  Match // the best match that the copy can have; "" if the images stay as they are
	apply func(*rand.Rand, node) node
}{
	{"as it is", "", func(_ *rand.Rand, n node) node { return n }},
	{"another order", "", func(r *rand.Rand, n node) node {
		n.children = slices.Clone(n.children)
		r.Shuffle(len(n.children), func(i, j int) { n.children[i], n.children[j] = n.children[j], n.children[i] })
		return n
	}},
	{"only what is wanted", "", func(_ *rand.Rand, n node) node {
		q := question("", "")
		n.children = slices.DeleteFunc(slices.Clone(n.children), func(child node) bool { return child.children == nil && !q.wanted(platform(child.listed)) })
		return n
	}},
	{"as an index", "", func(_ *rand.Rand, n node) node {
		if n.children == nil {
			return index(n)
		}
		n.kind = TypeOCIIndex
		return n
	}},
	{"as a Docker list", "", func(_ *rand.Rand, n node) node {
		if n.children == nil {
			return list(n)
		}
		n.kind = TypeDockerList
		return n
	}},
	{"flattened", "", func(_ *rand.Rand, n node) node {
		if len(n.children) == 1 && n.children[0].children != nil {
			return n.children[0]
		}
		return n
	}},
	{"converted", Converted, func(_ *rand.Rand, n node) node {
		return n.each(func(n node) node { n.kind, n.listedAs = TypeDockerManifest, TypeDockerManifest; return n })
	}},
	{"configs written anew", Converted, func(_ *rand.Rand, n node) node { return n.each(func(n node) node { return n.built("anew") }) }},
	{"packed anew", Recompressed, func(_ *rand.Rand, n node) node {
		return n.each(func(n node) node {
			n.layers = slices.Clone(n.layers)
			for i := range n.layers {
				n.layers[i] += ".zst"
			}
			return n
		})
	}},
}

// nested returns n inside another list. A single image is put into two lists.
func (n node) nested() node {
	if n.children == nil {
		n = index(n)
	}
	return index(n.typed(n.kind))
}

func TestCopiesPass(t *testing.T) {
	for seed := range int64(150) {
		r := rand.New(rand.NewSource(seed))
		source := randomImage(r)
		if r.Intn(4) == 0 {
			source = source.nested()
		}
		first, second := copying[r.Intn(len(copying))], copying[r.Intn(len(copying))]
		destination := second.apply(r, first.apply(r, source))
		for _, depth := range []Depth{Manifests, Blobs, Data} {
			name := fmt.Sprintf("seed %d, %s, %s, %s", seed, first.name, second.name, depth)
			verdict, _ := contentTest{source: source, destination: destination, depth: depth}.validate(t)
			want := SamePlatforms
			switch {
			case source.digest() == destination.digest():
				want = Identical
			case first.weak == Recompressed || second.weak == Recompressed:
				want = Recompressed
			case !slices.Equal(wantedDigests(source), wantedDigests(destination)):
				want = Converted
			}
			if verdict.Status != Pass || verdict.Match != want {
				t.Fatalf("%s: %s %s %s %s, want a pass, %s", name, verdict.Status, verdict.Reason, verdict.Match, verdict.Message, want)
			}
			exact, _ := contentTest{source: source, destination: destination, rules: Exact, depth: depth}.validate(t)
			if (exact.Status == Pass) != (want == Identical) {
				t.Fatalf("%s, exact: %s %s", name, exact.Status, exact.Message)
			}
		}
	}
}

// TestNestedCopiesFail puts good copies into one more list. Many nodes cannot pull an
// image from a list in a list.
func TestNestedCopiesFail(t *testing.T) {
	for seed := range int64(100) {
		r := rand.New(rand.NewSource(seed))
		source := randomImage(r)
		how := copying[r.Intn(len(copying))]
		destination := how.apply(r, source).nested()
		verdict, _ := contentTest{source: source, destination: destination}.validate(t)
		if verdict.Status != Fail || verdict.Reason != PlatformDiffers {
			t.Fatalf("seed %d, %s: %s %s %s", seed, how.name, verdict.Status, verdict.Reason, verdict.Message)
		}
		if verdict, _ := (contentTest{source: destination, destination: destination}).validate(t); verdict.Status != Pass {
			t.Fatalf("seed %d, %s, nested on both sides: %s %s %s", seed, how.name, verdict.Status, verdict.Reason, verdict.Message)
		}
	}
}

// wantedDigests returns the digests of the images of n that a default question asks
// about.
func wantedDigests(n node) []string {
	q := question("", "")
	var found []string
	if n.children == nil {
		found = append(found, n.digest())
	}
	for _, child := range n.children {
		switch {
		case child.children != nil:
			found = append(found, wantedDigests(child)...)
		case q.wanted(platform(child.listed)):
			found = append(found, child.digest())
		}
	}
	slices.Sort(found)
	return found
}

// spoiling lists what may go wrong with an image, and the depth that finds it.
var spoiling = []struct {
	name  string
	depth Depth
	apply func(node) node
}{
	{"another layer", Manifests, func(n node) node { return n.withLayers(append(slices.Clone(n.layers[1:]), "else")...) }},
	{"a layer less", Manifests, func(n node) node { return n.withLayers(n.layers[1:]...) }},
	{"a variable", Manifests, func(n node) node { return n.with(`{"Env":["A=9"],"Cmd":["run"],"Labels":{"a":"b"}}`) }},
	{"a label", Manifests, func(n node) node { return n.with(`{"Env":["A=0"],"Cmd":["run"],"Labels":{"a":"c"}}`) }},
	{"missing", Manifests, func(n node) node { return n.missing() }},
	{"another platform", Manifests, func(n node) node { n.listed, n.runsOn = "linux/riscv64", "linux/riscv64"; return n }},
	{"a missing layer", Blobs, func(n node) node { return n.without(n.layers[len(n.layers)-1]) }},
	{"a layer cut short", Blobs, func(n node) node { return n.cutting(n.layers[len(n.layers)-1]) }},
	{"a corrupt layer", Data, func(n node) node { return n.spoiling(n.layers[len(n.layers)-1]) }},
}

func TestChangesAreFound(t *testing.T) {
	q := question("", "")
	for seed := range int64(150) {
		r := rand.New(rand.NewSource(seed))
		source := randomImage(r)
		how := copying[r.Intn(len(copying)-1)] // not the last one, because a layer that is packed anew may look like another layer
		wrong := spoiling[r.Intn(len(spoiling))]
		done := false
		destination := how.apply(r, source.each(func(n node) node {
			if done || !q.wanted(platform(n.runsOn)) {
				return n
			}
			done = true
			return wrong.apply(n)
		}))
		for i, depth := range []Depth{Manifests, Blobs, Data} {
			verdict, _ := contentTest{source: source, destination: destination, depth: depth}.validate(t)
			want := Fail
			if slices.Index([]Depth{Manifests, Blobs, Data}, wrong.depth) > i {
				want = Pass
			}
			if verdict.Status != want {
				t.Fatalf("seed %d, %s, %s, %s: %s %s %s", seed, how.name, wrong.name, depth, verdict.Status, verdict.Reason, verdict.Message)
			}
		}
	}
}

func TestSample(t *testing.T) {
	all := make([]string, 5000)
	for i := range all {
		all[i] = Digest([]string{"sha256", "sha512"}[i%2], []byte(fmt.Sprint(i)))
	}
	count := func(s string) int {
		sample, err := ParseSample(s)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, digest := range all {
			if sample.picks(digest) {
				n++
			}
		}
		return n
	}
	if got := count("100%"); got != len(all) {
		t.Errorf("100%% are %d of %d", got, len(all))
	}
	if got := count("5%"); got < 150 || got > 350 {
		t.Errorf("5%% are %d of %d", got, len(all))
	}
	week := 0
	for day := range 7 {
		week += count(fmt.Sprintf("%d/7", day+1))
	}
	if week != len(all) {
		t.Errorf("a week covers %d of %d", week, len(all))
	}
	half := "sha256:8" + strings.Repeat("0", 63)
	if (Sample{0, .5}).picks(half) || !(Sample{.5, 1}).picks(half) {
		t.Error("a digest between two parts is not in the second alone")
	}
	for _, wrong := range []string{"", "5", "0%", "-1%", "101%", "NaN%", "0/7", "8/7", "1/0", "a/b", "1/", "%"} {
		if _, err := ParseSample(wrong); err == nil {
			t.Errorf("%q is a sample", wrong)
		}
	}
}
