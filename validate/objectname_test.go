package validate

import (
	"strings"
	"testing"
)

// TestObjectName shows how errors name what could not be read.
func TestObjectName(t *testing.T) {
	platform := func(s string) *Platform { return &Platform{OS: "linux", Architecture: s} }
	digest := func(s string) string { return Digest("sha256", []byte(s)) }
	top := Need{Side: Destination, Action: ReadManifest}
	known := Known{
		top: {Manifest: &Manifest{MediaType: TypeOCIIndex, Digest: digest("list"), Children: []Descriptor{
			{Digest: digest("amd64"), Platform: platform("amd64")},
			{Digest: digest("arm64"), Platform: platform("arm64")},
			{Digest: digest("attestation")},
		}}},
		{Side: Destination, Action: ReadManifest, Digest: digest("amd64")}: {Manifest: &Manifest{Digest: digest("amd64"), Config: Descriptor{Digest: digest("config")},
			Layers: []Descriptor{{Digest: digest("base")}, {Digest: digest("app")}}}},
		{Side: Destination, Action: ReadManifest, Digest: digest("arm64")}: {Manifest: &Manifest{Digest: digest("arm64"),
			Layers: []Descriptor{{Digest: digest("base")}, {Digest: digest("tools")}, {Digest: digest("app arm64")}}}},
		{Side: Source, Action: ReadManifest}: {Manifest: &Manifest{Digest: digest("single"), Config: Descriptor{Digest: digest("only at the source")}}},
	}
	for _, test := range []struct {
		need Need
		want string
	}{
		{Need{Side: Destination, Action: ReadConfig, Digest: digest("config")}, "the config of linux/amd64"},
		{Need{Side: Destination, Action: HeadBlob, Digest: digest("app")}, "layer 2 of linux/amd64"},
		{Need{Side: Destination, Action: HashBlob, Digest: digest("app arm64")}, "layer 3 of linux/arm64"},
		{Need{Side: Destination, Action: HeadBlob, Digest: digest("base")}, "layer 1 of linux/amd64"}, // of linux/arm64, too
		{Need{Side: Destination, Action: HeadManifest, Digest: digest("arm64")}, "the manifest of linux/arm64"},
		{Need{Side: Destination, Action: ReadManifest, Digest: digest("attestation")}, ""},
		{Need{Side: Source, Action: ReadConfig, Digest: digest("only at the source")}, "the config"}, // of an image without a list
		{Need{Side: Destination, Action: ReadConfig, Digest: digest("only at the source")}, ""},
		{top, ""},
	} {
		if got := ObjectName(known, test.need); got != test.want {
			t.Errorf("%+v: got %q, want %q", test.need, got, test.want)
		}
	}
}

// TestMissingInStore shows that the failure of an image names the store behind the
// registry that does not have an object.
func TestMissingInStore(t *testing.T) {
	const store = ": the registry redirects to its store, and s3.example.com answers 404 NoSuchKey"
	app := oci("linux/amd64", "base", "app")
	for _, test := range []struct {
		name           string
		source, mirror node
		rules          Rules
		depth          Depth
		status         Status
		reason         Reason
		message        string
	}{
		{"a layer", app, app.without("app"), Content, Blobs, Fail, BlobMissing, "the destination does not have layer 2, " + layerDigest("app") + store},
		{"a layer that would be read", app, app.without("app"), Content, Data, Fail, BlobMissing, "layer 2, " + layerDigest("app") + store},
		{"a config", app, app.configless(), Content, Blobs, Fail, BlobMissing, "destination does not have the config "},
		{"a config that is compared", app, app.built("anew").configless(), Content, Manifests, Fail, BlobMissing, store},
		{"the config of the source", app.configless(), app.built("anew"), Content, Manifests, Error, SourceMissing, "the source image is broken" + store},
		{"an entry of a list", index(app), index(app.missing()), Content, Manifests, Fail, ChildMissing, "which the registry does not have" + store},
		{"the entry for a single image", app.converted(), list(app.converted().missing()), Hangar, Manifests, Fail, ChildMissing, "which the registry does not have" + store},
	} {
		q := question("amd64", "linux")
		q.Rules, q.Depth = test.rules, test.depth
		w := world{sides: [2]registry{hold(t, test.source), hold(t, test.mirror)}}
		verdict, _ := drive(t, q, func(need Need) Fact {
			fact := w.read(need)
			if fact.Missing {
				fact.Store = "s3.example.com answers 404 NoSuchKey"
			}
			return fact
		}, all)
		if verdict.Status != test.status || verdict.Reason != test.reason || !strings.Contains(verdict.Message, test.message) || !strings.Contains(verdict.Message, store) {
			t.Errorf("%s: got %s %s %q, want %s %s %q", test.name, verdict.Status, verdict.Reason, verdict.Message, test.status, test.reason, test.message)
		}
	}
}
