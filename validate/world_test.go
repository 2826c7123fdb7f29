package validate

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// This file has two registries in memory, and functions that build images for them. It
// also has the loop that doc.go shows, which reads facts until there is a verdict.

// node is a manifest and everything that it names. Its methods return changed
// copies.
type node struct {
	kind     string // its media type; "" if there is no manifest
	runsOn   string // the platform in its config, or in its history
	listed   string // the platform that the list of the node names for it
	listedAs string // the media type in that list
	config   string // the media type of its config
	command  string // the command in its config; a different command makes a different config
	layers   []string
	children []node

	runtime      string            // JSON of its runtime configuration, in place of the command
	history      string            // the history in its config, which is not compared
	created      any               // the time in its config
	diffIDs      []string          // the diff IDs in the config, in place of the right ones
	annotations  map[string]string // its annotations in the list that names it
	artifact     string            // its type in that list
	size         int64             // a wrong size in the list; -1 means that the list has no size
	kinds        []string          // the media types of the layers, in place of the usual ones
	features     features          // the features of the OS that its list names for it
	sizesLeftOut bool              // the manifest has no sizes
	stated       int64             // a wrong size of every layer in the manifest
	urlless      bool              // the manifest has no URLs for foreign layers
	urls         []string          // the URLs of every layer in the manifest
	link         string            // its URL in the list that names it

	algorithm       string // of its digest; "" means sha256
	configAlgorithm string // of the config's digest

	inline map[string]string // the field data of descriptors: of layers, "config", or "entry" in the list
	notes  map[string]string // the annotations of every layer

	served string   // the Content-Type that the registry sends, in place of the right one
	gone   bool     // the registry does not have the manifest
	rotten bool     // the bytes of the manifest are wrong
	length int64    // a wrong length in the answer to a HEAD request for the manifest
	hollow bool     // the registry does not have the config
	lost   []string // layers that the registry does not have
	spoilt []string // layers, or "config", whose bytes are wrong
	cut    []string // layers with one byte less
	grown  []string // layers with two bytes more
}

var nothing node

func buildImage(kind, config, platform string, layers []string) node {
	return node{kind: kind, runsOn: platform, listed: platform, listedAs: kind, config: config, command: "run", layers: layers}
}

func docker(platform string, layers ...string) node {
	return buildImage(TypeDockerManifest, typeDockerConfig, platform, layers)
}

func oci(platform string, layers ...string) node {
	return buildImage(TypeOCIManifest, typeOCIConfig, platform, layers)
}

// schema1 returns an image of schema 1. The base layer comes first. If the name of a
// layer ends in "!", the history marks it as empty. The layer "empty" is emptyLayer.
func schema1(platform string, layers ...string) node {
	return buildImage(TypeDockerSchema1, "", platform, layers)
}

func list(children ...node) node  { return node{kind: TypeDockerList, children: children} }
func index(children ...node) node { return node{kind: TypeOCIIndex, children: children} }

func (n node) as(platform string) node        { n.listed = platform; return n }
func (n node) typed(mediaType string) node    { n.listedAs = mediaType; return n }
func (n node) missing() node                  { n.gone = true; return n }
func (n node) rotting() node                  { n.rotten = true; return n }
func (n node) headed(length int64) node       { n.length = length; return n }
func (n node) servedAs(mediaType string) node { n.served = mediaType; return n }
func (n node) configless() node               { n.hollow = true; return n }
func (n node) running(command string) node    { n.command = command; return n }
func (n node) withLayers(l ...string) node    { n.layers = l; return n }
func (n node) withConfig(media string) node   { n.config = media; return n }
func (n node) signed() node                   { n.kind = TypeDockerSchema1Signed; return n }

func (n node) with(runtime string) node        { n.runtime = runtime; return n }
func (n node) built(history string) node       { n.history = history; return n }
func (n node) dated(created any) node          { n.created = created; return n }
func (n node) noted(name string) node          { n.annotations = map[string]string{name: "true"}; return n }
func (n node) claiming(diffIDs ...string) node { n.diffIDs = append([]string{}, diffIDs...); return n }
func (n node) of(artifact string) node         { n.artifact, n.listed = artifact, ""; return n }
func (n node) sized(size int64) node           { n.size = size; return n }
func (n node) packed(kinds ...string) node     { n.kinds = kinds; return n }
func (n node) without(layers ...string) node   { n.lost = layers; return n }
func (n node) spoiling(layers ...string) node  { n.spoilt = layers; return n }
func (n node) cutting(layers ...string) node   { n.cut = layers; return n }
func (n node) growing(layers ...string) node   { n.grown = layers; return n }

// named returns the node under a digest of an algorithm.
func (n node) named(algorithm string) node { n.algorithm = algorithm; return n }

func (n node) noting(notes map[string]string) node {
	n.notes = notes
	return n
}

