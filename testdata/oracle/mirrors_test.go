package oracle

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// verdicts are the expected results of one image. A key is the rules and the depth of a
// run ("content/data"), its rules or its depth. The key "" holds the result of all other runs.
type verdicts map[string]string

func (v verdicts) of(rules, depth string) string {
	for _, key := range []string{rules + "/" + depth, rules, depth} {
		if verdict, ok := v[key]; ok {
			return verdict
		}
	}
	return v[""]
}

// These verdicts are those of many mirrors.
var (
	identical = verdicts{"": "pass identical"}
	missing   = verdicts{"": "fail destination-missing"}
	stale     = verdicts{"": "fail digest-differs"}

	// The destination is no Docker list, which Hangar's rules ask for.
	identicalNoList = noList("pass identical", "pass identical")
	sameNoList      = noList("pass same-platforms", "fail digest-differs")
	convertedNoList = noList("pass converted", "fail digest-differs")
	repackedNoList  = noList("pass recompressed", "fail digest-differs")
	onePlatform     = noList("fail platform-missing", "fail digest-differs")
	staleNoList     = noList("fail digest-differs", "fail digest-differs")

	same      = verdicts{"": "pass same-platforms", "exact": "fail digest-differs"}
	converted = verdicts{"": "pass converted", "exact": "fail digest-differs"}
)

func noList(content, exact string) verdicts {
	return verdicts{"hangar": "fail destination-type", "content": content, "exact": exact}
}

// mirror is a way in which an image gets from one registry to another.
type mirror struct {
	name string
	// source is what the first registry has: "list" and "single" are of Docker's
	// media types, "index" and "oci" of OCI's. A "chart" is no image.
	source string
	// run is the command line of a tool. If it is empty, nothing reaches the
	// destination.
	run string
	// damage is what happens at the destination afterwards.
	damage func(t *testing.T, r registry, repository string)
	want   verdicts
}

