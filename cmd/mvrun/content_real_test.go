package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mvrun/engine/registry/memory"
	"mvrun/validate"
)

// These tests check the rules "content" and "exact", and the depths. skopeo copies and
// converts the images in a docker-registry.

// pushRich pushes an image whose config has everything that a Dockerfile can set.
func pushRich(r *memory.Registry, repository, tag string, runtime map[string]any) {
	config := map[string]any{
		"architecture": "amd64", "os": "linux", "config": runtime, "created": "2026-01-02T03:04:05Z", "author": "a team",
		"history": []any{map[string]any{"created_by": "COPY app"}, map[string]any{"created_by": "ENV A=1", "empty_layer": true}, map[string]any{"created_by": "COPY more"}},
	}
	var layers []memory.Descriptor
	var diffIDs []string
	for _, content := range []string{"base of " + repository, "app of " + repository} {
		image := memory.Image{Platform: amd64, Content: content}
		pushed := r.PushImage(repository, "", image)
		layers = append(layers, r.LayerOf(repository, pushed.Digest))
		diffIDs = append(diffIDs, r.DiffIDOf(repository, pushed.Digest))
	}
	config["rootfs"] = map[string]any{"type": "layers", "diff_ids": diffIDs}
	encode := func(v any) []byte {
		body, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return body
	}
	r.PushManifest(repository, tag, validate.TypeDockerManifest, encode(map[string]any{
		"schemaVersion": 2, "mediaType": validate.TypeDockerManifest, "layers": layers,
		"config": r.PushBlob(repository, "application/vnd.docker.container.image.v1+json", encode(config)),
	}))
}

// manifest reads a manifest from the registry.
func (r realRegistry) manifest(t *testing.T, repository, reference string) (*validate.Manifest, []byte) {
	t.Helper()
	mediaType, body := r.call(t, http.MethodGet, repository+"/manifests/"+reference, "", nil)
	manifest, err := validate.ParseManifest(mediaType, "sha256", body)
	if err != nil {
		t.Fatal(err)
	}
	return manifest, body
}

// indexOf pushes an OCI index of images that are already there under other tags.
func (r realRegistry) indexOf(t *testing.T, repository, tag string, children map[string]validate.Platform) {
	t.Helper()
	var entries []memory.Descriptor
	for child, platform := range children {
		manifest, body := r.manifest(t, repository, child)
		entries = append(entries, memory.Descriptor{MediaType: manifest.MediaType, Size: len(body), Digest: manifest.Digest, Platform: &platform})
	}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": validate.TypeOCIIndex, "manifests": entries})
	if err != nil {
		t.Fatal(err)
	}
	r.call(t, http.MethodPut, repository+"/manifests/"+tag, validate.TypeOCIIndex, index)
}

// blobFile returns the path of the file in which the registry keeps a blob.
func (r realRegistry) blobFile(digest string) string {
	hex := strings.TrimPrefix(digest, "sha256:")
	return filepath.Join(r.dir, "docker/registry/v2/blobs/sha256", hex[:2], hex, "data")
}

// flip changes one byte of a file, as a bad disk may do.
func flip(t *testing.T, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 1
	write(t, file, string(content))
}

