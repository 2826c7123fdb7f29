package oracle

import (
	"fmt"
	"math/rand"
	"net/http"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
)

// Media types of the images that these tests make by hand.
const (
	dockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	dockerConfig   = "application/vnd.docker.container.image.v1+json"
	dockerLayer    = "application/vnd.docker.image.rootfs.diff.tar.gzip"
	ociIndex       = "application/vnd.oci.image.index.v1+json"
	ociManifest    = "application/vnd.oci.image.manifest.v1+json"
	ociConfig      = "application/vnd.oci.image.config.v1+json"
	ociLayer       = "application/vnd.oci.image.layer.v1.tar"
)

// toOCI gives the OCI media type for each of Docker's.
var toOCI = map[string]string{dockerList: ociIndex, dockerManifest: ociManifest, dockerConfig: ociConfig, dockerLayer: ociLayer + "+gzip"}

// randomTree returns an image, or a list of images for some platforms.
func randomTree(r *rand.Rand) tree {
	possible := []string{"linux/arm64/v8", "linux/s390x", "linux/arm/v7", "windows/amd64/10.0.17763.1", "windows/amd64/10.0.17763.20", "windows/amd64/10.0.20348.3", "linux/386"}
	r.Shuffle(len(possible), func(i, j int) { possible[i], possible[j] = possible[j], possible[i] })
	chosen := append([]string{"linux/amd64"}, possible[:r.Intn(4)]...)
	r.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	list := tree{mediaType: dockerList, children: []tree{}}
	for _, platform := range chosen {
		list.children = append(list.children, newTree(platform, fmt.Sprint("app ", r.Intn(1000)), 1+r.Intn(3)))
	}
	if len(chosen) == 1 && r.Intn(2) == 0 {
		list = list.children[0]
	}
	if r.Intn(2) == 0 {
		return list.each(asOCI)
	}
	return list
}

// unusual sources are lists that nodes do not choose from by the platform alone.
var unusual = []struct {
	name string
	make func(*rand.Rand) tree
}{
	{"twins", func(r *rand.Rand) tree { return randomTree(r).with(r, newTree("linux/amd64", "a twin", 1)) }},
	{"a twin of zstd", func(r *rand.Rand) tree {
		t := asList(randomTree(r)).each(asOCI)
		twin := t.platformed("linux", "amd64").each(asOCI).images(func(t *tree) {
			for i := range t.layers {
				t.layers[i].mediaType = ociLayer + "+zstd"
			}
			t.editDescriptor = isZstd
		})
		return t.with(r, twin)
	}},
	{"another twin of zstd", func(r *rand.Rand) tree {
		other := newTree("linux/amd64", "a twin", 1).each(asOCI)
		other.editDescriptor = isZstd
		return randomTree(r).each(asOCI).with(r, other)
	}},
	{"two revisions of Windows", func(r *rand.Rand) tree {
		return randomTree(r).with(r, newTree("windows/amd64/10.0.17763.1", "older", 1)).with(r, newTree("windows/amd64/10.0.17763.9", "newer", 1))
	}},
	{"variants", func(r *rand.Rand) tree {
		return randomTree(r).with(r, newTree("linux/amd64/v2", "v2", 1)).with(r, newTree("linux/arm64/v9", "v9", 1))
	}},
	{"a list in a list", func(r *rand.Rand) tree {
		return tree{mediaType: ociIndex, children: []tree{randomTree(r), newTree("linux/arm64", "beside", 1)}}
	}},
	{"no platform", func(r *rand.Rand) tree {
		t := asList(randomTree(r)).clone()
		t.children[0].platform = nil
		return t
	}},
	{"no platforms", func(r *rand.Rand) tree {
		return asList(randomTree(r)).images(func(t *tree) { t.platform = nil })
	}},
	{"an attestation", func(r *rand.Rand) tree {
		attestation := newTree("unknown/unknown", "an attestation", 1)
		attestation.editDescriptor = func(d object) { d["annotations"] = object{"vnd.docker.reference.type": "attestation-manifest"} }
		return randomTree(r).with(r, attestation)
	}},
}

// isZstd marks the descriptor of an image with zstd layers, as Podman does.
func isZstd(descriptor object) {
	descriptor["annotations"] = object{"io.github.containers.compression.zstd": "true"}
}

// platformed returns the first image of the list for a platform.
func (t tree) platformed(os, architecture string) tree {
	return t.children[slices.IndexFunc(t.children, func(child tree) bool {
		return child.platform["os"] == os && child.platform["architecture"] == architecture
	})]
}