// copies are the mirrors that tools make and that nobody damages.
var copies = []mirror{
	{"crane-list", "list", "crane copy FROM TO", nil, identical},
	{"regctl-list", "list", "regctl image copy FROM TO", nil, identical},
	{"oras-list", "list", "oras cp FROM TO", nil, identical},
	{"skopeo-list", "list", "skopeo copy --all FROM TO", nil, identical},
	{"crane-index", "index", "crane copy FROM TO", nil, identicalNoList},
	{"regctl-index", "index", "regctl image copy FROM TO", nil, identicalNoList},
	{"oras-index", "index", "oras cp FROM TO", nil, identicalNoList},
	{"crane-single", "single", "crane copy FROM TO", nil, identicalNoList},
	{"regctl-single", "single", "regctl image copy FROM TO", nil, identicalNoList},
	{"oras-single", "single", "oras cp FROM TO", nil, identicalNoList},
	{"skopeo-single", "single", "skopeo copy FROM TO", nil, identicalNoList},

	// The tool copies some of the platforms.
	{"crane-platform", "list", "crane copy --platform linux/amd64 FROM TO", nil, onePlatform},
	{"regctl-platform", "list", "regctl image copy --platform linux/amd64 FROM TO", nil, onePlatform},
	{"oras-platform", "list", "oras cp --platform linux/amd64 FROM TO", nil, onePlatform},
	{"skopeo-platform", "list", "skopeo copy --override-os linux --override-arch amd64 FROM TO", nil, onePlatform},
	{"crane-filter", "list", "crane index filter FROM --platform linux/amd64 --platform linux/arm64 -t TO", nil, same},
	{"crane-filter-index", "index", "crane index filter FROM --platform linux/amd64 --platform linux/arm64 -t TO", nil, sameNoList},
	{"crane-filter-one", "list", "crane index filter FROM --platform linux/amd64 --platform linux/s390x -t TO", nil, verdicts{"": "fail platform-missing", "exact": "fail digest-differs"}},
	{"crane-filter-none", "list", "crane index filter FROM --platform linux/riscv64 -t TO", nil, verdicts{"": "fail destination-empty"}},
	{"regctl-create", "list", "regctl index create TO --ref FROM --platform linux/amd64 --platform linux/arm64", nil, sameNoList},
	{"regctl-create-list", "index", "regctl index create TO --media-type application/vnd.docker.distribution.manifest.list.v2+json --ref FROM --platform linux/amd64 --platform linux/arm64", nil, same},

	// The tool makes a list of a single image.
	{"crane-append", "single", "crane index append --docker-empty-base -m FROM -t TO", nil, same},
	{"crane-append-index", "single", "crane index append -m FROM -t TO", nil, sameNoList},

	// The tool converts.
	{"regctl-oci", "list", "regctl image mod FROM --to-oci --create TO", nil, convertedNoList},
	{"regctl-docker", "index", "regctl image mod FROM --to-docker --create TO", nil, converted},
	{"regctl-single-oci", "single", "regctl image mod FROM --to-oci --create TO", nil, convertedNoList},
	{"regctl-data", "index", "regctl image mod FROM --data-max 1000 --create TO", nil, convertedNoList},
	{"regctl-zstd", "index", "regctl image mod FROM --layer-compress zstd --create TO", nil, repackedNoList},
	{"regctl-unpacked", "index", "regctl image mod FROM --layer-compress none --create TO", nil, repackedNoList},
	{"skopeo-oci", "list", "skopeo copy --all --format oci FROM TO", nil, convertedNoList},
	{"skopeo-docker", "index", "skopeo copy --all --format v2s2 FROM TO", nil, converted},
	{"skopeo-zstd", "index", "skopeo copy --all --dest-compress-format zstd FROM TO", nil, repackedNoList},
	{"skopeo-single-oci", "single", "skopeo copy --format oci FROM TO", nil, convertedNoList},
	{"skopeo-single-docker", "oci", "skopeo copy --format v2s2 FROM TO", nil, convertedNoList},

	// The tool makes another image.
	{"crane-env", "single", "crane mutate FROM --env A=2 -t TO", nil, staleNoList},
	{"crane-label", "single", "crane mutate FROM --label team=other -t TO", nil, staleNoList},
	{"crane-flatten", "single", "crane flatten FROM -t TO", nil, staleNoList},
	{"regctl-env", "list", "regctl image mod FROM --env A=2 --create TO", nil, stale},
	{"regctl-layer", "single", "regctl image mod FROM --layer-rm-index 1 --create TO", nil, staleNoList},
	{"regctl-time", "list", "regctl image mod FROM --layer-time set=2021-02-03T04:05:06Z --create TO", nil, stale},

	// Charts and other artifacts.
	{"crane-chart", "chart", "crane copy FROM TO", nil, identical},
	{"regctl-chart", "chart", "regctl image copy FROM TO", nil, identical},
	{"oras-chart", "chart", "oras cp FROM TO", nil, identical},
	{"missing-chart", "chart", "", nil, missing},
	{"stale-chart", "chart", "", func(t *testing.T, r registry, repository string) {
		r.push(t, repository, newChart(t, "an older chart"))
	}, stale},

	{"missing", "list", "", nil, missing},
	{"stale", "list", "", func(t *testing.T, r registry, repository string) {
		r.push(t, repository, newList(t, "an older build", docker))
	}, stale},
	{"stale-index", "list", "", func(t *testing.T, r registry, repository string) {
		r.push(t, repository, newList(t, "an older build", oci))
	}, staleNoList},
}

