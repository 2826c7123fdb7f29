package validate

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var (
	digestA = "sha256:" + strings.Repeat("a", 64)
	digestB = "sha256:" + strings.Repeat("b", 64)
	digestC = "sha512:" + strings.Repeat("c", 128)
)

// unsigned is a manifest of schema 1, its newest layer first.
var unsigned = `{"schemaVersion":1,"name":"app","tag":"1.0","architecture":"arm64",` +
	`"fsLayers":[{"blobSum":"` + digestB + `"},{"blobSum":"` + digestA + `"}],` +
	`"history":[{"v1Compatibility":"{\"os\":\"linux\",\"variant\":\"v8\",\"os.version\":\"1\"}"},{"v1Compatibility":"{\"os\":\"plan9\"}"}]}`

func TestParseManifest(t *testing.T) {
	config := `"config":{"mediaType":"x","digest":"` + digestA + `","size":1}`
	layers := `"layers":[{"digest":"` + digestA + `"},{"digest":"` + digestC + `"}]`
	manifests := `"manifests":[{"mediaType":"m","digest":"` + digestB + `","size":7,"platform":{"architecture":"arm","os":"linux","variant":"v7","os.version":"1"}}]`
	typed := func(mediaType, fields string) string {
		return fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,%s}`, mediaType, fields)
	}
	for _, test := range []struct {
		name, contentType, body string
		want                    string // the type
		err                     string // a part of it, "" for none
	}{
		// The manifest states its type.
		{name: "Docker list", body: typed(TypeDockerList, manifests), want: TypeDockerList},
		{name: "OCI index", body: typed(TypeOCIIndex, manifests), want: TypeOCIIndex},
		{name: "Docker image", body: typed(TypeDockerManifest, config+","+layers), want: TypeDockerManifest},
		{name: "OCI image", body: typed(TypeOCIManifest, config+","+layers), want: TypeOCIManifest},
		{name: "empty list", body: typed(TypeDockerList, `"manifests":[]`), want: TypeDockerList},
		{name: "image without layers", body: typed(TypeOCIManifest, config), want: TypeOCIManifest},
		{name: "its own type is not the registry's", contentType: TypeOCIManifest, body: typed(TypeDockerManifest, config), want: TypeDockerManifest},
		{name: "another type", body: typed("application/vnd.example", config), err: `media type "application/vnd.example" is not one of an image`},
		{name: "another type than the registry says", contentType: TypeOCIManifest, body: typed("text/html", config), err: `media type "text/html"`},

		// The registry tells the type.
		{name: "by content type", contentType: TypeDockerManifest, body: "{" + config + "}", want: TypeDockerManifest},
		{name: "by content type, with parameters", contentType: TypeDockerList + " ; charset=utf-8", body: "{" + manifests + "}", want: TypeDockerList},
		{name: "schema 1 by content type", contentType: TypeDockerSchema1, body: unsigned, want: TypeDockerSchema1},

		// The fields tell the type.
		{name: "index by shape", contentType: "application/json", body: "{" + manifests + "}", want: TypeOCIIndex},
		{name: "image by shape", contentType: "text/plain; charset=utf-8", body: "{" + config + "}", want: TypeOCIManifest},
		{name: "schema 1 by shape", body: unsigned, want: TypeDockerSchema1Signed},
		{name: "no shape", contentType: "application/json", body: `{"errors":[{"code":"DENIED"}]}`, err: `a document of type "application/json" without`},
		{name: "layers alone", body: "{" + layers + "}", err: "is no manifest"},

		// The fields contradict the type.
		{name: "list without manifests", body: typed(TypeDockerList, `"x":1`), err: "without manifests"},
		{name: "list with an image's fields", body: typed(TypeDockerList, config), err: "without manifests"},
		{name: "image with a subject that is none", body: typed(TypeOCIManifest, config+`,"subject":"x"`), err: "subject: no JSON string belongs there"},
		{name: "image without config", body: typed(TypeOCIManifest, layers), err: "without config"},
		{name: "image with a list's fields", contentType: TypeDockerManifest, body: "{" + manifests + "}", err: "without config"},
		{name: "schema 1 of version 2", contentType: TypeDockerSchema1Signed, body: "{" + config + "}", err: "without schemaVersion 1"},
		{name: "schema 1 without layers", body: `{"schemaVersion":1}`, err: "without schemaVersion 1 and fsLayers"},

		// One client takes such a manifest for a list, another for an image.
		{name: "manifests and config", body: "{" + manifests + "," + config + "}", err: "ambiguous"},
		{name: "manifests and layers", body: "{" + manifests + "," + layers + "}", err: "ambiguous"},
		{name: "manifests and no layers", body: typed(TypeOCIIndex, manifests+`,"layers":[]`), err: "ambiguous"},
		{name: "config and no manifests", body: typed(TypeOCIManifest, config+`,"manifests":[]`), err: "ambiguous"},

		// Digests.
		{name: "child without digest", body: `{"manifests":[{"digest":"` + digestA + `"},{}]}`, err: `manifests[1]: "" is no digest`},
		{name: "child that is null", body: `{"manifests":[null]}`, err: `manifests[0]: "" is no digest`},
		{name: "child with md5", body: `{"manifests":[{"digest":"md5:d41d8cd98f00b204e9800998ecf8427e"}]}`, err: "manifests[0]: "},
		{name: "config without digest", body: `{"config":{}}`, err: "config: "},
		{name: "layer with a path for a digest", body: "{" + config + `,"layers":[{"digest":"../../etc/passwd"}]}`, err: "layers[0]: "},

		// The body is no manifest.
		{name: "nothing", body: "", err: `no manifest but ""`},
		{name: "null", contentType: TypeOCIManifest, body: "null", err: "without config"},
		{name: "null of no type", body: "null", err: "is no manifest"},
		{name: "array", body: "[]", err: `no manifest but "[]"`},
		{name: "string", body: `"x"`, err: "no manifest but"},
		{name: "cut short", body: typed(TypeOCIManifest, config)[:50], err: "unexpected end of JSON input"},
		{name: "more after its end", body: typed(TypeOCIManifest, config) + "{}", err: "after top-level value"},
		{name: "a login page", contentType: "text/html", body: "<!DOCTYPE html><html><head><title>Sign in</title></head><body></body></html>",
			err: `76 bytes beginning with "<!DOCTYPE html><html><head><title>Sign in</title></head><bod"`},
		{name: "a field of another kind", body: `{"manifests":{}}`, err: "manifests: "},
		{name: "a list of another kind", body: `{"manifests":[1]}`, err: "manifests: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := ParseManifest(test.contentType, "sha256", []byte(test.body))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("got %+v, %v, want error %q", m, err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if m.MediaType != test.want || m.Size != int64(len(test.body)) || m.Digest != Digest("sha256", []byte(test.body)) {
				t.Errorf("got %s, %d bytes, %s, want %s", m.MediaType, m.Size, m.Digest, test.want)
			}
		})
	}

	for served, want := range map[string]string{
		"": "", TypeOCIIndex: "", TypeOCIIndex + "; charset=utf-8": "", "Application/vnd.oci.image.index.v1+json": "",
		TypeDockerList: TypeDockerList, "application/json; charset=utf-8": "application/json",
	} {
		m, err := ParseManifest(served, "sha256", []byte(typed(TypeOCIIndex, manifests)))
		if err != nil || m.ServedAs != want {
			t.Errorf("served as %q: %q, %v, want %q", served, m.ServedAs, err, want)
		}
	}
	if m, err := ParseManifest("application/json", "sha256", []byte("{"+manifests+"}")); err != nil || m.ServedAs != "application/json" {
		t.Errorf("without a type of its own: %+v, %v", m, err)
	}

	list, err := ParseManifest("", "sha512", []byte("{"+manifests+"}"))
	if err != nil {
		t.Fatal(err)
	}
	children := []Descriptor{{MediaType: "m", Digest: digestB, Size: 7, Platform: &Platform{"arm", "linux", "v7", "1", ""}}}
	if !list.IsList() || !reflect.DeepEqual(list.Children, children) || list.Digest != Digest("sha512", []byte("{"+manifests+"}")) {
		t.Errorf("got %+v", list)
	}
	image, err := ParseManifest("", "sha256", []byte("{"+config+","+layers+"}"))
	if err != nil {
		t.Fatal(err)
	}
	if image.IsList() || !reflect.DeepEqual(image.Config, Descriptor{MediaType: "x", Digest: digestA, Size: 1}) || !slices.Equal(layerDigests(image), []string{digestA, digestC}) {
		t.Errorf("got %+v", image)
	}
}

func layerDigests(m *Manifest) []string {
	var digests []string
	for _, layer := range m.Layers {
		digests = append(digests, layer.Digest)
	}
	return digests
}

func TestParseSchema1(t *testing.T) {
	for _, test := range []struct {
		name         string
		old, new     string // what is replaced in unsigned
		wantLayers   []string
		wantPlatform Platform
		err          string
	}{
		{name: "base first", wantLayers: []string{digestA, digestB}, wantPlatform: Platform{"arm64", "linux", "v8", "1", ""}},
		{name: "no OS is Linux", old: `\"os\":\"linux\",`, wantLayers: []string{digestA, digestB}, wantPlatform: Platform{"arm64", "linux", "v8", "1", ""}},
		{name: "base thrown away", old: `\"os\":\"plan9\"`, new: `\"throwaway\":true`, wantLayers: []string{digestB}, wantPlatform: Platform{"arm64", "linux", "v8", "1", ""}},
		{name: "newest thrown away", old: `\"os\":\"linux\",`, new: `\"throwaway\":true,`, wantLayers: []string{digestA}, wantPlatform: Platform{"arm64", "linux", "v8", "1", ""}},
		{name: "a layer without history", old: `,{"v1Compatibility":"{\"os\":\"plan9\"}"}`, err: "2 layers and 1 history entries"},
		{name: "no layers", old: unsigned, new: `{"schemaVersion":1,"fsLayers":[],"history":[]}`, err: "0 layers and 0 history entries"},
		{name: "null layers", old: unsigned, new: `{"schemaVersion":1,"fsLayers":null}`, err: "0 layers and 0 history entries"},
		{name: "layers of another kind", old: unsigned, new: `{"schemaVersion":1,"fsLayers":{}}`, err: "parsing the schema 1 manifest"},
		{name: "no digest", old: digestA, new: "latest", err: `fsLayers[1]: "latest" is no digest`},
		{name: "history that is no JSON", old: `{\"os\":\"plan9\"}`, new: "plan9", err: "history[1].v1Compatibility: "},
		{name: "signature without a header", old: `"tag"`, new: `"signatures":[{}],"tag"`, err: "signatures[0]: the protected header: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := unsigned
			if test.old != "" {
				body = strings.Replace(unsigned, test.old, test.new, 1)
			}
			m, err := ParseManifest("", "sha256", []byte(body))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("got %+v, %v, want error %q", m, err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !m.IsSchema1() || !slices.Equal(layerDigests(m), test.wantLayers) || m.Schema1.Platform != test.wantPlatform || m.Digest != Digest("sha256", []byte(body)) {
				t.Errorf("got %+v of %+v", m, m.Schema1)
			}
		})
	}
}

