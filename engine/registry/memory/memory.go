package memory

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net/http"
	"net/http/httptest"
	"path"
	"sync"
	"sync/atomic"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/klauspost/compress/zstd"

	"mvrun/validate"
)

// Registry is a registry in memory. It is an http.Handler, and its methods push
// images into it without a network. If it refuses what a caller pushes, the method
// panics, because the caller has a bug.
type Registry struct {
	http.Handler
	corrupt sync.Map // from the digest of a corrupt manifest or blob to an *atomic.Int64: how many more answers have wrong bytes
}

// New returns an empty registry.
func New() *Registry {
	return &Registry{Handler: ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)), ggcr.WithReferrersSupport(true))}
}

// ServeHTTP implements http.Handler.
func (r *Registry) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if request.Method == http.MethodGet {
		w = &corruptWriter{ResponseWriter: w, asked: path.Base(request.URL.Path), corrupt: &r.corrupt}
	}
	r.Handler.ServeHTTP(w, request)
}

// Corrupt changes the first byte of a manifest or a blob, as a bad disk may do. It keeps
// its size, and the registry still serves it under the same digest and the same tags.
func (r *Registry) Corrupt(digest string) { r.corruptAnswers(digest, math.MaxInt64) }

// CorruptOnce does the same for the next answer alone, as a bad network may do.
func (r *Registry) CorruptOnce(digest string) { r.corruptAnswers(digest, 1) }

func (r *Registry) corruptAnswers(digest string, answers int64) {
	left := &atomic.Int64{}
	left.Store(answers)
	r.corrupt.Store(digest, left)
}

// corruptWriter changes the first byte of an answer if that has a corrupt manifest or
// blob.
type corruptWriter struct {
	http.ResponseWriter
	asked   string // the tag or digest of the request
	corrupt *sync.Map
	begun   bool // whether the first byte is written
}

func (c *corruptWriter) Write(b []byte) (int, error) {
	if !c.begun && len(b) > 0 {
		c.begun = true
		left, ok := c.corrupt.Load(c.asked)
		if !ok {
			left, ok = c.corrupt.Load(c.Header().Get("Docker-Content-Digest"))
		}
		if ok && left.(*atomic.Int64).Add(-1) >= 0 {
			b = append([]byte{^b[0]}, b[1:]...)
		}
	}
	return c.ResponseWriter.Write(b)
}

// Descriptor describes a manifest or blob that was pushed. A list has such an entry
// for each of its images.
type Descriptor struct {
	MediaType string             `json:"mediaType"`
	Size      int                `json:"size"`
	Digest    string             `json:"digest"`
	Platform  *validate.Platform `json:"platform,omitempty"`
}

// Image describes an image for PushImage.
type Image struct {
	Platform validate.Platform
	Content  string // the content of its only layer
	OCI      bool   // use OCI media types instead of Docker's
	Zstd     bool   // compress the layer with zstd instead of gzip
	History  string // changes the digest of the config, but not how the image runs
	Labels   map[string]string
	Env      []string // NAME=VALUE
	Created  string   // RFC 3339; "" means that the config has no such field
}

// PushImage pushes an image and its blobs. If tag is "", the image has no tag, and
// clients find it only by its digest.
func (r *Registry) PushImage(repository, tag string, image Image) Descriptor {
	types := struct{ manifest, config, layer string }{validate.TypeDockerManifest,
		"application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar.gzip"}
	if image.OCI {
		types = struct{ manifest, config, layer string }{validate.TypeOCIManifest,
			"application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar+gzip"}
	}
	tarball, compressed := archive(image.Content, image.Zstd)
	if image.Zstd {
		types.layer = "application/vnd.oci.image.layer.v1.tar+zstd"
	}
	layer := r.PushBlob(repository, types.layer, compressed)
	configFields := map[string]any{
		"architecture": image.Platform.Architecture,
		"os":           image.Platform.OS,
		"variant":      image.Platform.Variant,
		"os.version":   image.Platform.OSVersion,
		"config": struct {
			Cmd    []string
			Env    []string          `json:",omitempty"`
			Labels map[string]string `json:",omitempty"`
		}{[]string{"/app"}, image.Env, image.Labels},
		"history": []map[string]string{{"created_by": "mvrun" + image.History}},
		"rootfs":  map[string]any{"type": "layers", "diff_ids": []string{validate.Digest("sha256", tarball)}},
	}
	if image.Created != "" {
		configFields["created"] = image.Created
	}
	config := r.PushBlob(repository, types.config, encode(configFields))
	pushed := r.PushManifest(repository, tag, types.manifest, encode(map[string]any{
		"schemaVersion": 2, "mediaType": types.manifest, "config": config, "layers": []Descriptor{layer},
	}))
	pushed.Platform = &image.Platform
	return pushed
}

