package oracle

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"path"
	"strings"
	"testing"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	storage "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/distribution/distribution/v3/registry/storage/driver/factory"
	"github.com/distribution/distribution/v3/registry/storage/driver/inmemory"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// distribution is a registry of the distribution project inside this process.
type distribution struct {
	host  string
	store storage.StorageDriver
}

// ownStore is the name of a storage driver. The test can reach the driver's store,
// and damage the content.
const ownStore = "ownstore"

type ownStoreFactory struct{}

func (ownStoreFactory) Create(_ context.Context, parameters map[string]any) (storage.StorageDriver, error) {
	store, ok := parameters["store"].(storage.StorageDriver)
	if !ok {
		return nil, errors.New("no store")
	}
	return store, nil
}

func init() { factory.Register(ownStore, ownStoreFactory{}) }

func startDistribution(t *testing.T) distribution {
	t.Helper()
	store := inmemory.New()
	config := &configuration.Configuration{Storage: configuration.Storage{
		ownStore:      configuration.Parameters{"store": storage.StorageDriver(store)},
		"maintenance": configuration.Parameters{"uploadpurging": map[any]any{"enabled": false}},
	}}
	config.HTTP.Secret = "of these tests"
	config.Catalog.MaxEntries = 1000
	app := handlers.NewApp(t.Context(), config)
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	return distribution{strings.TrimPrefix(server.URL, "http://"), store}
}

// push puts a list under the tag 1 of a repository.
func (d distribution) push(t *testing.T, repository string, list v1.ImageIndex) {
	t.Helper()
	tag, err := name.NewTag(d.host + "/" + repository + ":1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(tag, list); err != nil {
		t.Fatal(err)
	}
}

// blobPath returns the path under which the store keeps the blob of a digest.
func blobPath(digest v1.Hash) string {
	return path.Join("/docker/registry/v2/blobs", digest.Algorithm, digest.Hex[:2], digest.Hex, "data")
}

// lose removes the blob of a digest from the store. The repository still refers to
// the blob, as after a cleanup that went wrong.
func (d distribution) lose(t *testing.T, digest v1.Hash) {
	t.Helper()
	if err := d.store.Delete(t.Context(), blobPath(digest)); err != nil {
		t.Fatal(err)
	}
}

// spoil changes one byte of the blob of a digest, as a bad disk does.
func (d distribution) spoil(t *testing.T, digest v1.Hash) {
	t.Helper()
	content, err := d.store.GetContent(t.Context(), blobPath(digest))
	if err != nil {
		t.Fatal(err)
	}
	spoilt := append([]byte(nil), content...)
	spoilt[len(spoilt)/2] ^= 1
	if err := d.store.PutContent(t.Context(), blobPath(digest), spoilt); err != nil {
		t.Fatal(err)
	}
}

// childOf returns the digest of a list's second image, and the digest of that
// image's only layer.
func childOf(t *testing.T, list v1.ImageIndex) (image, layer v1.Hash) {
	t.Helper()
	index, err := list.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	image = index.Manifests[1].Digest
	child, err := list.Image(image)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := child.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	return image, manifest.Layers[0].Digest
}

// verdicts are the expected results of one image. Each key is the rules or the
// depth of a run; the key "" holds the result of all other runs.
type verdicts map[string]string

func (v verdicts) of(rules, depth string) string {
	for _, key := range []string{rules, depth} {
		if verdict, ok := v[key]; ok {
			return verdict
		}
	}
	return v[""]
}

// TestDistribution runs two registries of the distribution project, and validates
// the mirror of one in the other, under all rules and at all depths.
func TestDistribution(t *testing.T) {
	source, destination := startDistribution(t), startDistribution(t)
	cases := []struct {
		repository string
		mirror     func(t *testing.T, repository string, list v1.ImageIndex)
		want       verdicts
	}{
		{"team/equal", destination.push, verdicts{"": "pass identical"}},
		{"team/missing", func(*testing.T, string, v1.ImageIndex) {}, verdicts{"": "fail destination-missing"}},
		{"team/stale", func(t *testing.T, repository string, _ v1.ImageIndex) {
			destination.push(t, repository, newList(t, "an older build", docker))
		}, verdicts{"": "fail digest-differs"}},
		{"team/converted", func(t *testing.T, repository string, _ v1.ImageIndex) {
			destination.push(t, repository, newList(t, repository, oci))
		}, verdicts{"hangar": "fail destination-type", "content": "pass converted", "exact": "fail digest-differs"}},
		{"team/childless", func(t *testing.T, repository string, list v1.ImageIndex) {
			destination.push(t, repository, list)
			image, _ := childOf(t, list)
			destination.lose(t, image)
		}, verdicts{"": "fail child-missing"}},
		{"team/layerless", func(t *testing.T, repository string, list v1.ImageIndex) {
			destination.push(t, repository, list)
			_, layer := childOf(t, list)
			destination.lose(t, layer)
		}, verdicts{"manifests": "pass identical", "": "fail blob-missing"}},
		{"team/spoilt", func(t *testing.T, repository string, list v1.ImageIndex) {
			destination.push(t, repository, list)
			_, layer := childOf(t, list)
			destination.spoil(t, layer)
		}, verdicts{"data": "fail blob-corrupt", "": "pass identical"}},
	}
	var lines strings.Builder
	for _, c := range cases {
		list := newList(t, c.repository, docker)
		source.push(t, c.repository, list)
		c.mirror(t, c.repository, list)
		fmt.Fprintf(&lines, "%s %s 1\n", c.repository, c.repository)
	}
	for _, rules := range []string{"hangar", "content", "exact"} {
		for _, depth := range []string{"manifests", "blobs", "data"} {
			t.Run(rules+"/"+depth, func(t *testing.T) {
				got := validate(t, lines.String(), "-s", source.host, "-d", destination.host, "--rules", rules, "--depth", depth)
				if got.status != 1 {
					t.Errorf("exit status %d, want 1", got.status)
				}
				for _, c := range cases {
					r, want := got.results[c.repository], c.want.of(rules, depth)
					if verdict := r.Status + " " + r.Reason + r.Match; verdict != want {
						t.Errorf("%s: %s (%s), want %s", c.repository, verdict, r.Message, want)
					}
				}
				if t.Failed() {
					t.Log(got.log)
				}
			})
		}
	}
}
