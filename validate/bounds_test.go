package validate

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// These tests check that a registry that lies cannot cause endless work: the number of
// reads is limited, and so is the time of a comparison. If a comparison took too long,
// the tests would not end.

// boundless compares two registries that serve a manifest for every digest. It
// returns how many manifests were read, and how many other facts.
func boundless(t *testing.T, q Question, top *Manifest, manifest func(digest string) *Manifest) (verdict Verdict, manifests, others int) {
	t.Helper()
	known := Known{}
	for {
		verdict, needs := Compare(q, known)
		if len(needs) == 0 {
			return verdict, manifests, others
		}
		for _, need := range needs {
			fact := Fact{Digest: need.Digest, Size: 1, Config: &Config{Platform: Platform{Architecture: "amd64", OS: "linux"}}}
			switch {
			case need.Digest == "", need.Digest == top.Digest && need.Action == ReadManifest:
				fact.Manifest, fact.Digest = top, top.Digest
			case need.Action == ReadManifest:
				fact.Manifest = manifest(need.Digest)
				manifests++
			default:
				others++
			}
			known[need] = &fact
		}
	}
}

func number(what string, i int) string { return Digest("sha256", fmt.Appendf(nil, "%s %d", what, i)) }

// entriesOf makes a list of n entries.
func entriesOf(name string, n int, entry func(i int) Descriptor) *Manifest {
	list := &Manifest{MediaType: TypeDockerList, Digest: number(name, -1)}
	for i := range n {
		child := entry(i)
		child.Digest = number(name, i)
		list.Children = append(list.Children, child)
	}
	return list
}

func TestListsWithoutEnd(t *testing.T) {
	labelled := func(p Platform) func(int) Descriptor {
		return func(int) Descriptor { return Descriptor{MediaType: TypeDockerManifest, Platform: &p} }
	}
	versions := func(i int) Descriptor {
		return Descriptor{MediaType: TypeDockerManifest, Platform: &Platform{Architecture: "amd64", OS: "windows", OSVersion: fmt.Sprintf("10.0.%d", i)}}
	}
	lists := func(int) Descriptor { return Descriptor{MediaType: TypeOCIIndex} }
	bare := func(int) Descriptor { return Descriptor{MediaType: TypeDockerManifest} }
	small := func(digest string) *Manifest {
		return &Manifest{MediaType: TypeDockerManifest, Digest: digest, Size: 1, Config: Descriptor{MediaType: typeDockerConfig, Digest: digest}}
	}
	itself := entriesOf("i", 2, func(i int) Descriptor { return []Descriptor{lists(0), versions(0)}[i] })
	itself.Children[0].Digest = itself.Digest
	for _, test := range []struct {
		name      string
		top       *Manifest
		manifest  func(string) *Manifest
		status    Status
		message   string
		manifests int // how many may be read
	}{
		{"10,000 images for one platform", entriesOf("i", 10_000, labelled(Platform{Architecture: "amd64", OS: "linux"})), nil,
			Error, "source manifest: 10000 of its entries would have to be compared, and mvrun compares no more than 1000", 0},
		{"10,000 versions of Windows", entriesOf("i", 10_000, versions), nil, Error, "10000 of its entries", 0},
		{"1,000 versions of Windows", entriesOf("i", 1000, versions), nil, Pass, "", 0},
		{"10,000 images that nobody wants", entriesOf("i", 10_000, labelled(Platform{Architecture: "s390x", OS: "linux"})), nil, Skip, "it has only linux/s390x", 0},
		{"10,000 versions that nobody wants", entriesOf("i", 10_000, func(i int) Descriptor {
			return Descriptor{MediaType: TypeDockerManifest, Platform: &Platform{Architecture: "arm", OS: "linux", OSVersion: fmt.Sprint(i)}}
		}), nil, Skip, "linux/arm:19, and others", 0},
		{"10,000 lists", entriesOf("i", 10_000, lists), func(digest string) *Manifest {
			return &Manifest{MediaType: TypeOCIIndex, Digest: digest, Size: 1}
		}, Error, "destination manifest: more than 1000 manifests would have to be read", maxRead},
		{"lists of lists without end", entriesOf("i", 2, lists), func(digest string) *Manifest {
			list := entriesOf(digest, 2, lists)
			list.Digest = digest
			return list
		}, Error, "lie more than 8 levels deep", 1 << maxLevels},
		{"lists without end that are called images", entriesOf("i", 2, bare), func(digest string) *Manifest {
			list := entriesOf(digest, 1, bare)
			list.Digest = digest
			return list
		}, Error, "lie more than 8 levels deep", 2 * maxLevels},
		{"a list that names itself", itself, func(string) *Manifest { return itself }, Pass, "", 1},
		{"10,000 images without a platform", entriesOf("i", 10_000, bare), small, Error, "more than 1000 manifests", maxRead},
		{"large images without a platform", entriesOf("i", 900, bare), func(digest string) *Manifest {
			m := small(digest)
			m.Size = 4 << 20
			return m
		}, Error, "more than 67108864 bytes of manifests", maxReadAtOnce},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, rules := range []Rules{Content, Exact} {
				q := question("", "")
				q.Rules, q.Depth = rules, Manifests
				verdict, manifests, _ := boundless(t, q, test.top, test.manifest)
				if verdict.Status != test.status || !strings.Contains(verdict.Message, test.message) || test.status == Error && verdict.Reason != BadManifest {
					t.Errorf("%s: %s %s %s", rules, verdict.Status, verdict.Reason, verdict.Message)
				}
				if manifests > test.manifests {
					t.Errorf("%s: %d manifests were read", rules, manifests)
				}
			}
		})
	}
	t.Run("hangar", func(t *testing.T) {
		q := question("", "")
		q.Rules, q.Depth = Hangar, Manifests
		top := entriesOf("i", 10_000, labelled(Platform{Architecture: "amd64", OS: "linux"}))
		top.MediaType = TypeDockerList
		verdict, _, _ := boundless(t, q, top, nil)
		if verdict.Status != Error || verdict.Reason != BadManifest || !strings.HasPrefix(verdict.Message, "source manifest: 10000 of its entries") {
			t.Errorf("%s %s %s", verdict.Status, verdict.Reason, verdict.Message)
		}
	})
	t.Run("only at the destination", func(t *testing.T) {
		for _, test := range []struct {
			rules  Rules
			status Status
		}{{Content, Error}, {Hangar, Error}, {Exact, Fail}} {
			q := question("", "")
			q.Rules, q.Depth = test.rules, Manifests
			known := Known{
				{Side: Source, Action: HeadManifest}:      {Digest: number("source", -1), Manifest: entriesOf("source", 1, versions)},
				{Side: Destination, Action: ReadManifest}: {Digest: number("i", -1), Manifest: entriesOf("i", 10_000, versions)},
			}
			verdict, needs := Compare(q, known)
			if len(needs) > 0 || verdict.Status != test.status || test.status == Error && !strings.Contains(verdict.Message, "destination manifest: 10000 of its entries") {
				t.Errorf("%s: %s %s, needs %d", test.rules, verdict.Status, verdict.Message, len(needs))
			}
		}
	})
	t.Run("hangar", func(t *testing.T) {
		q := question("", "")
		q.Rules, q.Depth = Hangar, Manifests
		verdict, _, _ := boundless(t, q, entriesOf("i", 10_000, versions), nil)
		if verdict.Status != Error || verdict.Reason != BadManifest {
			t.Errorf("%s %s", verdict.Status, verdict.Message)
		}
	})
}

