package oracle

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// mediaTypes are the media types of one of the two formats of images.
type mediaTypes struct{ list, manifest, config, layer types.MediaType }

var (
	docker = mediaTypes{types.DockerManifestList, types.DockerManifestSchema2, types.DockerConfigJSON, types.DockerLayer}
	oci    = mediaTypes{types.OCIImageIndex, types.OCIManifestSchema1, types.OCIConfigJSON, types.OCILayer}
)

// amd64 is the platform of the single images that these tests make.
var amd64 = v1.Platform{OS: "linux", Architecture: "amd64"}

// listedPlatforms are those of every list that these tests make. The last one is not wanted
// by default.
var listedPlatforms = []v1.Platform{amd64, {OS: "linux", Architecture: "arm64"}, {OS: "linux", Architecture: "s390x"}}

// newList returns a list with an image for each platform. Two lists with the same
// content and different media types have the same layers and configurations.
func newList(t *testing.T, content string, as mediaTypes) v1.ImageIndex {
	t.Helper()
	list := mutate.IndexMediaType(empty.Index, as.list)
	for _, platform := range listedPlatforms {
		list = mutate.AppendManifests(list, mutate.IndexAddendum{
			Add:        newImage(t, content, platform, as),
			Descriptor: v1.Descriptor{Platform: &platform},
		})
	}
	return list
}

// newImage returns an image of two layers.
func newImage(t *testing.T, content string, platform v1.Platform, as mediaTypes) v1.Image {
	t.Helper()
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, as.manifest), as.config)
	for _, name := range []string{"base", "app"} {
		archive := newArchive(t, name, fmt.Sprintf("%s of %s for %s", name, content, platform))
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(archive)), nil
		}, tarball.WithMediaType(as.layer))
		if err != nil {
			t.Fatal(err)
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			t.Fatal(err)
		}
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config.OS, config.Architecture = platform.OS, platform.Architecture
	config.Config = v1.Config{
		Env: []string{"PATH=/bin", "A=1"}, Entrypoint: []string{"/app"}, Cmd: []string{"serve"}, User: "65532", WorkingDir: "/srv",
		ExposedPorts: map[string]struct{}{"80/tcp": {}}, Labels: map[string]string{"team": "shop"}, StopSignal: "SIGQUIT",
	}
	if image, err = mutate.ConfigFile(image, config); err != nil {
		t.Fatal(err)
	}
	return image
}

// newChart returns an artifact like a chart of Helm: an image manifest whose config is
// no config of an image.
func newChart(t *testing.T, content string) v1.Image {
	t.Helper()
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), "application/vnd.cncf.helm.config.v1+json")
	image, err := mutate.AppendLayers(image, static.NewLayer([]byte(content), "application/vnd.cncf.helm.chart.content.v1.tar+gzip"))
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// newArchive returns a tar archive with one file.
func newArchive(t *testing.T, name, content string) []byte {
	t.Helper()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}
