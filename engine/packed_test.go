package engine

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

func TestPack(t *testing.T) {
	other := "sha256:" + strings.Repeat("0123456789abcdef", 4)
	image := imagelist.Image{List: "list.txt", Number: 3, Source: "s.io/a/b", Destination: "d.io/a/b", Tag: "1"}
	equal := validate.PlatformVerdict{Platform: "linux/amd64", Source: digest, Destination: digest, Match: validate.Identical}
	for _, result := range []Result{
		{},
		{Status: validate.Pass, Match: validate.Identical, Platforms: []validate.PlatformVerdict{equal}, Attempts: 1, Requests: 3, Duration: 1234567},
		{Status: validate.Fail, Reason: validate.DigestDiffers, Message: strings.Repeat("the digests differ — ", 100), Waived: "known", Attempts: 300},
		{Status: validate.Skip, Earlier: true, Requests: 1 << 20, Duration: 10 * time.Hour},
		{Status: "another", Platforms: []validate.PlatformVerdict{
			{Platform: "linux/amd64", Source: digest, Destination: other, Match: validate.Converted}, {Platform: "linux/arm64/v8", Source: other}}},
		{Status: validate.Pass, Rejected: "unsigned", Question: "q", Terms: Terms{validate.Content, validate.Data, true, true}, sequence: 7, SourceDigest: digest, DestinationDigest: digest},
		{SourceDigest: digest, DestinationDigest: other, Platforms: []validate.PlatformVerdict{{Wanted: true}, {Wanted: false, Platform: "p"}}},
		{Missing: []validate.Object{{Digest: digest, Kind: validate.KindLayer, Platform: "linux/amd64", Layer: 300}, {Digest: other, Kind: validate.KindManifest}},
			Corrupt: []validate.Object{{Digest: other, Kind: validate.KindConfig}}},
		{Warnings: []string{"read twice", "", digest}},
		{Platforms: []validate.PlatformVerdict{{}}},
		{Platforms: []validate.PlatformVerdict{{}, {}}},
		{Platforms: []validate.PlatformVerdict{{Source: "sha512:" + strings.Repeat("0123456789abcdef", 8), Destination: strings.ToUpper(other)}}},
		{Platforms: []validate.PlatformVerdict{{Source: strings.Replace(other, "f", "F", 1), Destination: other[:70], Message: "sha256:"}}},
		{Platforms: []validate.PlatformVerdict{{Source: "sha256:" + strings.Repeat("g", 64), Message: other}}},
		{Message: "\x00\x01\x02", Platforms: []validate.PlatformVerdict{{Platform: "\x00\x01\x02", Source: "\xff", Destination: "\xff"}}},
	} {
		result.Image, result.Started = &image, time.Now().Round(0)
		packed := result.Pack()
		if got := packed.Result(); !reflect.DeepEqual(got, &result) || packed.OK() != result.OK() {
			t.Errorf("got  %+v (%v)\nwant %+v", *got, packed.OK(), result)
		}
	}
	passed := Result{Status: validate.Pass, Match: validate.Identical, Platforms: []validate.PlatformVerdict{equal, equal}, Started: time.Now(), Duration: time.Second}
	if packed := passed.Pack(); len(packed.rest) > 153 {
		t.Errorf("%d bytes for two platforms", len(packed.rest))
	}
}