// TestSignedSchema1 reads signed manifests. Their digest is that of the manifest
// before it was signed.
func TestSignedSchema1(t *testing.T) {
	payload := []byte(unsigned)
	for _, algorithm := range []string{"sha256", "sha512"} {
		m, err := ParseManifest(TypeDockerSchema1Signed, algorithm, sign(payload, len(payload)-1, "}"))
		if err != nil {
			t.Fatal(err)
		}
		if want := Digest(algorithm, payload); m.Digest != want {
			t.Errorf("digest is %s, want %s", m.Digest, want)
		}
		if !slices.Equal(layerDigests(m), []string{digestA, digestB}) {
			t.Errorf("layers are %v", m.Layers)
		}
	}

	other := strings.Replace(unsigned, digestB, digestA, 1)
	forged := other[:len(other)-1] + signatures(0, unsigned) + "}"
	if m, err := ParseManifest("", "sha256", []byte(forged)); err == nil && m.Digest == Digest("sha256", payload) {
		if !slices.Equal(layerDigests(m), []string{digestA, digestB}) {
			t.Errorf("the digest of one manifest and the layers of another: %v", m.Layers)
		}
	}

	// protected is base64url of the JSON of formatLength and formatTail.
	for _, test := range []struct{ name, protected, want string }{
		{"no header", "", "the protected header: unexpected end"},
		{"no base64", "?", "the protected header: illegal base64"},
		{"no JSON", "eHg", "the protected header: invalid character 'x'"},
		{"a negative length", "eyJmb3JtYXRMZW5ndGgiOi0xfQ", "formatLength -1 of"},
		{"more than there is", "eyJmb3JtYXRMZW5ndGgiOjk5OTk5fQ", "formatLength 99999 of"},
		{"a length that no int holds", "eyJmb3JtYXRMZW5ndGgiOjFlOTl9", "the protected header: "},
		{"a tail without base64", "eyJmb3JtYXRUYWlsIjoiPyJ9", "formatTail: illegal base64"},
	} {
		body := unsigned[:len(unsigned)-1] + fmt.Sprintf(`,"signatures":[{"protected":%q}]}`, test.protected)
		if m, err := ParseManifest("", "sha256", []byte(body)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %+v, %v, want %q", test.name, m, err, test.want)
		}
	}
}

