package oracle

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/olareg/olareg"
	olaregconfig "github.com/olareg/olareg/config"
	"github.com/sirupsen/logrus"
)

// registry is a registry that keeps its content in files.
type registry struct {
	host string
	// file returns the path of the file in which the registry keeps a blob or a
	// manifest of a repository.
	file func(repository string, digest v1.Hash) string
}

// registries are the implementations that these tests run against.
var registries = []struct {
	name  string
	start func(t *testing.T) registry
}{
	{"docker-registry", startDockerRegistry},
	{"distribution", startDistribution},
	{"olareg", startOlareg},
}

// startDockerRegistry runs the registry that Debian packages: version 2.8 of the
// distribution project.
func startDockerRegistry(t *testing.T) registry {
	t.Helper()
	needPrograms(t, "docker-registry")
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: \"127.0.0.1:0\"}\n", dir)
	if err := os.WriteFile(config, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("docker-registry", "serve", config)
	log, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
	})
	listening := regexp.MustCompile(`listening on ([0-9.:]+)`)
	var said strings.Builder
	for lines := bufio.NewScanner(log); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			go io.Copy(io.Discard, log) // ends with the process
			return registry{found[1], distributionFile(dir)}
		}
	}
	t.Fatalf("docker-registry does not listen:\n%s", said.String())
	return registry{}
}

// startDistribution runs the current registry of the distribution project in this
// process.
func startDistribution(t *testing.T) registry {
	t.Helper()
	logrus.SetOutput(io.Discard) // where this registry logs every request
	dir := t.TempDir()
	config := &configuration.Configuration{Storage: configuration.Storage{
		"filesystem":  configuration.Parameters{"rootdirectory": dir},
		"maintenance": configuration.Parameters{"uploadpurging": map[any]any{"enabled": false}},
	}}
	config.HTTP.Secret = "of these tests"
	config.Catalog.MaxEntries = 1000
	server := httptest.NewServer(handlers.NewApp(t.Context(), config))
	t.Cleanup(server.Close)
	return registry{strings.TrimPrefix(server.URL, "http://"), distributionFile(dir)}
}

// distributionFile returns how the distribution project names its files: a blob is
// stored once for all repositories, and a manifest is a blob.
func distributionFile(dir string) func(string, v1.Hash) string {
	return func(_ string, digest v1.Hash) string {
		return filepath.Join(dir, "docker/registry/v2/blobs", digest.Algorithm, digest.Hex[:2], digest.Hex, "data")
	}
}

// startOlareg runs a registry of another project in this process. Each of its
// repositories is an OCI image layout.
func startOlareg(t *testing.T) registry {
	t.Helper()
	dir := t.TempDir()
	handler := olareg.New(olaregconfig.Config{
		Storage: olaregconfig.ConfigStorage{
			StoreType: olaregconfig.StoreDir, RootDir: dir,
			GC: olaregconfig.ConfigGC{Frequency: -1, GracePeriod: -1},
		},
		Log: slog.New(slog.DiscardHandler),
	})
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.Close()
		handler.Close()
	})
	return registry{strings.TrimPrefix(server.URL, "http://"), func(repository string, digest v1.Hash) string {
		return filepath.Join(dir, repository, "blobs", digest.Algorithm, digest.Hex)
	}}
}

// tag returns the name of the tag 1 of a repository.
func (r registry) tag(t *testing.T, repository string) name.Tag {
	t.Helper()
	tag, err := name.NewTag(r.host + "/" + repository + ":1")
	if err != nil {
		t.Fatal(err)
	}
	return tag
}

// push puts an image or a list under the tag 1 of a repository.
func (r registry) push(t *testing.T, repository string, content any) {
	t.Helper()
	var err error
	switch content := content.(type) {
	case v1.ImageIndex:
		err = remote.WriteIndex(r.tag(t, repository), content)
	case v1.Image:
		err = remote.Write(r.tag(t, repository), content)
	default:
		err = fmt.Errorf("%T is neither an image nor a list", content)
	}
	if err != nil {
		t.Fatalf("pushing %s: %v", repository, err)
	}
}

// stored is an image as a registry keeps it: the digest of each part. The parts below
// the list belong to its second image.
type stored struct{ list, image, config, layer v1.Hash }

// find returns the parts of the image under the tag 1 of a repository. A single image
// has no list.
func (r registry) find(t *testing.T, repository string) stored {
	t.Helper()
	root, err := remote.Get(r.tag(t, repository))
	if err != nil {
		t.Fatal(err)
	}
	var found stored
	var image v1.Image
	if root.MediaType.IsIndex() {
		list, err := root.ImageIndex()
		if err != nil {
			t.Fatal(err)
		}
		index, err := list.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		found.list, found.image = root.Digest, index.Manifests[1].Digest
		image, err = list.Image(found.image)
		if err != nil {
			t.Fatal(err)
		}
	} else {
		found.image = root.Digest
		if image, err = root.Image(); err != nil {
			t.Fatal(err)
		}
	}
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	found.config, found.layer = manifest.Config.Digest, manifest.Layers[0].Digest
	return found
}

// lose removes the file of a blob or a manifest. The repository still refers to it, as
// after a cleanup that went wrong.
func (r registry) lose(t *testing.T, repository string, digest v1.Hash) {
	t.Helper()
	if err := os.Remove(r.file(repository, digest)); err != nil {
		t.Fatal(err)
	}
}

// spoil changes one byte of a blob or a manifest, as a bad disk does. In JSON, the byte
// is a digit of a digest, so that the text remains JSON.
func (r registry) spoil(t *testing.T, repository string, digest v1.Hash) {
	t.Helper()
	r.rewrite(t, repository, digest, func(content []byte) []byte {
		at := len(content) / 2
		if found := strings.LastIndex(string(content), "sha256:"); found >= 0 {
			at = found + len("sha256:")
		}
		if content[at] == '0' {
			content[at] = '1'
		} else {
			content[at] = '0'
		}
		return content
	})
}

// cut removes the last bytes of a blob, as a full disk does.
func (r registry) cut(t *testing.T, repository string, digest v1.Hash) {
	t.Helper()
	r.rewrite(t, repository, digest, func(content []byte) []byte { return content[:len(content)-3] })
}

func (r registry) rewrite(t *testing.T, repository string, digest v1.Hash, change func([]byte) []byte) {
	t.Helper()
	file := r.file(repository, digest)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, change(content), 0o666); err != nil {
		t.Fatal(err)
	}
}