func TestRealConversions(t *testing.T) {
	needPrograms(t, "docker-registry", "skopeo")
	t.Setenv("HOME", t.TempDir()) // keeps the test from using credentials of this machine
	source, destination := startReal(t, false), startReal(t, false)

	origin := memory.New()
	server := httptest.NewServer(origin)
	defer server.Close()
	from := strings.TrimPrefix(server.URL, "http://") + "/"
	runtime := map[string]any{"Env": []string{"PATH=/bin", "A=1"}, "Entrypoint": []string{"/app"}, "Cmd": []string{"serve"}, "User": "65532",
		"WorkingDir": "/srv", "ExposedPorts": map[string]any{"80/tcp": map[string]any{}}, "Volumes": map[string]any{"/data": map[string]any{}},
		"Labels": map[string]string{"team": "shop"}, "StopSignal": "SIGQUIT"}
	pushRich(origin, "rich", "1", runtime)
	pushRich(origin, "healthy", "1", map[string]any{"Healthcheck": map[string]any{"Test": []string{"CMD", "true"}, "Interval": 1000000000}})
	pushRich(origin, "shell", "1", map[string]any{"Shell": []string{"/bin/bash", "-c"}})
	pushRich(origin, "packed", "1", runtime) // its own layers, because skopeo does not recompress layers that the destination already has
	other := maps.Clone(runtime)
	other["Env"] = []string{"PATH=/bin", "A=2"}
	pushRich(origin, "rich", "2", other)
	pushList(origin, "list", "1", "list", amd64, arm64, s390x)
	var children []memory.Descriptor
	for _, platform := range []validate.Platform{amd64, arm64} {
		children = append(children, origin.PushImage("index", "", memory.Image{Platform: platform, Content: platform.String(), OCI: true}))
	}
	origin.PushList("index", "1", validate.TypeOCIIndex, children...)

	as := func(format string) []string { return []string{"--all", "--format", format} }
	toSchema1 := []string{"--format", "v2s1"}
	zstd := []string{"--all", "--format", "oci", "--dest-compress-format", "zstd"}
	type answer struct {
		status validate.Status
		detail string // the reason, or the match of a pass
		words  string // a part of the message
	}
	want := map[string]answer{}
	copied := func(name, image string, toSource, toDestination []string, expect answer) {
		skopeo(t, toSource, from+image, source, name+":1")
		skopeo(t, toDestination, source.address+"/"+name+":1", destination, name+":1")
		want[name+" 1"] = expect
	}
	pass := func(match validate.Match) answer { return answer{validate.Pass, string(match), ""} }

	copied("asitis", "rich:1", nil, nil, pass(validate.Identical))
	copied("tooci", "rich:1", nil, as("oci"), pass(validate.Converted))
	copied("tozstd", "packed:1", nil, zstd, pass(validate.Recompressed))
	copied("ocitozstd", "index:1", []string{"--all"}, zstd, pass(validate.Recompressed))
	copied("listtooci", "list:1", []string{"--all"}, as("oci"), pass(validate.Converted))
	copied("indextodocker", "index:1", []string{"--all"}, as("v2s2"), pass(validate.Converted))
	copied("schema1", "rich:1", toSchema1, toSchema1, pass(validate.Identical))
	copied("schema1todocker", "rich:1", toSchema1, []string{"--format", "v2s2"}, pass(validate.Converted))
	copied("schema1tooci", "rich:1", toSchema1, []string{"--format", "oci"}, pass(validate.Converted))
	copied("shell", "shell:1", nil, as("oci"), pass(validate.Converted)) // OCI has no such field, and skopeo drops it
	copied("healthy", "healthy:1", nil, as("oci"), answer{validate.Fail, "digest-differs", "config field Healthcheck"})

	// An image is converted, and then converted back.
	skopeo(t, as("oci"), from+"rich:1", source, "back:oci")
	skopeo(t, nil, from+"rich:1", source, "back:1")
	skopeo(t, as("v2s2"), source.address+"/back:oci", destination, "back:1")
	want["back 1"] = pass(validate.Converted)

	// Another image has the same name.
	skopeo(t, nil, from+"rich:1", source, "stale:1")
	skopeo(t, as("oci"), from+"rich:2", destination, "stale:1")
	want["stale 1"] = answer{validate.Fail, "digest-differs", "linux/amd64: config field Env: A differs"}

	// One list was made again with two of its three images. Another list lacks a wanted
	// image.
	skopeo(t, []string{"--all"}, from+"list:1", source, "rebuilt:1")
	skopeo(t, []string{"--all"}, from+"list:1", destination, "rebuilt:all")
	skopeo(t, []string{"--all"}, from+"list:1", source, "trimmed:1")
	skopeo(t, []string{"--all"}, from+"list:1", destination, "trimmed:all")
	all, _ := destination.manifest(t, "rebuilt", "all")
	destination.indexOf(t, "rebuilt", "1", map[string]validate.Platform{all.Children[0].Digest: amd64, all.Children[1].Digest: arm64})
	destination.indexOf(t, "trimmed", "1", map[string]validate.Platform{all.Children[0].Digest: amd64, all.Children[2].Digest: s390x})
	want["rebuilt 1"] = pass(validate.SamePlatforms)
	want["trimmed 1"] = answer{validate.Fail, "platform-missing", "linux/arm64"}

	// A list and the config of its image contradict each other.
	skopeo(t, nil, from+"rich:1", source, "liar:1")
	skopeo(t, nil, from+"rich:1", destination, "liar:child")
	destination.indexOf(t, "liar", "1", map[string]validate.Platform{"child": arm64})
	want["liar 1"] = answer{validate.Fail, "platform-differs", "the destination's list says"}

	check := func(rules validate.Rules, depth validate.Depth, want map[string]answer) {
		t.Helper()
		var list strings.Builder
		for name := range want {
			repository, tag, _ := strings.Cut(name, " ")
			fmt.Fprintf(&list, "%s/%s %s/%s %s\n", source.address, repository, destination.address, repository, tag)
		}
		_, out, records := mvrun(t, nil, list.String(), "--default-project", "", "--rules", string(rules), "--depth", string(depth))
		for name, want := range want {
			got := records[name]
			if got.Status != want.status || string(got.Reason)+string(got.Match) != want.detail || !strings.Contains(got.Message, want.words) {
				t.Errorf("%s, %s, %s: %s %s%s (%s), want %v", name, rules, depth, got.Status, got.Reason, got.Match, got.Message, want)
			}
		}
		if t.Failed() {
			t.Log(out)
		}
	}
	for _, depth := range []validate.Depth{validate.Manifests, validate.Blobs, validate.Data} {
		check(validate.Content, depth, want)
	}
	exact := map[string]answer{}
	for name, answer := range want {
		if answer.detail != string(validate.Identical) {
			answer.status, answer.detail, answer.words = validate.Fail, "digest-differs", "source digest"
		}
		exact[name] = answer
	}
	check(validate.Exact, validate.Manifests, exact)

	// Only the depths blobs and data find these: the disk of the destination changes a
	// layer of one image, and loses a layer of another image.
	spoilt, _ := destination.manifest(t, "asitis", "1")
	flip(t, destination.blobFile(spoilt.Layers[0].Digest))
	packed, _ := destination.manifest(t, "tozstd", "1")
	if err := os.Remove(destination.blobFile(packed.Layers[1].Digest)); err != nil {
		t.Fatal(err)
	}
	check(validate.Content, validate.Manifests, map[string]answer{"asitis 1": pass(validate.Identical), "tozstd 1": pass(validate.Recompressed)})
	check(validate.Content, validate.Blobs, map[string]answer{"asitis 1": pass(validate.Identical), "tozstd 1": {validate.Fail, "blob-missing", "layer 2"}})
	check(validate.Content, validate.Data, map[string]answer{
		"asitis 1": {validate.Fail, "blob-corrupt", "layer 1, " + spoilt.Layers[0].Digest + ", is corrupt"}, "tozstd 1": {validate.Fail, "blob-missing", "layer 2"},
	})
}
