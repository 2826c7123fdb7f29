package engine

import (
	"encoding/binary"
	"encoding/hex"
	"strings"

	"mvrun/validate"
)

// A result's platforms, packed: a run may keep those of a hundred thousand
// images, and most of each is two digests of 64 digits.

// Platforms are what became of an image's platforms. They cannot change.
type Platforms string

// How a word is packed: its length plus these, and its bytes, or else one of
// these alone.
const (
	packedSHA256 = iota // and the 32 bytes of its digest
	packedSame          // the source's digest
	packedWord
)

const sha256Prefix = "sha256:"

// PackPlatforms returns platforms as results hold them.
func PackPlatforms(platforms []validate.PlatformVerdict) Platforms {
	var packed []byte
	for _, p := range platforms {
		packed = appendWord(packed, p.Platform)
		packed = appendWord(packed, p.Source)
		if p.Destination == p.Source {
			packed = binary.AppendUvarint(packed, packedSame)
		} else {
			packed = appendWord(packed, p.Destination)
		}
		packed = appendWord(packed, string(p.Match))
		packed = appendWord(packed, string(p.Reason))
		packed = appendWord(packed, p.Message)
	}
	return Platforms(packed)
}

func appendWord(packed []byte, word string) []byte {
	if encoded, ok := strings.CutPrefix(word, sha256Prefix); ok {
		// Upper case is no digest, and would come back in lower case.
		if digest, err := hex.DecodeString(encoded); err == nil && len(digest) == 32 && hex.EncodeToString(digest) == encoded {
			return append(binary.AppendUvarint(packed, packedSHA256), digest...)
		}
	}
	return append(binary.AppendUvarint(packed, uint64(packedWord+len(word))), word...)
}

// Unpack returns the platforms, nil if there are none.
func (p Platforms) Unpack() []validate.PlatformVerdict {
	var platforms []validate.PlatformVerdict
	for rest := []byte(p); len(rest) > 0; {
		var v validate.PlatformVerdict
		var match, reason string
		for _, word := range []*string{&v.Platform, &v.Source, &v.Destination, &match, &reason, &v.Message} {
			*word, rest = cutWord(rest, v.Source)
		}
		v.Match, v.Reason = validate.Match(match), validate.Reason(reason)
		platforms = append(platforms, v)
	}
	return platforms
}

func cutWord(packed []byte, source string) (word string, rest []byte) {
	kind, n := binary.Uvarint(packed)
	switch packed = packed[n:]; kind {
	case packedSHA256:
		return sha256Prefix + hex.EncodeToString(packed[:32]), packed[32:]
	case packedSame:
		return source, packed
	}
	length := kind - packedWord
	return string(packed[:length]), packed[length:]
}