// platforms returns the platforms of the images of a usual source.
func (t tree) platforms() []string {
	found := []string{}
	for _, child := range asList(t).children {
		platform := fmt.Sprint(child.platform["os"], "/", child.platform["architecture"])
		if version, ok := child.platform["os.version"]; ok {
			platform += fmt.Sprint("/", version)
		}
		found = append(found, platform)
	}
	return found
}

// newTree returns a Docker image for one platform.
func newTree(platform, content string, layers int) tree {
	os, rest, _ := strings.Cut(platform, "/")
	architecture, last, _ := strings.Cut(rest, "/")
	t := tree{mediaType: dockerManifest, configType: dockerConfig, platform: object{"os": os, "architecture": architecture}}
	switch {
	case os == "windows":
		t.platform["os.version"] = last
	case last != "":
		t.platform["variant"] = last
	}
	diffIDs := []string{}
	for i := range layers {
		layer := layer{content: fmt.Sprintf("layer %d of %s for %s", i, content, platform), mediaType: dockerLayer}
		t.layers = append(t.layers, layer)
		diffIDs = append(diffIDs, string(digest.FromString(layer.content)))
	}
	t.config = object{
		"created": "2026-01-02T03:04:05Z", "rootfs": object{"type": "layers", "diff_ids": diffIDs},
		"config": object{"Env": []string{"PATH=/bin", "A=1"}, "Entrypoint": []string{"/" + content}, "Cmd": []string{"run"}, "Labels": object{"team": "shop"}},
	}
	for key, value := range t.platform {
		t.config[key] = value
	}
	return t
}

// each changes the tree and all that is below.
func (t tree) each(change func(tree) tree) tree {
	t = change(t.clone())
	for i, child := range t.children {
		t.children[i] = child.each(change)
	}
	return t
}

// images changes every image of the tree.
func (t tree) images(change func(*tree)) tree {
	return t.each(func(t tree) tree {
		if !t.isList() {
			change(&t)
		}
		return t
	})
}

// amd64 changes the image for linux/amd64, which every tree has.
func (t tree) amd64(change func(*tree)) tree {
	return t.images(func(t *tree) {
		if t.platform["os"] == "linux" && t.platform["architecture"] == "amd64" {
			change(t)
		}
	})
}

func asOCI(t tree) tree {
	if other, ok := toOCI[t.mediaType]; ok {
		t.mediaType = other
	}
	if !t.isList() {
		t.configType = ociConfig
		for i, l := range t.layers {
			if other, ok := toOCI[l.mediaType]; ok {
				t.layers[i].mediaType = other
			}
		}
	}
	return t
}

func asDocker(t tree) tree {
	for docker, oci := range toOCI {
		if t.mediaType == oci {
			t.mediaType = docker
		}
	}
	if !t.isList() {
		t.configType = dockerConfig
		for i := range t.layers {
			t.layers[i].mediaType = dockerLayer
		}
	}
	return t
}

// asList returns the tree, or a list of the image.
func asList(t tree) tree {
	if t.isList() {
		return t
	}
	kind := dockerList
	if t.mediaType == ociManifest {
		kind = ociIndex
	}
	return tree{mediaType: kind, children: []tree{t}}
}

// with adds an image to the list, before the others or behind them.
func (t tree) with(r *rand.Rand, other tree) tree {
	t = asList(t).clone()
	if t.mediaType == ociIndex {
		other = other.each(asOCI)
	}
	at := []int{0, len(t.children)}[r.Intn(2)]
	t.children = slices.Insert(t.children, at, other)
	return t
}

// change is what happens to an image on the way.
type change struct {
	name  string
	apply func(*rand.Rand, tree) tree
}