func TestSizesOfDescriptors(t *testing.T) {
	for _, test := range []struct{ size, want string }{
		{"-1", "config: " + digestA + " has a size of -1 bytes"},
		{"9223372036854775808", "config.size: no JSON number 9223372036854775808 belongs there"},
		{"1e3", "config.size: no JSON number 1e3 belongs there"},
		{`"1"`, "config.size: no JSON string belongs there"},
		{"9223372036854775807", ""},
		{"null", ""},
	} {
		body := fmt.Sprintf(`{"schemaVersion":2,"config":{"digest":%q,"size":%s},"layers":[]}`, digestA, test.size)
		_, err := ParseManifest(TypeOCIManifest, "sha256", []byte(body))
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("a size of %s: %v, want %q", test.size, err, test.want)
		}
	}
}

func TestParseConfig(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       Platform
		err        string
	}{
		{name: "Linux", body: `{"architecture":"arm64","os":"linux","variant":"v8","rootfs":{}}`, want: Platform{"arm64", "linux", "v8", "", ""}},
		{name: "Windows", body: `{"architecture":"amd64","os":"windows","os.version":"10.0.1"}`, want: Platform{"amd64", "windows", "", "10.0.1", ""}},
		{name: "no platform", body: `{}`},
		{name: "nothing", body: "", err: "parsing the config: unexpected end"},
		{name: "cut short", body: `{"architecture":"arm`, err: "parsing the config: unexpected end"},
		{name: "no JSON", body: "<html>", err: "parsing the config: invalid character"},
		{name: "another kind", body: `{"os":1}`, err: "parsing the config: "},
	} {
		config, err := ParseConfig([]byte(test.body))
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: got %+v, %v, want error %q", test.name, config, err, test.err)
			}
		} else if err != nil || config.Platform != test.want {
			t.Errorf("%s: got %+v, %v, want %+v", test.name, config, err, test.want)
		}
	}
}