// inlining returns the node with the field data in one of its descriptors.
func (n node) inlining(name, data string) node {
	n.inline = map[string]string{name: data}
	return n
}
func (n node) withoutURLs() node       { n.urlless = true; return n }
func (n node) at(urls ...string) node  { n.urls = urls; return n }
func (n node) unsized() node           { n.sizesLeftOut = true; return n }
func (n node) stating(size int64) node { n.stated = size; return n }
func (n node) wanting(f features) node { n.features = f; return n }

// attesting returns the node as an attestation about an image, as BuildKit puts it into
// a list.
func (n node) attesting(image node) node { return n.attestingAs(image, "unknown/unknown") }

// attestingAs does the same as attesting, with another platform in the list.
func (n node) attestingAs(image node, platform string) node {
	n.listed = platform
	n.annotations = map[string]string{annotationReferenceType: attestationManifest, annotationReferenceDigest: image.digest()}
	return n
}

// converted returns a copy of an OCI image with Docker's media types. The config and
// the layers are the same.
func (n node) converted() node {
	n.kind, n.listedAs = TypeDockerManifest, TypeDockerManifest
	return n
}

func layerDigest(name string) string {
	name = strings.TrimSuffix(name, "!")
	if name == "empty" {
		return emptyLayer
	}
	if plain, ok := strings.CutSuffix(name, ".sha512"); ok {
		return Digest("sha512", []byte(plain))
	}
	return Digest("sha256", []byte(name))
}

// layerDiffID returns the digest of an uncompressed layer. It is the same for "base"
// and "base.zst".
func layerDiffID(name string) string {
	name, _, _ = strings.Cut(name, ".")
	return Digest("sha256", []byte("what is in "+name))
}

// layerTypes has the media types of layers. The keys are the media types of manifests.
var layerTypes = map[string]string{
	TypeDockerManifest: "application/vnd.docker.image.rootfs.diff.tar.gzip",
	TypeOCIManifest:    "application/vnd.oci.image.layer.v1.tar+gzip",
}

func (n node) layer(i int) Descriptor {
	d := Descriptor{MediaType: layerTypes[n.kind], Digest: layerDigest(n.layers[i]), Size: int64(len(n.layers[i])),
		Annotations: n.notes, Data: []byte(n.inline[n.layers[i]])}
	if strings.HasSuffix(n.layers[i], ".zst") {
		d.MediaType = "application/vnd.oci.image.layer.v1.tar+zstd"
	}
	if i < len(n.kinds) {
		d.MediaType = n.kinds[i]
	}
	if n.sizesLeftOut {
		d.Size = 0
	}
	d.Size = cmp.Or(n.stated, d.Size)
	if d.hasForeignType() && !n.urlless {
		d.URLs = []string{"https://elsewhere.example/" + d.Digest}
	}
	d.URLs = append(d.URLs, n.urls...)
	return d
}

// platform parses a platform in the form that Platform.String writes:
// "os/architecture/variant:version".
func platform(s string) *Platform {
	if s == "" {
		return nil
	}
	rest, version, _ := strings.Cut(s, ":")
	parts := append(strings.Split(rest, "/"), "")
	return &Platform{OS: parts[0], Architecture: parts[1], Variant: parts[2], OSVersion: version}
}

func (n node) configBody() []byte {
	runtime := n.runtime
	if runtime == "" {
		runtime = fmt.Sprintf(`{"Cmd":[%q]}`, n.command)
	}
	diffIDs := []string{}
	for _, layer := range n.layers {
		diffIDs = append(diffIDs, layerDiffID(layer))
	}
	if n.diffIDs != nil {
		diffIDs = n.diffIDs
	}
	return encode(struct {
		*Platform
		Runtime json.RawMessage `json:"config"`
		RootFS  any             `json:"rootfs"`
		Created any             `json:"created,omitempty"`
		History any             `json:"history"`
	}{platform(n.runsOn), json.RawMessage(runtime), map[string]any{"type": "layers", "diff_ids": diffIDs}, n.created, []any{map[string]string{"comment": n.history}}})
}