// damages are mirrors that a tool makes well, and that lose something afterwards.
var damages = []mirror{
	{"lost-list", "list", "crane copy FROM TO", lose(theList), missing},
	{"lost-child", "list", "regctl image copy FROM TO", lose(theImage), verdicts{"": "fail child-missing"}},
	{"lost-child-index", "index", "oras cp FROM TO", lose(theImage), verdicts{"hangar": "fail destination-type", "": "fail child-missing"}},
	{"lost-child-converted", "index", "skopeo copy --all --format v2s2 FROM TO", lose(theImage), verdicts{"exact": "fail digest-differs", "": "fail child-missing"}},
	{"lost-config", "list", "crane copy FROM TO", lose(theConfig), verdicts{"manifests": "pass identical", "": "fail blob-missing"}},
	{"lost-layer", "list", "regctl image copy FROM TO", lose(theLayer), verdicts{"manifests": "pass identical", "": "fail blob-missing"}},
	{"lost-layer-single", "single", "oras cp FROM TO", lose(theLayer), verdicts{
		"hangar": "fail destination-type", "manifests": "pass identical", "": "fail blob-missing"}},
	{"lost-layer-converted", "list", "skopeo copy --all --format oci FROM TO", lose(theLayer), verdicts{
		"hangar": "fail destination-type", "exact": "fail digest-differs", "manifests": "pass converted", "": "fail blob-missing"}},
	{"lost-layer-zstd", "index", "regctl image mod FROM --layer-compress zstd --create TO", lose(theLayer), verdicts{
		"hangar": "fail destination-type", "exact": "fail digest-differs", "manifests": "pass recompressed", "": "fail blob-missing"}},
	{"lost-layer-chart", "chart", "oras cp FROM TO", lose(theLayer), verdicts{"manifests": "pass identical", "": "fail blob-missing"}},

	{"cut-layer", "list", "oras cp FROM TO", cut(theLayer), verdicts{"manifests": "pass identical", "": "fail blob-size"}},
	{"cut-layer-zstd", "index", "skopeo copy --all --dest-compress-format zstd FROM TO", cut(theLayer), verdicts{
		"hangar": "fail destination-type", "exact": "fail digest-differs", "manifests": "pass recompressed", "": "fail blob-size"}},

	{"spoilt-layer", "list", "skopeo copy --all FROM TO", spoil(theLayer), verdicts{"data": "fail blob-corrupt", "": "pass identical"}},
	{"spoilt-layer-single", "single", "crane copy FROM TO", spoil(theLayer), verdicts{
		"hangar": "fail destination-type", "data": "fail blob-corrupt", "": "pass identical"}},
	{"spoilt-layer-converted", "index", "regctl image mod FROM --to-docker --create TO", spoil(theLayer), verdicts{
		"exact": "fail digest-differs", "data": "fail blob-corrupt", "": "pass converted"}},
	{"spoilt-config", "list", "oras cp FROM TO", spoil(theConfig), verdicts{"data": "fail blob-corrupt", "": "pass identical"}},
	{"spoilt-layer-chart", "chart", "regctl image copy FROM TO", spoil(theLayer), verdicts{"data": "fail blob-corrupt", "": "pass identical"}},

	{"spoilt-list", "list", "crane copy FROM TO", spoil(theList), verdicts{"": "fail manifest-corrupt"}},
	{"spoilt-index", "index", "oras cp FROM TO", spoil(theList), verdicts{"": "fail manifest-corrupt"}},
	{"spoilt-single", "single", "skopeo copy FROM TO", spoil(theImage), verdicts{"": "fail manifest-corrupt"}},
	{"spoilt-child", "list", "regctl image copy FROM TO", spoil(theImage), verdicts{"manifests": "pass identical", "": "fail manifest-corrupt"}},
}

func theList(s stored) v1.Hash   { return s.list }
func theImage(s stored) v1.Hash  { return s.image }
func theConfig(s stored) v1.Hash { return s.config }
func theLayer(s stored) v1.Hash  { return s.layer }

// at returns the damage that change does to one part of the image.
func at(part func(stored) v1.Hash, change func(registry, *testing.T, string, v1.Hash)) func(*testing.T, registry, string) {
	return func(t *testing.T, r registry, repository string) {
		t.Helper()
		change(r, t, repository, part(r.find(t, repository)))
	}
}

func lose(part func(stored) v1.Hash) func(*testing.T, registry, string) {
	return at(part, registry.lose)
}

func cut(part func(stored) v1.Hash) func(*testing.T, registry, string) {
	return at(part, registry.cut)
}

func spoil(part func(stored) v1.Hash) func(*testing.T, registry, string) {
	return at(part, registry.spoil)
}