// harmless changes are those of tools that copy well. They always pass.
var harmless = []change{
	{"none", func(_ *rand.Rand, t tree) tree { return t }},
	{"another order", func(r *rand.Rand, t tree) tree {
		t = t.clone()
		r.Shuffle(len(t.children), func(i, j int) { t.children[i], t.children[j] = t.children[j], t.children[i] })
		return t
	}},
	{"only the wanted platforms", func(_ *rand.Rand, t tree) tree {
		t = t.clone()
		t.children = slices.DeleteFunc(t.children, func(child tree) bool {
			return child.platform != nil && child.platform["architecture"] != "amd64" && child.platform["architecture"] != "arm64"
		})
		return t
	}},
	{"a list of one", func(_ *rand.Rand, t tree) tree { return asList(t) }},
	{"converted to OCI", func(_ *rand.Rand, t tree) tree { return t.each(asOCI) }},
	{"converted to Docker", func(_ *rand.Rand, t tree) tree { return t.each(asDocker) }},
	{"only the list converted", func(_ *rand.Rand, t tree) tree {
		t = t.clone()
		if t.isList() {
			t.mediaType = ociIndex
		}
		return t
	}},
	{"configs written anew", func(_ *rand.Rand, t tree) tree {
		return t.images(func(t *tree) { t.config["created"] = "2026-02-03T04:05:06Z" })
	}},
	{"packed anew", func(r *rand.Rand, t tree) tree {
		mediaType := []string{ociLayer, ociLayer + "+zstd"}[r.Intn(2)]
		return t.each(asOCI).images(func(t *tree) {
			for i := range t.layers {
				t.layers[i].mediaType = mediaType
			}
		})
	}},
	{"another platform", func(r *rand.Rand, t tree) tree { return t.with(r, newTree("linux/riscv64", "another platform", 1)) }},
	{"annotations", func(_ *rand.Rand, t tree) tree {
		return t.each(func(t tree) tree {
			t.editManifest = func(manifest object) { manifest["annotations"] = object{"copied.by": "a tool"} }
			return t
		})
	}},
}

// evil is an image for linux/amd64 that is not the source's.
func evil(platform string) tree { return newTree(platform, "another image", 1) }

// everyPlace gives changes of the image for linux/amd64 at each place that has a
// descriptor: its list, its config, and its last layer.
func everyPlace(name string, edit func(object)) []change {
	return []change{
		{name + " of the image", func(_ *rand.Rand, t tree) tree {
			return asList(t).amd64(func(t *tree) { t.editDescriptor = edit })
		}},
		{name + " of the config", func(_ *rand.Rand, t tree) tree { return t.amd64(func(t *tree) { t.editConfig = edit }) }},
		{name + " of a layer", func(_ *rand.Rand, t tree) tree {
			return t.amd64(func(t *tree) { t.layers[len(t.layers)-1].edit = edit })
		}},
	}
}

// labelled gives a change of what the list says about the image for linux/amd64.
func labelled(name, key string, value any) change {
	return change{name, func(_ *rand.Rand, t tree) tree {
		return asList(t).amd64(func(t *tree) {
			t.platform[key] = value
			if value == nil {
				delete(t.platform, key)
			}
		})
	}}
}

// added gives a change that adds an image to the list.
func added(name, platform string) change {
	return change{name, func(r *rand.Rand, t tree) tree { return t.with(r, evil(platform)) }}
}

// on gives a change of the image for linux/amd64.
func on(name string, apply func(*tree)) change {
	return change{name, func(_ *rand.Rand, t tree) tree { return t.amd64(apply) }}
}

// relabelled gives a change of what the manifest says about the last layer.
func relabelled(name, mediaType string) change {
	return on(name, func(t *tree) {
		last := &t.layers[len(t.layers)-1]
		last.edit = func(descriptor object) { descriptor["mediaType"] = mediaType }
	})
}

// doubled returns a function that writes a key of a JSON object twice, first or last with
// another value.
func doubled(key, value string, first bool) func([]byte) []byte {
	return func(body []byte) []byte {
		pair := `"` + key + `":` + value
		if first {
			return []byte("{" + pair + "," + string(body[1:]))
		}
		return []byte(string(body[:len(body)-1]) + "," + pair + "}")
	}
}