func (n node) body() []byte {
	switch {
	case n.kind == TypeDockerSchema1 || n.kind == TypeDockerSchema1Signed:
		return n.schema1Body()
	case n.kind == TypeDockerList || n.kind == TypeOCIIndex:
		entries := []any{}
		for _, child := range n.children {
			size := int64(len(child.body()))
			if child.size != 0 {
				size = max(child.size, 0)
			}
			listed := platform(child.listed)
			if listed != nil {
				listed.OSFeatures = child.features
			}
			var linked []string
			if child.link != "" {
				linked = []string{child.link}
			}
			entries = append(entries, Descriptor{MediaType: child.listedAs, Digest: child.digest(), Size: size,
				Platform: listed, Annotations: child.annotations, ArtifactType: child.artifact, URLs: linked, Data: []byte(child.inline["entry"])})
		}
		return encode(map[string]any{"schemaVersion": 2, "mediaType": n.kind, "manifests": entries})
	}
	layers := []any{}
	for i := range n.layers {
		layers = append(layers, n.layer(i))
	}
	config := n.configBody()
	size := int64(len(config))
	if n.sizesLeftOut {
		size = 0
	}
	return encode(map[string]any{"schemaVersion": 2, "mediaType": n.kind, "layers": layers,
		"config": Descriptor{MediaType: n.config, Digest: Digest(n.configAlgorithm, config), Size: size, Data: []byte(n.inline["config"])}})
}

func (n node) schema1Body() []byte {
	p := platform(n.runsOn)
	layers, history := []any{}, []any{}
	for i, layer := range n.layers {
		v1 := map[string]any{"id": layer, "throwaway": strings.HasSuffix(layer, "!")}
		if i == len(n.layers)-1 {
			v1["architecture"], v1["os"], v1["variant"], v1["os.version"] = p.Architecture, p.OS, p.Variant, p.OSVersion
			v1["config"] = map[string]any{"Cmd": []string{n.command}}
		}
		// The newest layer comes first.
		layers = slices.Insert(layers, 0, any(map[string]any{"blobSum": layerDigest(layer)}))
		history = slices.Insert(history, 0, any(map[string]any{"v1Compatibility": string(encode(v1))}))
	}
	payload := encode(map[string]any{"schemaVersion": 1, "architecture": p.Architecture, "fsLayers": layers, "history": history})
	if n.kind == TypeDockerSchema1Signed {
		return sign(payload, len(payload)-len("}"), "}")
	}
	return payload
}

// sign puts a signature into a schema 1 manifest, as libtrust does: after the first
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
	if n.kind == TypeDockerSchema1Signed { // its digest is that of the manifest without signatures
		n.kind = TypeDockerSchema1
	}
	return Digest(n.algorithm, n.body())
}

// registry has the manifests and blobs of one side. The keys are digests. The manifest
// under the tag has the key "".
type registry struct {
	manifests map[string]*Manifest
	configs   map[string]*Config
	blobs     map[string]Fact
	referrers map[string][]Descriptor
	rotten    map[string]bool   // manifests whose bytes are wrong
	lengths   map[string]int64  // wrong lengths in answers to HEAD requests
	misread   map[string]string // the digest that the first of two reads gave of a manifest or blob
}

func hold(t testing.TB, top node) registry {
	t.Helper()
	r := registry{map[string]*Manifest{}, map[string]*Config{}, map[string]Fact{}, map[string][]Descriptor{}, map[string]bool{}, map[string]int64{}, map[string]string{}}
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
	m, err := ParseManifest(cmp.Or(n.served, n.kind), n.algorithm, body)
	if err != nil {
		t.Fatalf("the test stores what cannot be parsed: %v\n%s", err, body)
	}
	r.manifests[m.Digest] = m
	r.rotten[m.Digest], r.lengths[m.Digest] = n.rotten, n.length
	if m.Config.Digest != "" && !n.hollow {
		config, err := ParseConfig(n.configBody())
		if err != nil {
			t.Fatal(err)
		}
		fact := Fact{Digest: m.Config.Digest, Size: int64(len(n.configBody()))}
		if slices.Contains(n.spoilt, "config") {
			fact.Digest = Digest("sha256", []byte("spoilt"))
		} else {
			r.configs[m.Config.Digest] = config
		}
		r.blobs[m.Config.Digest] = fact
	}
	for i, name := range n.layers {
		if m.IsSchema1() || slices.Contains(n.lost, name) {
			continue
		}
		layer := n.layer(i)
		fact := Fact{Digest: layer.Digest, Size: int64(len(name)), DiffID: layerDiffID(name), Format: "gzip"}
		switch {
		case slices.Contains(n.spoilt, name):
			fact.Digest = Digest("sha256", []byte("spoilt"))
		case slices.Contains(n.cut, name):
			fact.Size, fact.Digest = fact.Size-1, Digest("sha256", []byte("cut"))
		case slices.Contains(n.grown, name):
			fact.Size, fact.Digest = fact.Size+2, Digest("sha256", []byte("grown"))
		}
		if strings.HasSuffix(name, ".zst") {
			fact.Format = "zstd"
		}
		if strings.HasSuffix(name, ".bomb") {
			fact.DiffID, fact.Broken = "", "it is a bomb"
		}
		r.blobs[layer.Digest] = fact
	}
	for _, child := range n.children {
		r.add(t, child)
	}
	return m
}