// TestLayersWithoutEnd compares an image, or an artifact, with 25,000 layers. A manifest
// of 4 MiB can name so many layers. No request is sent for them.
func TestLayersWithoutEnd(t *testing.T) {
	for _, test := range []struct {
		layers     int
		configType string
		depth      Depth
		status     Status
		reads      int // of blobs
	}{
		{maxLayers, typeDockerConfig, Blobs, Pass, 1 + maxLayers},
		{maxLayers, typeDockerConfig, Data, Pass, 1 + maxLayers},
		{25_000, typeDockerConfig, Blobs, Error, 1},
		{25_000, typeDockerConfig, Data, Error, 1},
		{25_000, "application/vnd.example.model", Manifests, Pass, 0},
		{25_000, "application/vnd.example.model", Blobs, Error, 0},
		{25_000, "application/vnd.example.model", Data, Error, 0},
	} {
		q := question("", "")
		q.Rules, q.Depth = Content, test.depth
		image := &Manifest{MediaType: TypeDockerManifest, Digest: number("image", 0), Size: 1, Config: Descriptor{MediaType: test.configType, Digest: number("config", 0), Size: 1}}
		for i := range test.layers {
			image.Layers = append(image.Layers, Descriptor{MediaType: layerTypes[TypeDockerManifest], Digest: number("layer", i), Size: 1})
		}
		verdict, _, reads := boundless(t, q, image, nil)
		if verdict.Status != test.status || reads != test.reads ||
			test.status == Error && (verdict.Reason != BadManifest || !strings.Contains(verdict.Message, "has 25000 layers, and mvrun looks at no more than 1000")) {
			t.Errorf("%d layers of %s, %s: %s %s, %d reads", test.layers, test.configType, test.depth, verdict.Status, verdict.Message, reads)
		}
	}
}