func TestDigest(t *testing.T) {
	const sha256 = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	for _, test := range []struct{ algorithm, want string }{
		{"sha256", sha256},
		{"sha512", "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
		{"", sha256}, // sha256 is the default
		{"md5", sha256},
	} {
		got := Digest(test.algorithm, []byte("abc"))
		if got != test.want || CheckDigest(got) != nil || Algorithm(got) != test.want[:6] {
			t.Errorf("%q: got %s, want %s", test.algorithm, got, test.want)
		}
	}
}

func TestCheckDigest(t *testing.T) {
	for _, good := range []string{digestA, digestC, Digest("sha256", nil)} {
		if err := CheckDigest(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{
		"", "sha256:", digestA[:70], digestA + "a", strings.ToUpper(digestA), "sha256:" + strings.Repeat("A", 64), "sha256:" + strings.Repeat("g", 64),
		digestA[7:], "md5:d41d8cd98f00b204e9800998ecf8427e", "sha384:" + strings.Repeat("a", 96), "sha512:" + strings.Repeat("a", 64),
		" " + digestA, digestA + "\n", digestA + "/../x",
	} {
		if err := CheckDigest(bad); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q is no digest", bad)) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func TestPlatformString(t *testing.T) {
	for _, want := range []string{"linux/amd64", "linux/arm64/v8", win2019, "windows/arm/v7:1.2"} {
		if got := platform(want).String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestNormalPlatform writes one platform in two ways.
func TestNormalPlatform(t *testing.T) {
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"linux/arm64", "linux/arm64/v8", true},
		{"linux/arm64/8", "Linux/aarch64", true},
		{"linux/arm64", "linux/arm64/v9", false},
		{"linux/arm", "linux/arm/v7", true},
		{"linux/arm/7", "linux/armhf/V7", true},
		{"linux/armel", "linux/arm/v6", true},
		{"linux/armel", "linux/arm", false},
		{"linux/amd64/v1", "linux/x86_64", true},
		{"linux/amd64/v2", "linux/amd64", false},
		{"macOS/arm64", "darwin/arm64", true},
		{"windows/amd64", win2019, true},
		{win2019, win2022, false},
	} {
		a, b := platform(test.a), platform(test.b)
		if samePlatform(*a, *b) != test.same || samePlatform(*b, *a) != test.same {
			t.Errorf("%s and %s are the same: want %v", test.a, test.b, test.same)
		}
	}
}

// seeds returns the manifests of the other tests, and some documents that are no
// manifests.
func seeds() [][]byte {
	bodies := [][]byte{nil, []byte("null"), []byte("[]"), []byte(`{"manifests":[null]}`), []byte(unsigned), sign([]byte(unsigned), len(unsigned)-1, "}")}
	for _, n := range []node{amd64, arm64, ociAMD64, ociAMD64.converted(), old, chart, v1, v1.signed(), list(), list(amd64), list(amd64, arm64),
		list(arm64, amd64), list(amd64, s390x), list(amd64.as("")), list(old, new_), index(), index(ociAMD64, ociARM64, attestation),
		list(ociAMD64.converted(), ociARM64.converted())} {
		bodies = append(bodies, n.body())
	}
	return bodies
}

func FuzzParseManifest(f *testing.F) {
	for i, body := range seeds() {
		f.Add(append(ManifestTypes, "", "text/html")[i%(len(ManifestTypes)+2)], []string{"sha256", "sha512", ""}[i%3], body)
		f.Add("", "sha256", body)
	}
	f.Fuzz(func(t *testing.T, contentType, algorithm string, body []byte) {
		m, err := ParseManifest(contentType, algorithm, body)
		if err != nil {
			return
		}
		if !slices.Contains(ManifestTypes, m.MediaType) || m.Size != int64(len(body)) || CheckDigest(m.Digest) != nil {
			t.Errorf("got %+v", m)
		}
		if !m.IsSchema1() && m.Digest != Digest(algorithm, body) {
			t.Errorf("digest is %s, want %s", m.Digest, Digest(algorithm, body))
		}
		if m.IsSchema1() != (m.Schema1 != nil) || m.IsList() && (m.Config.Digest != "" || m.Layers != nil) || !m.IsList() && m.Children != nil {
			t.Errorf("the fields of several types: %+v", m)
		}
		digests := layerDigests(m)
		for _, child := range m.Children {
			digests = append(digests, child.Digest)
		}
		if m.Config.Digest != "" {
			digests = append(digests, m.Config.Digest)
		}
		for _, digest := range digests {
			if err := CheckDigest(digest); err != nil {
				t.Error(err)
			}
		}
	})
}

// FuzzCompare compares two arbitrary manifests. If a manifest is a list, all its
// entries lead to one and the same manifest. Only an entry whose digest ends in 0
// leads to none.
func FuzzCompare(f *testing.F) {
	bodies := seeds()
	config := amd64.configBody()
	at := func(i int) []byte { return bodies[i%len(bodies)] }
	for i, source := range bodies {
		f.Add(source, source, at(i+3), at(i+3), config)
		f.Add(source, at(i+1), at(i+5), at(i+6), []byte(nil))
	}
	for _, n := range []node{amd64, ociAMD64} {
		f.Add(n.body(), list(n).body(), n.body(), n.body(), config)
		f.Add(n.body(), list(n.converted()).body(), n.body(), n.converted().body(), config)
		f.Add(index(n).body(), list(n.converted()).body(), n.body(), n.converted().body(), config)
	}
	f.Fuzz(func(t *testing.T, source, destination, sourceChild, destinationChild, config []byte) {
		var tops, children [2]*Manifest
		for i, body := range [][]byte{source, destination} {
			if m, err := ParseManifest("", "sha256", body); err == nil {
				tops[i] = m
			}
		}
		for i, body := range [][]byte{sourceChild, destinationChild} {
			if m, err := ParseManifest("", "sha256", body); err == nil {
				children[i] = m
			}
		}
		read := func(need Need) Fact {
			switch need.Action {
			case ReadConfig:
				c, err := ParseConfig(config)
				return Fact{Missing: err != nil, Digest: need.Digest, Config: c}
			case HeadBlob, HashBlob, UnpackLayer:
				return Fact{Digest: need.Digest, Size: int64(len(config))}
			case ListReferrers:
				return Fact{}
			}
			m := tops[need.Side]
			if need.Digest != "" {
				m = nil
				if child := children[need.Side]; child != nil && !strings.HasSuffix(need.Digest, "0") {
					copied := *child
					copied.Digest = need.Digest
					m = &copied
				}
			}
			switch {
			case m == nil:
				return Fact{Missing: true}
			case need.Action == HeadManifest:
				return Fact{Digest: m.Digest}
			}
			return Fact{Digest: m.Digest, Manifest: m}
		}
		q := question("", "")
		passed := map[Rules]bool{}
		for _, rules := range []Rules{Exact, Content} {
			for _, depth := range []Depth{Manifests, Blobs, Data} {
				q.Rules, q.Depth, q.Provenance = rules, depth, len(config)%2 == 0
				verdict, _ := drive(t, q, read, all)
				passed[rules] = verdict.Status == Pass
				if tops[Source] == nil && verdict.Reason != SourceMissing {
					t.Errorf("no source: %+v", verdict)
				}
				if passed[rules] && tops[Destination] == nil || passed[rules] && rules == Exact && tops[Source].Digest != tops[Destination].Digest {
					t.Errorf("%s passed: %+v", rules, verdict)
				}
			}
		}
		if passed[Exact] && !passed[Content] {
			t.Errorf("exactly the same, but not the same content:\n%s\n%s\n%s\n%s", source, destination, sourceChild, destinationChild)
		}

		q.Rules = Present
		if verdict, _ := drive(t, q, read, all); verdict.Status == Pass && tops[Destination] == nil {
			t.Errorf("present, though there is no manifest: %+v", verdict)
		}

		q = question("", "")
		verdict, _ := drive(t, q, read, all)
		switch {
		case tops[Source] == nil && verdict.Reason != SourceMissing:
			t.Errorf("no source: %+v", verdict)
		case verdict.Status == Pass && (tops[Source].isArtifact() || slices.ContainsFunc(tops[Source].Children, mustBeRead) ||
			!slices.ContainsFunc(verdict.Platforms, func(p PlatformVerdict) bool { return p.Wanted })): // compared by more than their lists
		case verdict.Status == Pass:
			for _, wrong := range falsePass(q, tops[Source], tops[Destination], children) {
				t.Errorf("%s: %+v\n%s\n%s\n%s\n%s", wrong, verdict, source, destination, sourceChild, destinationChild)
			}
		}
	})
}

// falsePass says why two manifests should not have passed under the rules "hangar".
// It is simpler than the rules: it only knows which platforms and digests a good
// mirror has.
func falsePass(q Question, source, destination *Manifest, children [2]*Manifest) (wrong []string) {
	if destination == nil || destination.MediaType != TypeDockerList || len(destination.Children) == 0 {
		return []string{"the destination is no list of images"}
	}
	convertible := children[Source] != nil && children[Destination] != nil &&
		children[Source].Config.Digest == children[Destination].Config.Digest && slices.Equal(layerDigests(children[Source]), layerDigests(children[Destination]))
	convertible = convertible && children[Source].Config.Digest != ""

	if !source.IsList() {
		there := destination.Children[0].Digest == source.Digest
		if len(destination.Children) != 1 || !there && source.MediaType == TypeDockerManifest {
			wrong = append(wrong, "the destination does not have the single image, and no other")
		}
		return wrong
	}
	key := func(p Platform) string { p.Architecture = normalArchitecture(p.Architecture); return p.String() }
	has := func(m *Manifest, like Descriptor, digest string) bool {
		return slices.ContainsFunc(m.Children, func(d Descriptor) bool {
			return d.Platform != nil && key(*d.Platform) == key(*like.Platform) && (digest == "" || d.Digest == digest)
		})
	}
	compared := 0
	for _, child := range source.Children {
		if !q.wanted(child.Platform) {
			continue
		}
		compared++
		if !has(destination, child, child.Digest) && !(child.MediaType == TypeOCIManifest && convertible && has(destination, child, "")) {
			wrong = append(wrong, "the destination does not have "+child.Digest)
		}
	}
	if compared == 0 {
		wrong = append(wrong, "nothing was compared")
	}
	for _, child := range destination.Children {
		if q.wanted(child.Platform) && !has(source, child, "") {
			wrong = append(wrong, "the source does not have "+child.Platform.String())
		}
	}
	return wrong
}