// world answers needs from two registries.
type world struct {
	sides    [2]registry
	headless bool // the registries send no digest in answer to a HEAD request

	resolved *Fact // what the destination answers to a HEAD request for the tag, in place of the right answer
	// resolvedLater is what it answers to a second one; nil means the same answer.
	resolvedLater *Fact
}

func (w world) read(need Need) Fact {
	side := w.sides[need.Side]
	switch need.Action {
	case ReadConfig, HeadBlob, HashBlob, UnpackLayer:
		fact, ok := side.blobs[need.Digest]
		switch {
		case !ok:
			return Fact{Missing: true}
		case need.Action == ReadConfig:
			return Fact{Digest: fact.Digest, Size: fact.Size, Config: side.configs[need.Digest], Misread: side.misread[need.Digest]}
		case need.Action == HeadBlob:
			return Fact{Size: fact.Size}
		case need.Action == HashBlob:
			return Fact{Digest: fact.Digest, Size: fact.Size, Misread: side.misread[need.Digest]}
		}
		return fact
	case ListReferrers:
		return Fact{Referrers: side.referrers[need.Digest]}
	}
	m, ok := side.manifests[need.Digest]
	switch {
	case need.Action == ResolveTagAgain && w.resolvedLater != nil:
		return side.measured(*w.resolvedLater)
	case (need.Action == ResolveTag || need.Action == ResolveTagAgain) && w.resolved != nil:
		return side.measured(*w.resolved)
	case !ok:
		return Fact{Missing: true}
	case need.Action == ResolveTag && w.headless:
		return Fact{}
	case need.Action == ResolveTag, need.Action == HeadManifest && !w.headless:
		return Fact{Digest: m.Digest, Size: cmp.Or(side.lengths[m.Digest], m.Size)}
	case side.rotten[m.Digest]:
		return Fact{Digest: Digest("sha256", []byte("rotten")), Claimed: m.Digest}
	}
	return Fact{Digest: m.Digest, Size: m.Size, Manifest: m, Misread: side.misread[m.Digest]}
}

// drive compares until there is a verdict. It also returns the needs that were read. In
// each round it reads only the first limit needs.
func drive(t testing.TB, q Question, read func(Need) Fact, limit int) (Verdict, []Need) {
	t.Helper()
	known := Known{}
	var asked []Need
	const maxReads = 200
	for round := 1; ; round++ {
		verdict, needs := Compare(q, known)
		if len(needs) == 0 {
			checkVerdict(t, q, verdict)
			return verdict, asked
		}
		if !reflect.DeepEqual(verdict, Verdict{}) {
			t.Fatalf("a verdict beside needs: %+v", verdict)
		}
		if round > 20 && limit >= maxReads || len(asked) > maxReads {
			t.Fatalf("no verdict after %d rounds; read %v", round, asked)
		}
		for _, need := range needs[:min(limit, len(needs))] {
			if _, ok := known[need]; ok {
				t.Fatalf("asked twice: %v", need)
			}
			fact := read(need)
			known[need] = &fact
			asked = append(asked, need)
		}
	}
}

// checkVerdict checks conditions that every verdict must meet.
func checkVerdict(t testing.TB, q Question, v Verdict) {
	t.Helper()
	pass, compared := v.Status == Pass, q.Rules.AskSource()
	if pass != (v.Reason == "") || pass != (v.Message == "") || (pass && compared) != (v.Match != "") {
		t.Errorf("the verdict contradicts itself: %+v", v)
	}
	if pass && len(v.Platforms) == 0 {
		t.Errorf("a pass of no platform: %+v", v)
	}
	for _, p := range v.Platforms {
		if pass && (p.Reason != "" || p.Destination == "") || (p.Source != "" || p.Match != "") && !compared ||
			compared && (pass && (p.Match == "" || p.Source == "") || (p.Match == "") != (p.Reason != "")) {
			t.Errorf("the verdict contradicts its platform: %+v", v)
		}
	}
}

var actions = []string{"HEAD", "READ", "CONFIG", "STAT", "HASH", "UNPACK", "REFERRERS", "RESOLVE", "RESOLVE AGAIN"}

// tally returns how many needs of each kind were read: "source HEAD 1, destination
// READ 1".
func tally(needs []Need) string {
	count := map[string]int{}
	for _, need := range needs {
		count[need.Side.String()+" "+actions[need.Action]]++
	}
	var all []string
	for _, side := range []string{"source", "destination"} {
		for _, action := range actions {
			if n := count[side+" "+action]; n > 0 {
				all = append(all, fmt.Sprintf("%s %s %d", side, action, n))
			}
		}
	}
	return strings.Join(all, ", ")
}

// measured adds the size of the manifest to an answer to HEAD that names none.
func (r registry) measured(fact Fact) Fact {
	if m := r.manifests[fact.Digest]; m != nil && fact.Size == 0 {
		fact.Size = m.Size
	}
	return fact
}
