package engine

import (
	"reflect"
	"strings"
	"testing"

	"mvrun/validate"
)

func TestPackPlatforms(t *testing.T) {
	other := "sha256:" + strings.Repeat("0123456789abcdef", 4)
	for _, platforms := range [][]validate.PlatformVerdict{
		nil,
		{{Platform: "linux/amd64", Source: digest, Destination: digest, Match: validate.Identical}},
		{{Platform: "linux/amd64", Source: digest, Destination: other, Match: validate.Converted}, {Platform: "linux/arm64/v8", Source: other}},
		{{}},
		{{}, {}},
		{{Platform: "linux/amd64", Destination: digest, Reason: validate.DigestDiffers, Message: strings.Repeat("the digests differ — ", 100)}},
		{{Source: "sha512:" + strings.Repeat("0123456789abcdef", 8), Destination: strings.ToUpper(other)}},
		{{Source: strings.Replace(other, "f", "F", 1), Destination: other[:70], Message: "sha256:"}},
		{{Platform: "\x00\x01\x02", Source: "\xff", Destination: "\xff"}},
	} {
		if got := PackPlatforms(platforms).Unpack(); !reflect.DeepEqual(got, platforms) {
			t.Errorf("got  %q\nwant %q", got, platforms)
		}
	}
	if packed := PackPlatforms([]validate.PlatformVerdict{{Platform: "linux/amd64", Source: digest, Destination: digest, Match: validate.Identical}}); len(packed) > 60 {
		t.Errorf("%d bytes for one platform", len(packed))
	}
}