// newSource returns what the source registry has for a mirror. No other mirror has the
// same layers, so that damage to one does not reach another.
func (m mirror) newSource(t *testing.T) any {
	t.Helper()
	switch m.source {
	case "list":
		return newList(t, m.name, docker)
	case "index":
		return newList(t, m.name, oci)
	case "single":
		return newImage(t, m.name, amd64, docker)
	case "oci":
		return newImage(t, m.name, amd64, oci)
	case "chart":
		return newChart(t, m.name)
	}
	t.Fatalf("%s: there is no source %q", m.name, m.source)
	return nil
}

// TestMirrors has real tools mirror images between two registries of one kind, damages
// some of the mirrors, and validates all of them under all rules and at all depths.
func TestMirrors(t *testing.T) {
	tools := buildTools(t)
	for _, kind := range registries {
		t.Run(kind.name, func(t *testing.T) {
			source, destination := kind.start(t), kind.start(t)
			mirrors := append(append([]mirror(nil), copies...), damages...)
			makeMirrors(t, tools, source, destination, mirrors)
			var lines strings.Builder
			for _, m := range mirrors {
				fmt.Fprintf(&lines, "team/%s team/%[1]s 1\n", m.name)
			}
			for _, rules := range []string{"hangar", "content", "exact"} {
				for _, depth := range []string{"manifests", "blobs", "data"} {
					t.Run(rules+"/"+depth, func(t *testing.T) {
						got := validate(t, lines.String(), "-s", source.host, "-d", destination.host, "--rules", rules, "--depth", depth)
						compare(t, got, mirrors, rules, depth)
					})
				}
			}
		})
	}
}

// makeMirrors makes two mirrors at a time.
func makeMirrors(t *testing.T, tools map[string]string, source, destination registry, mirrors []mirror) {
	t.Helper()
	next := make(chan mirror)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for m := range next {
				repository := "team/" + m.name
				if m.run != "" {
					runTool(t, tools, m.run, source, destination, repository)
				}
			}
		})
	}
	for _, m := range mirrors {
		source.push(t, "team/"+m.name, m.newSource(t))
		next <- m
	}
	close(next)
	workers.Wait()
	if t.Failed() {
		t.FailNow()
	}
	for _, m := range mirrors {
		if m.damage != nil {
			m.damage(t, destination, "team/"+m.name)
		}
	}
}

// compare compares the results of a run with what the mirrors want. Each mirror is a
// test of its own.
func compare(t *testing.T, got outcome, mirrors []mirror, rules, depth string) {
	t.Helper()
	if got.status != 1 {
		t.Errorf("exit status %d, want 1\n%s", got.status, got.log)
	}
	for _, m := range mirrors {
		t.Run(m.name, func(t *testing.T) {
			r, want := got.results["team/"+m.name], m.want.of(rules, depth)
			if verdict := r.Status + " " + r.Reason + r.Match; verdict != want {
				t.Errorf("%s (%s), want %s", verdict, r.Message, want)
			}
		})
	}
}

// TestBrokenManifest changes an image's manifest on the disk so that it is no JSON.
// Registries that parse it answer 500, which proves nothing about the manifest.
func TestBrokenManifest(t *testing.T) {
	tools := buildTools(t)
	want := map[string]string{"docker-registry": "error unreachable", "distribution": "error unreachable", "olareg": "fail manifest-corrupt"}
	for _, kind := range registries {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			source, destination := kind.start(t), kind.start(t)
			makeMirrors(t, tools, source, destination, []mirror{{
				name: "broken", source: "list", run: "crane copy FROM TO",
				damage: func(t *testing.T, r registry, repository string) {
					r.rewrite(t, repository, r.find(t, repository).image, func(content []byte) []byte {
						content[0] = '['
						return content
					})
				},
			}})
			r := validate(t, "team/broken team/broken 1\n", "-s", source.host, "-d", destination.host, "--depth", "blobs").results["team/broken"]
			if verdict := r.Status + " " + r.Reason + r.Match; verdict != want[kind.name] {
				t.Errorf("%s (%s), want %s", verdict, r.Message, want[kind.name])
			}
		})
	}
}
