package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine"
	"mvrun/engine/imagelist"
	"mvrun/engine/registry"
	"mvrun/engine/registry/memory"
	"mvrun/validate"
)

// pushLayers pushes an image with layers, and returns the sizes of its blobs by their
// digests. If asZstd is true, its layers are compressed in another way.
func pushLayers(r *memory.Registry, repository, tag string, asZstd bool, contents ...string) map[string]int {
	sizes := map[string]int{}
	var layers []memory.Descriptor
	var diffIDs []string
	for _, content := range contents {
		pushed := r.PushImage(repository, "", memory.Image{Platform: amd64, Content: content, OCI: true, Zstd: asZstd})
		layer := r.LayerOf(repository, pushed.Digest)
		layers, diffIDs = append(layers, layer), append(diffIDs, r.DiffIDOf(repository, pushed.Digest))
		sizes[layer.Digest] = layer.Size
	}
	encode := func(v any) []byte {
		body, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return body
	}
	config := r.PushBlob(repository, "application/vnd.oci.image.config.v1+json", encode(map[string]any{
		"architecture": "amd64", "os": "linux", "rootfs": map[string]any{"type": "layers", "diff_ids": diffIDs}}))
	r.PushManifest(repository, tag, validate.TypeOCIManifest, encode(map[string]any{
		"schemaVersion": 2, "mediaType": validate.TypeOCIManifest, "config": config, "layers": layers}))
	return sizes
}

// TestRequestsOfSharedBlobs validates eight images, in a repository each, that share a base
// layer. It counts the requests for their blobs and the bytes that are read of layers.
func TestRequestsOfSharedBlobs(t *testing.T) {
	const images = 8
	for _, test := range []struct {
		name         string
		shared       bool
		recompressed bool
		match        validate.Match
		want         string // of the destination
		readOnce     bool   // whether each distinct layer was read once
	}{
		// Every config is read to compare it or to find the platform, and not read again.
		{"identical", false, false, validate.Identical, "24 GET blob, 8 GET manifest, 8 HEAD manifest", false},
		{"identical, shared", true, false, validate.Identical, "17 GET blob, 8 GET manifest, 7 HEAD blob, 8 HEAD manifest", true},
		{"recompressed", false, true, validate.Recompressed, "24 GET blob, 8 GET manifest, 8 HEAD manifest", false},
		{"recompressed, shared", true, true, validate.Recompressed, "17 GET blob, 8 GET manifest, 7 HEAD blob, 8 HEAD manifest", true},
	} {
		for _, jobs := range []int{1, images} {
			t.Run(fmt.Sprintf("%s, %d at once", test.name, jobs), func(t *testing.T) {
				source, destination := startCounting(t), startCounting(t)
				distinct := map[string]int{}
				all := 0
				client := registry.New(t.Context(), registry.Options{Anonymous: true, SharedBlobs: test.shared})
				defer client.Close()
				run := engine.New(engine.Options{Registry: client, Jobs: jobs, Timeout: time.Minute})
				for i := range images {
					repository, layers := fmt.Sprintf("team/app%d", i), []string{strings.Repeat("the base layer ", 1000), fmt.Sprintf("the layer of image %d", i)}
					pushLayers(source.Registry, repository, "1", test.recompressed, layers...)
					for digest, size := range pushLayers(destination.Registry, repository, "1", false, layers...) {
						distinct[digest] = size
						all += size
					}
				}
				source.reset()
				destination.reset()
				var tasks sync.WaitGroup
				for i := range images {
					tasks.Go(func() {
						task := run.Begin()
						defer task.End()
						image := imagelist.Image{Number: i + 1, Source: fmt.Sprintf("%s/team/app%d", source.host, i), Destination: fmt.Sprintf("%s/team/app%d", destination.host, i), Tag: "1"}
						result := task.Validate(t.Context(), &image, validate.Question{Arch: []string{"amd64"}, OS: []string{"linux"}, Rules: "content", Depth: "data"})
						if result.Match != test.match {
							t.Errorf("image %d: %s %s: %s", i, result.Status, result.Match, result.Message)
						}
					})
				}
				tasks.Wait()
				if _, err := run.Close(nil); err != nil {
					t.Error(err)
				}
				if got := destination.String(); got != test.want {
					t.Errorf("the destination was asked for %s, want %s", got, test.want)
				}
				want := all
				if test.readOnce {
					want = 0
					for _, size := range distinct {
						want += size
					}
				}
				if got := client.Bytes(); got != int64(want) {
					t.Errorf("%d bytes were read, want %d", got, want)
				}
			})
		}
	}
}

// TestRealSharedBlobs takes a layer away from one repository of a docker-registry. The
// layer stays in the registry's store, where another repository has it, too.
func TestRealSharedBlobs(t *testing.T) {
	needPrograms(t, "docker-registry", "skopeo")
	t.Setenv("HOME", t.TempDir()) // keeps the test from using credentials of this machine
	destination := startReal(t, false)
	origin := memory.New()
	server := httptest.NewServer(origin)
	defer server.Close()
	from := strings.TrimPrefix(server.URL, "http://")
	var lines strings.Builder
	for _, repository := range []string{"team/a", "team/b", "team/c"} {
		pushLayers(origin, repository, "1", false, "the base layer", "the layer of "+repository)
		skopeo(t, nil, from+"/"+repository+":1", destination, repository+":1")
		fmt.Fprintf(&lines, "%s/%s %s/%s 1\n", from, repository, destination.address, repository)
	}
	manifest, _ := destination.manifest(t, "team/b", "1")
	lost := manifest.Layers[0].Digest
	hex := strings.TrimPrefix(lost, "sha256:")
	if err := os.RemoveAll(filepath.Join(destination.dir, "docker/registry/v2/repositories/team/b/_layers/sha256", hex)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(destination.blobFile(lost)); err != nil {
		t.Fatal(err)
	}

	status, out, records := mvrun(t, nil, lines.String(), "-j", "1", "--rules", "content", "--depth", "data", "--shared-blobs", "--debug")
	if status != job.ExitFailed || records["team/a 1"].Status != validate.Pass || records["team/c 1"].Status != validate.Pass {
		t.Errorf("exit status %d, a: %s, c: %s", status, records["team/a 1"].Message, records["team/c 1"].Message)
	}
	if got := records["team/b 1"]; got.Status != validate.Fail || got.Reason != validate.BlobMissing || len(got.Missing) != 1 || got.Missing[0].Digest != lost {
		t.Errorf("b: %s %s, missing %v: %s", got.Status, got.Reason, got.Missing, got.Message)
	}
	var asked []string
	for line := range strings.SplitSeq(out, "\n") {
		if method, path, ok := strings.Cut(line, " http://"+destination.address+"/v2/"); ok && strings.Contains(path, lost) {
			path, status, _ := strings.Cut(path, "/blobs/"+lost+" ")
			asked = append(asked, method[strings.LastIndex(method, " ")+1:]+" "+path+" "+status[:len("200")])
		}
	}
	want := []string{http.MethodGet + " team/a 200", http.MethodHead + " team/b 404", http.MethodGet + " team/b 404", http.MethodHead + " team/c 200"}
	if !slices.Equal(asked, want) {
		t.Errorf("the registry was asked for %q, want %q", asked, want)
	}
	if t.Failed() {
		t.Log(out)
	}
}