// TestParseManyLayers shows that an image of too many layers is refused as soon as it is
// read.
func TestParseManyLayers(t *testing.T) {
	layer := fmt.Sprintf(`{"digest":%q,"size":1}`, number("layer", 0))
	for _, test := range []struct {
		layers     int
		configType string
		refused    bool
	}{
		{maxLayers, typeDockerConfig, false},
		{maxLayers + 1, typeDockerConfig, true},
		{maxLayers + 1, "application/vnd.example.model", false},
	} {
		body := fmt.Sprintf(`{"schemaVersion":2,"config":{"mediaType":%q,"digest":%q},"layers":[%s]}`, test.configType, number("config", 0),
			strings.TrimSuffix(strings.Repeat(layer+",", test.layers), ","))
		if _, err := ParseManifest(TypeOCIManifest, "sha256", []byte(body)); (err != nil) != test.refused {
			t.Errorf("%d layers of %s: %v", test.layers, test.configType, err)
		}
	}
}

// TestLayerOfTwoSizes compares an image that names one layer twice, with two different
// sizes. One size is wrong.
func TestLayerOfTwoSizes(t *testing.T) {
	q := question("", "")
	q.Rules, q.Depth = Content, Blobs
	image := &Manifest{MediaType: TypeDockerManifest, Digest: number("image", 0), Size: 1, Config: Descriptor{MediaType: typeDockerConfig, Digest: number("config", 0), Size: 1}}
	for size := range int64(2) {
		image.Layers = append(image.Layers, Descriptor{MediaType: layerTypes[TypeDockerManifest], Digest: number("layer", 0), Size: size + 1})
	}
	if verdict, _, _ := boundless(t, q, image, nil); verdict.Reason != BlobSize || !strings.Contains(verdict.Message, "layer 2, ") {
		t.Errorf("%s %s %s", verdict.Status, verdict.Reason, verdict.Message)
	}
}

// TestMessagesAreShort compares lists that have very long names, or very many entries. A
// registry must not fill the log.
func TestMessagesAreShort(t *testing.T) {
	long := strings.Repeat("ü", 1<<15)
	many := func(n int, entry func(i int) node) []node {
		var all []node
		for i := range n {
			all = append(all, entry(i))
		}
		return all
	}
	labelled := func(i int) node { return docker(fmt.Sprintf("linux/amd64/v%d", i), "a") }
	labels := func(value string) node {
		all := map[string]string{}
		for i := range 1000 {
			all[fmt.Sprintf("%d%s", i, long[:1000])] = value
		}
		return app.with(string(encode(map[string]any{"Labels": all, "User": value + long, "Cmd": []string{value + long}, "Env": []string{long + "=" + value}})))
	}
	for _, test := range []struct {
		name                string
		source, destination node
	}{
		{"a long variant", list(docker("linux/arm64/"+long, "a")), list(arm64)},
		{"a long variant at the destination", list(arm64), list(arm64.as("linux/arm64/" + long))},
		{"a long variant, other digest", list(arm64), list(docker("linux/arm64/"+long, "a"), arm64.running("else"))},
		{"a long version", list(old), list(old.as("windows/amd64:" + long))},
		{"long features", list(old), list(old.wanting(features(long)))},
		{"a long unwanted variant", list(docker("linux/s390x/"+long, "a")), nothing},
		{"a long variant of a single image", docker("linux/arm64/"+long, "a"), list(arm64)},
		{"a long media type", index(app), index(app.typed(long))},
		{"a long type of a config", app, app.withConfig(long)},
		{"a long type of an artifact", index(sbom.of(long)), index(chart.as(""), chart.running("b").as(""))},
		{"many long labels", app, labels("b")},
		{"many long labels that differ", labels("a"), labels("b")},
		{"many missing platforms", list(many(900, labelled)...), list(arm64)},
		{"many differing platforms", list(many(900, labelled)...), list(many(900, func(i int) node { return labelled(i).running("else") })...)},
		{"many missing manifests", list(many(900, labelled)...), list(many(900, func(i int) node { return labelled(i).missing() })...)},
		{"many unwanted platforms", list(many(900, func(i int) node { return docker(fmt.Sprintf("linux/s390x/v%d", i)) })...), nothing},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, rules := range []Rules{Hangar, Content, Exact} {
				q := question("", "")
				q.Rules = rules
				w := world{sides: [2]registry{hold(t, test.source), hold(t, test.destination)}}
				known := Known{}
				verdict, needs := Compare(q, known)
				for len(needs) > 0 {
					for _, need := range needs {
						fact := w.read(need)
						known[need] = &fact
					}
					verdict, needs = Compare(q, known)
				}
				if verdict.Status == Pass || !utf8.ValidString(verdict.Message) || len(verdict.Message) > maxMessage+len("…") {
					t.Errorf("%s: %s, %d bytes: %.200s", rules, verdict.Status, len(verdict.Message), verdict.Message)
				}
				for _, p := range verdict.Platforms {
					if len(p.Platform) > 4*maxNote || len(p.Message) > maxNote+len("…") {
						t.Errorf("%s: a platform of %d bytes, with a message of %d bytes", rules, len(p.Platform), len(p.Message))
					}
				}
				if verdict.Lists != nil {
					if shown := encode(verdict.Lists); len(shown) > 1<<16 {
						t.Errorf("%s: lists of %d bytes", rules, len(shown))
					}
				}
			}
		})
	}
}
