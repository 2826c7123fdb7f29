package validate

import (
	"fmt"
	"strings"
	"testing"
)

// TestAmbiguous reads manifests and configs that two parsers could read in two ways.
func TestAmbiguous(t *testing.T) {
	config := `"config":{"mediaType":"x","digest":"` + digestA + `","size":1}`
	layer := func(more string) string { return `{"digest":"` + digestA + `"` + more + `}` }
	image := func(fields string) string { return `{"schemaVersion":2,` + config + `,` + fields + `}` }
	index := func(entry string) string { return `{"schemaVersion":2,"manifests":[` + entry + `]}` }
	nested := func(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }
	for _, test := range []struct {
		name, manifest, config string
		want                   string // a part of the error; "" if there is none
	}{
		{name: "layers twice", manifest: image(`"layers":[` + layer("") + `],"layers":[]`), want: `the key "layers" more than once`},
		{name: "layers twice, once in capitals", manifest: image(`"layers":[` + layer("") + `],"LAYERS":[]`), want: `the key "layers" more than once`},
		{name: "layers twice, once with a long s", manifest: image(`"layers":[],"layerſ":[]`), want: `the key "layers" more than once`},
		{name: "layers twice, once with an escape", manifest: image(`"layers":[],"l\u0061yers":[]`), want: `the key "layers" more than once`},
		{name: "layers twice, and equal", manifest: image(`"layers":[],"layers":[]`), want: "more than once"},
		{name: "layers once, in capitals", manifest: image(`"LAYERS":[]`)},
		{name: "the digest of a layer twice", manifest: image(`"layers":[` + layer(`,"Digest":"`+digestB+`"`) + `]`), want: `the key "digest" more than once`},
		{name: "the same key in two layers", manifest: image(`"layers":[` + layer("") + "," + layer("") + `]`)},
		{name: "a media type twice", manifest: image(`"mediaType":"` + TypeOCIManifest + `","mediaType":"` + TypeOCIManifest + `"`), want: `"mediaType"`},
		{name: "a platform's architecture twice", manifest: index(`{"digest":"` + digestA + `","platform":{"architecture":"arm64","os":"linux","Architecture":"amd64"}}`),
			want: `the key "architecture" more than once`},
		{name: "an annotation twice", manifest: image(`"annotations":{"a":"1","a":"2"}`), want: `the key "a" more than once`},
		{name: "annotations that differ in case", manifest: image(`"annotations":{"a":"1","A":"2"}`)},
		{name: "an unknown key twice", manifest: image(`"x":{"y":1,"z":{},"y":2}`), want: `the key "y" more than once`},
		{name: "unknown keys that differ in case", manifest: image(`"x":{"y":1,"Y":2}`)},
		{name: "strings that look like keys", manifest: image(`"annotations":{"a":"\",\"a\":\"","b":"\\","c":"{\"d\":1,\"d\":2}"}`)},
		{name: "a string that looks like the end of an object", manifest: image(`"annotations":{"a":"\"}}]"}`)},
		{name: "a key twice, after a string that ends in an escape", manifest: image(`"annotations":{"a":"\\","a":"\\\""}`), want: `the key "a" more than once`},
		{name: "a long key twice", manifest: image(`"` + strings.Repeat("k", 1000) + `":1,"` + strings.Repeat("k", 1000) + `":1`), want: strings.Repeat("k", 80) + `" more`},
		{name: "bytes that are not UTF-8", manifest: image("\"annotations\":{\"a\":\"\xff\"}"), want: "the manifest is ambiguous: it is not in UTF-8"},
		{name: "nested", manifest: image(`"x":` + nested(maxNesting-1))},
		{name: "nested too deep", manifest: image(`"x":` + nested(maxNesting)), want: "nested more than 100 levels deep"},
		{name: "schema 1 with two architectures", manifest: strings.Replace(unsigned, `"tag"`, `"Architecture":"amd64","tag"`, 1), want: `the key "architecture" more than once`},
		{name: "schema 1 with two systems in its history", manifest: strings.Replace(unsigned, `\"os\":\"linux\"`, `\"os\":\"linux\",\"OS\":\"plan9\"`, 1),
			want: `history[0].v1Compatibility is ambiguous: an object in it has the key "os" more than once`},
		{name: "two signatures", manifest: unsigned[:len(unsigned)-1] + `,"signatures":[],"Signatures":[]}`, want: `the key "signatures" more than once`},

		{name: "a command twice", config: `{"config":{"Cmd":["a"],"Cmd":["b"]}}`, want: `the config is ambiguous: an object in it has the key "Cmd" more than once`},
		{name: "a command twice, once in small letters", config: `{"config":{"Cmd":["a"],"cmd":["b"]}}`, want: `the key "Cmd" more than once`},
		{name: "a command in small letters", config: `{"config":{"cmd":["b"]}}`},
		{name: "two systems", config: `{"os":"linux","OS":"windows"}`, want: `the key "os" more than once`},
		{name: "two runtime configurations", config: `{"config":{"Cmd":["a"]},"Config":{"User":"root"}}`, want: `the key "config" more than once`},
		{name: "two lists of diff IDs", config: `{"rootfs":{"diff_ids":["a"],"Diff_IDs":[]}}`, want: `the key "diff_ids" more than once`},
		{name: "two intervals", config: `{"config":{"Healthcheck":{"Interval":1,"interval":2}}}`, want: `the key "Interval" more than once`},
		{name: "labels that differ in case", config: `{"config":{"Labels":{"Maintainer":"a","maintainer":"b"}}}`},
		{name: "a label twice", config: `{"config":{"Labels":{"Maintainer":"a","Maintainer":"b"}}}`, want: `the key "Maintainer" more than once`},
		{name: "a history", config: `{"history":[{"created_by":"a"},{"created_by":"a","empty_layer":true}],"container_config":{"Cmd":["a"]},"config":{"Cmd":["b"]}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseConfig([]byte(test.config))
			if test.config == "" {
				_, err = ParseManifest("", "sha256", []byte(test.manifest))
			}
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestManyKeys reads an object with 50,000 keys. If the time grew with the square of
// their number, the test would not end.
func TestManyKeys(t *testing.T) {
	var labels strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&labels, `"%x":"",`, i)
	}
	if _, err := ParseConfig([]byte(`{"config":{"Labels":{` + labels.String() + `"x":""}}}`)); err != nil {
		t.Error(err)
	}
	if _, err := ParseConfig([]byte(`{"config":{"Labels":{` + labels.String() + `"0":""}}}`)); err == nil {
		t.Error("a label that stands twice among many was not found")
	}
}
