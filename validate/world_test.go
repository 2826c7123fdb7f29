package validate

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Two registries in memory, what tests store in them, and the loop of doc.go
// that reads them.

// node is a manifest and all that it names. Its methods return changed copies.
type node struct {
	kind     string // its media type; "" for nothing at all
	runsOn   string // the platform in its config, or in its history
	listed   string // the platform in the list that names it
	listedAs string // the media type in that list
	config   string // media type of its config
	command  string // makes configs differ
	layers   []string
	children []node

	gone   bool // named, but not stored
	hollow bool // stored without its config
}

var nothing node

func image(kind, config, platform string, layers []string) node {
	return node{kind: kind, runsOn: platform, listed: platform, listedAs: kind, config: config, command: "run", layers: layers}
}

func docker(platform string, layers ...string) node {
	return image(TypeDockerManifest, typeDockerConfig, platform, layers)
}

func oci(platform string, layers ...string) node {
	return image(TypeOCIManifest, typeOCIConfig, platform, layers)
}

// schema1 takes its layers as the other builders do, the base first. A layer
// that ends in "!" is thrown away; "empty" is Docker's empty one.
func schema1(platform string, layers ...string) node {
	return image(TypeDockerSchema1, "", platform, layers)
}

func list(children ...node) node  { return node{kind: TypeDockerList, children: children} }
func index(children ...node) node { return node{kind: TypeOCIIndex, children: children} }

func (n node) as(platform string) node      { n.listed = platform; return n }
func (n node) typed(mediaType string) node  { n.listedAs = mediaType; return n }
func (n node) missing() node                { n.gone = true; return n }
func (n node) configless() node             { n.hollow = true; return n }
func (n node) running(command string) node  { n.command = command; return n }
func (n node) withLayers(l ...string) node  { n.layers = l; return n }
func (n node) withConfig(media string) node { n.config = media; return n }
func (n node) signed() node                 { n.kind = TypeDockerSchema1Signed; return n }

// converted is what a copying tool makes of an OCI image for a registry that
// wants Docker's types: the config and the layers stay.
func (n node) converted() node {
	n.kind, n.listedAs = TypeDockerManifest, TypeDockerManifest
	return n
}

func layerDigest(name string) string {
	name = strings.TrimSuffix(name, "!")
	if name == "empty" {
		return emptyLayer
	}
	return Digest("sha256", []byte(name))
}

// platform reads "os/architecture/variant:version", as Platform.String writes.
func platform(s string) *Platform {
	if s == "" {
		return nil
	}
	rest, version, _ := strings.Cut(s, ":")
	parts := append(strings.Split(rest, "/"), "")
	return &Platform{OS: parts[0], Architecture: parts[1], Variant: parts[2], OSVersion: version}
}

func (n node) configBody() []byte {
	return encode(struct {
		*Platform
		Command string
	}{platform(n.runsOn), n.command})
}

func (n node) body() []byte {
	switch {
	case n.kind == TypeDockerSchema1 || n.kind == TypeDockerSchema1Signed:
		return n.schema1Body()
	case n.kind == TypeDockerList || n.kind == TypeOCIIndex:
		entries := []any{}
		for _, child := range n.children {
			entries = append(entries, Descriptor{MediaType: child.listedAs, Digest: child.digest(), Size: 1, Platform: platform(child.listed)})
		}
		return encode(map[string]any{"schemaVersion": 2, "mediaType": n.kind, "manifests": entries})
	}
	layers := []any{}
	for _, layer := range n.layers {
		layers = append(layers, Descriptor{MediaType: "layer of " + n.kind, Digest: layerDigest(layer), Size: 1})
	}
	return encode(map[string]any{"schemaVersion": 2, "mediaType": n.kind, "layers": layers,
		"config": Descriptor{MediaType: n.config, Digest: Digest("sha256", n.configBody()), Size: 1}})
}

func (n node) schema1Body() []byte {
	p := platform(n.runsOn)
	layers, history := []any{}, []any{}
	for i, layer := range n.layers {
		v1 := map[string]any{"id": layer, "throwaway": strings.HasSuffix(layer, "!")}
		if i == len(n.layers)-1 {
			v1["architecture"], v1["os"], v1["variant"], v1["os.version"] = p.Architecture, p.OS, p.Variant, p.OSVersion
		}
		// The newest stands first.
		layers = slices.Insert(layers, 0, any(map[string]any{"blobSum": layerDigest(layer)}))
		history = slices.Insert(history, 0, any(map[string]any{"v1Compatibility": string(encode(v1))}))
	}
	payload := encode(map[string]any{"schemaVersion": 1, "architecture": p.Architecture, "fsLayers": layers, "history": history})
	if n.kind == TypeDockerSchema1Signed {
		return sign(payload, len(payload)-len("}"), "}")
	}
	return payload
}