// archive makes a layer with one file. It returns the layer as a tar file, and also
// compressed.
func archive(content string, asZstd bool) (tarball, compressed []byte) {
	var plain, packed bytes.Buffer
	files := tar.NewWriter(&plain)
	err := files.WriteHeader(&tar.Header{Name: "app", Mode: 0o755, Size: int64(len(content))})
	if err == nil {
		_, err = io.WriteString(files, content)
	}
	var compressor io.WriteCloser = gzip.NewWriter(&packed)
	if asZstd {
		if compressor, err = zstd.NewWriter(&packed); err != nil {
			panic(err) // the options are constant
		}
	}
	if err := errors.Join(err, files.Close()); err != nil {
		panic(err) // writing to a buffer cannot fail
	}
	if _, err := compressor.Write(plain.Bytes()); err != nil {
		panic(err)
	}
	if err := compressor.Close(); err != nil {
		panic(err)
	}
	return plain.Bytes(), packed.Bytes()
}

// PushList pushes a Docker manifest list or an OCI index.
func (r *Registry) PushList(repository, tag, mediaType string, children ...Descriptor) Descriptor {
	if children == nil {
		children = []Descriptor{}
	}
	return r.PushManifest(repository, tag, mediaType, encode(map[string]any{
		"schemaVersion": 2, "mediaType": mediaType, "manifests": children,
	}))
}

// Attach pushes an artifact that refers to an image, such as a signature or an SBOM.
func (r *Registry) Attach(repository string, subject Descriptor, artifactType, content string) Descriptor {
	layer := r.PushBlob(repository, "text/plain", []byte(content))
	config := r.PushBlob(repository, artifactType, []byte("{}"))
	subject.Platform = nil
	return r.PushManifest(repository, "", validate.TypeOCIManifest, encode(map[string]any{
		"schemaVersion": 2, "mediaType": validate.TypeOCIManifest, "artifactType": artifactType,
		"config": config, "layers": []Descriptor{layer}, "subject": subject,
	}))
}

// PushManifest pushes any bytes as a manifest, even if they are no valid manifest.
func (r *Registry) PushManifest(repository, tag, mediaType string, body []byte) Descriptor {
	digest := validate.Digest("sha256", body)
	if tag == "" {
		tag = digest
	}
	r.call(http.MethodPut, "/v2/"+repository+"/manifests/"+tag, mediaType, body)
	return Descriptor{MediaType: mediaType, Size: len(body), Digest: digest}
}

// PushBlob pushes a blob.
func (r *Registry) PushBlob(repository, mediaType string, body []byte) Descriptor {
	digest := validate.Digest("sha256", body)
	r.call(http.MethodPost, "/v2/"+repository+"/blobs/uploads/?digest="+digest, "application/octet-stream", body)
	return Descriptor{MediaType: mediaType, Size: len(body), Digest: digest}
}

// Delete removes the manifest of a tag or digest. Lists that name the manifest stay.
// This is what it looks like when a registry has lost a manifest.
func (r *Registry) Delete(repository, reference string) {
	r.call(http.MethodDelete, "/v2/"+repository+"/manifests/"+reference, "", nil)
}

func (r *Registry) call(method, path, contentType string, body []byte) []byte {
	request := httptest.NewRequest(method, path, bytes.NewReader(body))
	request.Header.Set("Content-Type", contentType)
	answer := httptest.NewRecorder()
	r.ServeHTTP(answer, request)
	if answer.Code >= 300 {
		panic(fmt.Sprintf("%s %s: %d %s", method, path, answer.Code, answer.Body))
	}
	return answer.Body.Bytes()
}

func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // v has only strings and numbers, so encoding cannot fail
	}
	return body
}

// LayerOf returns the layer of an image that PushImage made.
func (r *Registry) LayerOf(repository, reference string) Descriptor {
	layer := r.manifest(repository, reference).Layers[0]
	return Descriptor{MediaType: layer.MediaType, Size: int(layer.Size), Digest: layer.Digest}
}

// DiffIDOf returns the digest of that layer without compression.
func (r *Registry) DiffIDOf(repository, reference string) string {
	body := r.call(http.MethodGet, "/v2/"+repository+"/blobs/"+r.manifest(repository, reference).Config.Digest, "", nil)
	config, err := validate.ParseConfig(body)
	if err != nil {
		panic(err)
	}
	return config.RootFS.DiffIDs[0]
}

func (r *Registry) manifest(repository, reference string) *validate.Manifest {
	body := r.call(http.MethodGet, "/v2/"+repository+"/manifests/"+reference, "", nil)
	manifest, err := validate.ParseManifest("", "sha256", body)
	if err != nil {
		panic(err)
	}
	return manifest
}
