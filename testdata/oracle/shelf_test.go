package oracle

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
)

// object is a JSON object.
type object = map[string]any

// tree is an image, or a list of trees.
type tree struct {
	mediaType string
	children  []tree // of a list

	layers     []layer // of an image
	config     object
	configType string

	// These change what the registry stores, or what the parent says about the tree.
	platform       object // in the parent's list
	editManifest   func(object)
	editConfig     func(object) // what the manifest says about the config
	editDescriptor func(object) // what the parent says about the manifest
	// These change the bytes: rewrite before their digest is taken, damage after that.
	rewrite, rewriteConfig func([]byte) []byte
	damage, damageConfig   func([]byte) []byte
}

type layer struct {
	content   string
	mediaType string
	edit      func(object)
	damage    func([]byte) []byte
}

// clone returns a copy whose lists can be changed.
func (t tree) clone() tree {
	t.children, t.layers, t.config, t.platform = slices.Clone(t.children), slices.Clone(t.layers), maps.Clone(t.config), maps.Clone(t.platform)
	for i, child := range t.children {
		t.children[i] = child.clone()
	}
	return t
}

// isList reports whether t is a list.
func (t tree) isList() bool { return t.children != nil }

// lost is the damage to what the registry has no longer.
func lost([]byte) []byte { return nil }

// corrupted changes one byte.
func corrupted(content []byte) []byte {
	content = slices.Clone(content)
	content[len(content)/2] ^= 1
	return content
}

// shelf is a registry that serves whatever it is given. A key of content is a path.
type shelf struct {
	content map[string]shelved
	heads   map[string]http.HandlerFunc // answers to HEAD
}

type shelved struct {
	mediaType string
	digest    digest.Digest
	body      []byte
}

func newShelf() *shelf {
	return &shelf{map[string]shelved{}, map[string]http.HandlerFunc{}}
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/v2/")
	if path == "" {
		return
	}
	if answer, ok := s.heads[path]; ok && r.Method == http.MethodHead {
		answer(w, r)
		return
	}
	found, ok := s.content[path]
	if !ok {
		code := "BLOB_UNKNOWN"
		if strings.Contains(path, "/manifests/") {
			code = "MANIFEST_UNKNOWN"
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		w.Write([]byte(`{"errors":[{"code":"` + code + `","message":"unknown"}]}`))
		return
	}
	w.Header().Set("Content-Type", found.mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(found.body)))
	w.Header().Set("Docker-Content-Digest", string(found.digest))
	w.Write(found.body)
}

// put stores a tree under a repository's tag, and returns its descriptor.
func (s *shelf) put(repository, tag string, t tree) object {
	var manifest object
	if t.isList() {
		entries := []any{}
		for _, child := range t.children {
			entries = append(entries, s.put(repository, "", child))
		}
		manifest = object{"schemaVersion": 2, "mediaType": t.mediaType, "manifests": entries}
	} else {
		manifest = object{"schemaVersion": 2, "mediaType": t.mediaType, "config": s.putConfig(repository, t), "layers": s.putLayers(repository, t.layers)}
	}
	if t.editManifest != nil {
		t.editManifest(manifest)
	}
	body := encode(manifest)
	if t.rewrite != nil {
		body = t.rewrite(body)
	}
	descriptor := s.store(repository+"/manifests/", t.mediaType, body, t.damage)
	if stored, ok := s.content[repository+"/manifests/"+descriptor["digest"].(string)]; ok && tag != "" {
		s.content[repository+"/manifests/"+tag] = stored
	}
	if t.platform != nil {
		descriptor["platform"] = t.platform
	}
	if t.editDescriptor != nil {
		t.editDescriptor(descriptor)
	}
	return descriptor
}

func (s *shelf) putConfig(repository string, t tree) object {
	body := encode(t.config)
	if t.rewriteConfig != nil {
		body = t.rewriteConfig(body)
	}
	descriptor := s.store(repository+"/blobs/", t.configType, body, t.damageConfig)
	if t.editConfig != nil {
		t.editConfig(descriptor)
	}
	return descriptor
}

func (s *shelf) putLayers(repository string, layers []layer) []any {
	descriptors := []any{}
	for _, l := range layers {
		descriptor := s.store(repository+"/blobs/", l.mediaType, pack(l.content, l.mediaType), l.damage)
		if l.edit != nil {
			l.edit(descriptor)
		}
		descriptors = append(descriptors, descriptor)
	}
	return descriptors
}

// store keeps the body under its digest, and returns its descriptor. The damage comes
// later.
func (s *shelf) store(path, mediaType string, body []byte, damage func([]byte) []byte) object {
	name, size := digest.FromBytes(body), len(body)
	if damage != nil {
		body = damage(body)
	}
	if body != nil {
		s.content[path+string(name)] = shelved{mediaType, name, body}
	}
	return object{"mediaType": mediaType, "digest": string(name), "size": size}
}

// pack returns a layer as its media type says.
func pack(content, mediaType string) []byte {
	var packed bytes.Buffer
	switch {
	case strings.HasSuffix(mediaType, "gzip"):
		w := gzip.NewWriter(&packed)
		w.Write([]byte(content))
		w.Close()
	case strings.HasSuffix(mediaType, "zstd"):
		w, err := zstd.NewWriter(&packed, zstd.WithEncoderConcurrency(1))
		if err != nil {
			panic(err)
		}
		w.Write([]byte(content))
		w.Close()
	default:
		packed.WriteString(content)
	}
	return packed.Bytes()
}

func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return body
}