// harmful changes may do harm, or none, which depends on the image.
var harmful = slices.Concat(
	everyPlace("size 0", func(d object) { d["size"] = 0 }),
	everyPlace("no size", func(d object) { delete(d, "size") }),
	everyPlace("a wrong size", func(d object) { d["size"] = d["size"].(int) + 1 }),
	everyPlace("negative size", func(d object) { d["size"] = -1 }),
	everyPlace("wrong data", func(d object) { d["data"] = []byte(strings.Repeat("x", d["size"].(int))) }),
	everyPlace("short data", func(d object) { d["data"] = []byte("x") }),
	everyPlace("unknown media type", func(d object) { d["mediaType"] = "application/x-unknown" }),
	everyPlace("no media type", func(d object) { delete(d, "mediaType") }),
	[]change{
		on("a lost layer", func(t *tree) { t.layers[0].damage = lost }),
		on("a corrupt layer", func(t *tree) { t.layers[0].damage = corrupted }),
		on("a lost config", func(t *tree) { t.damageConfig = lost }),
		on("a corrupt config", func(t *tree) { t.damageConfig = corrupted }),
		on("a lost image", func(t *tree) { t.damage = lost }),
		on("a corrupt image", func(t *tree) { t.damage = corrupted }),
		{"a corrupt list", func(_ *rand.Rand, t tree) tree { t = asList(t).clone(); t.damage = corrupted; return t }},

		added("a twin", "linux/amd64"),
		added("a twin of a variant", "linux/amd64/v1"),
		added("a newer variant", "linux/amd64/v3"),
		added("a twin for arm64", "linux/arm64/v8"),
		added("a newer variant of arm64", "linux/arm64/v9"),
		added("a 32-bit image", "linux/386"),
		added("a 32-bit image of arm", "linux/arm/v8"),
		added("a higher revision of Windows", "windows/amd64/10.0.17763.9999"),
		added("a lower revision of Windows", "windows/amd64/10.0.17763.0"),
		added("Windows without a version", "windows/amd64"),
		added("a higher revision of a newer Windows", "windows/amd64/10.0.20348.9999"),
		{"a twin of zstd", func(r *rand.Rand, t tree) tree {
			other := evil("linux/amd64").each(asOCI)
			other.editDescriptor = isZstd
			return t.each(asOCI).with(r, other)
		}},
		{"a twin without a platform", func(r *rand.Rand, t tree) tree {
			other := evil("linux/amd64")
			other.platform = nil
			return t.with(r, other)
		}},
		{"a twin with features", func(r *rand.Rand, t tree) tree {
			other := evil("linux/amd64")
			other.platform["os.features"] = []string{"sse4"}
			return t.with(r, other)
		}},
		{"a twin in an inner list", func(r *rand.Rand, t tree) tree {
			return t.with(r, tree{mediaType: ociIndex, children: []tree{evil("linux/amd64")}})
		}},
		{"a twin in an inner list with a platform", func(r *rand.Rand, t tree) tree {
			return t.with(r, tree{mediaType: ociIndex, children: []tree{evil("linux/amd64")}, platform: object{"os": "linux", "architecture": "amd64"}})
		}},
		{"no platform", func(_ *rand.Rand, t tree) tree { return asList(t).amd64(func(t *tree) { t.platform = nil }) }},
		{"exchanged platforms", func(r *rand.Rand, t tree) tree {
			t = t.with(r, newTree("linux/riscv64", "another platform", 1)).clone()
			a, b := &t.children[0], &t.children[len(t.children)-1]
			a.platform, b.platform = b.platform, a.platform
			return t
		}},
		labelled("another architecture", "architecture", "arm64"),
		labelled("an alias of the architecture", "architecture", "x86_64"),
		labelled("capitals", "os", "Linux"),
		labelled("a variant", "variant", "v1"),
		labelled("a newer variant's label", "variant", "v2"),
		labelled("a feature", "os.features", []string{"sse4"}),
		labelled("a version", "os.version", "6.1"),
		labelled("no system", "os", nil),
		{"another version of Windows", func(_ *rand.Rand, t tree) tree {
			return t.images(func(t *tree) {
				if t.platform["os"] == "windows" {
					t.platform["os.version"] = "10.0.26100.1"
				}
			})
		}},
		{"wrapped in an index", func(_ *rand.Rand, t tree) tree { return tree{mediaType: ociIndex, children: []tree{t}} }},
		{"wrapped in a list", func(_ *rand.Rand, t tree) tree { return tree{mediaType: dockerList, children: []tree{t}} }},
		{"no images", func(_ *rand.Rand, t tree) tree { return tree{mediaType: ociIndex, children: []tree{}} }},

		on("another variable", func(t *tree) {
			t.config["config"] = object{"Env": []string{"PATH=/bin", "A=2"}, "Entrypoint": []string{"/app"}}
		}),
		on("no runtime config", func(t *tree) { delete(t.config, "config") }),
		on("a config of another platform", func(t *tree) { t.config["architecture"] = "arm64" }),
		on("a config without a platform", func(t *tree) { delete(t.config, "architecture") }),
		on("layers in another order", func(t *tree) { slices.Reverse(t.layers) }),
		on("a layer less", func(t *tree) { t.layers = t.layers[1:] }),
		on("a layer more", func(t *tree) { t.layers = append(t.layers, t.layers[0]) }),
		on("another layer", func(t *tree) { t.layers[0].content = "another layer" }),
		on("no uncompressed digests", func(t *tree) { t.config["rootfs"] = object{"type": "layers"} }),
		on("a root file system of another type", func(t *tree) {
			t.config["rootfs"] = object{"type": "other", "diff_ids": t.config["rootfs"].(object)["diff_ids"]}
		}),
		relabelled("gzip labelled as tar", ociLayer),
		relabelled("gzip labelled as zstd", ociLayer+"+zstd"),
		relabelled("a layer labelled as encrypted", ociLayer+"+gzip+encrypted"),
		relabelled("a layer labelled as foreign", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
		on("tar labelled as gzip", func(t *tree) {
			t.layers[0].mediaType = ociLayer
			t.layers[0].edit = func(d object) { d["mediaType"] = ociLayer + "+gzip" }
		}),
		on("a config that has its runtime config twice", func(t *tree) { t.rewriteConfig = doubled("config", `{"Entrypoint":["/other"]}`, false) }),
		on("a config that had another runtime config", func(t *tree) { t.rewriteConfig = doubled("config", `{"Entrypoint":["/other"]}`, true) }),
		on("a config that has its runtime config in capitals", func(t *tree) { t.rewriteConfig = doubled("CONFIG", `{"Entrypoint":["/other"]}`, false) }),
		on("layers twice", func(t *tree) { t.rewrite = doubled("layers", `[]`, false) }),
		on("layers in capitals", func(t *tree) { t.rewrite = doubled("Layers", `[]`, false) }),
		on("images in an image", func(t *tree) { t.editManifest = func(m object) { m["manifests"] = []any{object{}} } }),
		on("the type of a list in an image", func(t *tree) { t.editManifest = func(m object) { m["mediaType"] = ociIndex } }),
		on("no type in an image", func(t *tree) { t.editManifest = func(m object) { delete(m, "mediaType") } }),
		on("a type of artifact", func(t *tree) { t.editManifest = func(m object) { m["artifactType"] = "application/x-artifact" } }),
		{"layers in a list", func(_ *rand.Rand, t tree) tree {
			t = asList(t).clone()
			t.editManifest = func(m object) { m["layers"] = []any{object{}} }
			return t
		}},
		{"images twice", func(_ *rand.Rand, t tree) tree {
			t = asList(t).clone()
			t.rewrite = doubled("manifests", `[]`, false)
			return t
		}},
	},
)

// answer is how the tag of a good copy answers HEAD.
type answer struct {
	name string
	head func(s *shelf, repository, digest string) http.HandlerFunc
}

// answers are those of registries and of proxies in front of them.
var answers = []answer{
	{"HEAD is 404", status(http.StatusNotFound)},
	{"HEAD is 403", status(http.StatusForbidden)},
	{"HEAD is 405", status(http.StatusMethodNotAllowed)},
	{"HEAD names a digest that is missing", func(*shelf, string, string) http.HandlerFunc {
		return headers("sha256:"+strings.Repeat("0", 64), 500)
	}},
	{"HEAD names an older image", func(s *shelf, repository, _ string) http.HandlerFunc {
		older := s.put(repository, "", evil("linux/amd64"))
		return headers(older["digest"].(string), older["size"].(int))
	}},
	{"HEAD names no digest", func(*shelf, string, string) http.HandlerFunc { return headers("", 500) }},
	{"the digest is missing", func(s *shelf, repository, digest string) http.HandlerFunc {
		delete(s.content, repository+"/manifests/"+digest)
		return headers(digest, len(s.content[repository+"/manifests/1"].body))
	}},
	{"HEAD has a wrong length", func(_ *shelf, _, digest string) http.HandlerFunc { return headers(digest, 7) }},
	{"HEAD has the length 0", func(_ *shelf, _, digest string) http.HandlerFunc { return headers(digest, 0) }},
}

func status(code int) func(*shelf, string, string) http.HandlerFunc {
	return func(*shelf, string, string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
}

// headers answers HEAD with a digest and a length.
func headers(digest string, length int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", dockerManifest)
		w.Header().Set("Content-Length", fmt.Sprint(length))
		if digest != "" {
			w.Header().Set("Docker-Content-Digest", digest)
		}
	}
}
