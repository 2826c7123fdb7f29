package validate

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// TestObjects shows what a verdict tells as data: the digests under the tag, every
// wanted platform, and what the destination lacks or has with other bytes.
func TestObjects(t *testing.T) {
	both := index(ociBoth...)
	layer := layerDigest("app")
	for _, test := range []struct {
		contentTest
		platforms        string // those that are wanted
		missing, corrupt []Object
	}{
		{contentTest{name: "all is there", source: both, destination: both}, "linux/amd64 linux/arm64", nil, nil},
		{contentTest{name: "no image", source: both, destination: both.missing()}, "linux/amd64 linux/arm64",
			[]Object{{Digest: both.digest(), Kind: KindManifest}}, nil},
		{contentTest{name: "no image, by hangar", source: list(amd64, arm64), destination: list(amd64, arm64).missing(), rules: Hangar}, "linux/amd64 linux/arm64",
			[]Object{{Digest: list(amd64, arm64).digest(), Kind: KindManifest}}, nil},
		{contentTest{name: "a platform", source: both, destination: index(ociAMD64)}, "linux/amd64 linux/arm64",
			[]Object{{Digest: ociARM64.digest(), Kind: KindManifest, Platform: "linux/arm64"}}, nil},
		{contentTest{name: "a child", source: both, destination: index(ociAMD64, ociARM64.missing())}, "linux/amd64 linux/arm64",
			[]Object{{Digest: ociARM64.digest(), Kind: KindManifest, Platform: "linux/arm64"}}, nil},
		{contentTest{name: "a layer", source: app, destination: app.without("app"), depth: Blobs}, "linux/amd64",
			[]Object{{Digest: layer, Kind: KindLayer, Platform: "linux/amd64", Layer: 2}}, nil},
		{contentTest{name: "other bytes of a layer", source: app, destination: app.spoiling("app"), depth: Data}, "linux/amd64",
			nil, []Object{{Digest: layer, Kind: KindLayer, Platform: "linux/amd64", Layer: 2}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			verdict, _ := test.validate(t)
			var wanted []string
			for _, p := range verdict.Platforms {
				if p.Wanted {
					wanted = append(wanted, p.Platform)
				}
			}
			if got := strings.Join(wanted, " "); got != test.platforms {
				t.Errorf("wanted platforms %q, want %q", got, test.platforms)
			}
			if !reflect.DeepEqual(verdict.Missing, test.missing) || !reflect.DeepEqual(verdict.Corrupt, test.corrupt) {
				t.Errorf("missing %v, corrupt %v\nwant    %v, corrupt %v", verdict.Missing, verdict.Corrupt, test.missing, test.corrupt)
			}
			destination := test.destination.digest()
			if test.destination.gone {
				destination = ""
			}
			if got, want := fmt.Sprint(verdict.SourceDigest, " ", verdict.DestinationDigest), fmt.Sprint(test.source.digest(), " ", destination); got != want {
				t.Errorf("digests %s, want %s", got, want)
			}
		})
	}
}