// sign inserts a signature into a payload of schema 1, as libtrust does: after
// length bytes, and before the tail.
func sign(payload []byte, length int, tail string) []byte {
	return slices.Concat(payload[:length], []byte(signatures(length, tail)), []byte(tail))
}

func signatures(length int, tail string) string {
	encoding := base64.RawURLEncoding
	header := fmt.Sprintf(`{"formatLength":%d,"formatTail":%q}`, length, encoding.EncodeToString([]byte(tail)))
	return fmt.Sprintf(`,"signatures":[{"header":{},"signature":"c2ln","protected":%q}]`, encoding.EncodeToString([]byte(header)))
}

func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return body
}

func (n node) digest() string {
	if n.kind == TypeDockerSchema1Signed { // signatures are not part of it
		n.kind = TypeDockerSchema1
	}
	return Digest("sha256", n.body())
}

// registry is one side: what is there, by digest. The tag's is below "".
type registry struct {
	manifests map[string]*Manifest
	configs   map[string]*Config
}

func hold(t testing.TB, top node) registry {
	t.Helper()
	r := registry{map[string]*Manifest{}, map[string]*Config{}}
	if m := r.add(t, top); m != nil {
		r.manifests[""] = m
	}
	return r
}

func (r registry) add(t testing.TB, n node) *Manifest {
	t.Helper()
	if n.kind == "" || n.gone {
		return nil
	}
	body := n.body()
	m, err := ParseManifest(n.kind, "sha256", body)
	if err != nil {
		t.Fatalf("the test stores what cannot be parsed: %v\n%s", err, body)
	}
	r.manifests[m.Digest] = m
	if m.Config.Digest != "" && !n.hollow {
		config, err := ParseConfig(n.configBody())
		if err != nil {
			t.Fatal(err)
		}
		r.configs[m.Config.Digest] = config
	}
	for _, child := range n.children {
		r.add(t, child)
	}
	return m
}

// world answers needs from two registries.
type world struct {
	sides    [2]registry
	headless bool // its registries tell no digest in answer to a HEAD
}

func (w world) read(need Need) Fact {
	side := w.sides[need.Side]
	if need.What == Blob {
		config, ok := side.configs[need.Digest]
		return Fact{Missing: !ok, Digest: need.Digest, Config: config}
	}
	m, ok := side.manifests[need.Digest]
	switch {
	case !ok:
		return Fact{Missing: true}
	case need.What == Head && !w.headless:
		return Fact{Digest: m.Digest}
	}
	return Fact{Digest: m.Digest, Manifest: m}
}

// drive asks until there is a verdict, and returns what was read. It takes at
// most the first most needs of a round, as a slow caller might.
func drive(t testing.TB, q Question, read func(Need) Fact, most int) (Verdict, []Need) {
	t.Helper()
	known := Known{}
	var asked []Need
	const maxReads = 200
	for round := 1; ; round++ {
		verdict, needs := Compare(q, known)
		if len(needs) == 0 {
			checkVerdict(t, verdict)
			return verdict, asked
		}
		if !reflect.DeepEqual(verdict, Verdict{}) {
			t.Fatalf("a verdict beside needs: %+v", verdict)
		}
		if round > 10 && most >= maxReads || len(asked) > maxReads {
			t.Fatalf("no verdict after %d rounds; read %v", round, asked)
		}
		for _, need := range needs[:min(most, len(needs))] {
			if _, ok := known[need]; ok {
				t.Fatalf("asked twice: %v", need)
			}
			known[need] = read(need)
			asked = append(asked, need)
		}
	}
}

// checkVerdict holds what is promised of every verdict.
func checkVerdict(t testing.TB, v Verdict) {
	t.Helper()
	pass := v.Status == Pass
	if pass != (v.Reason == "") || pass != (v.Message == "") || pass != (v.Match != "") {
		t.Errorf("the verdict contradicts itself: %+v", v)
	}
	if pass && len(v.Platforms) == 0 {
		t.Errorf("a pass of no platform: %+v", v)
	}
	for _, p := range v.Platforms {
		if pass && (p.Match == "" || p.Reason != "" || p.Source == "" || p.Destination == "") || (p.Match == "") != (p.Reason != "") {
			t.Errorf("the verdict contradicts its platform: %+v", v)
		}
	}
}

// tally sums up what was read: "source HEAD 1, destination READ 1".
func tally(needs []Need) string {
	count := map[string]int{}
	for _, need := range needs {
		count[need.Side.String()+" "+[...]string{"HEAD", "READ", "BLOB"}[need.What]]++
	}
	var all []string
	for _, side := range []string{"source", "destination"} {
		for _, what := range []string{"HEAD", "READ", "BLOB"} {
			if n := count[side+" "+what]; n > 0 {
				all = append(all, fmt.Sprintf("%s %s %d", side, what, n))
			}
		}
	}
	return strings.Join(all, ", ")
}
