package engine

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Results, packed: a script may keep those of a hundred thousand images, and
// most of each are digests of 64 digits and words that all of them have.

// Packed is a result in a third of the memory. It cannot change.
type Packed struct {
	Image *imagelist.Image
	rest  string
}

// How a word is packed: as one of these, or its place among the common words, or
// else its length, each on top of what comes before; and its bytes.
const (
	packedSHA256 = iota // and the 32 bytes of its digest
	packedSame          // the word before it
	packedCommon
)

var commonWords = []string{"",
	string(validate.Pass), string(validate.Fail), string(validate.Skip), string(validate.Error),
	string(validate.Identical), string(validate.SamePlatforms), string(validate.Converted), string(validate.Recompressed),
	"linux/amd64", "linux/arm64", "linux/arm64/v8",
}

var packedWord = packedCommon + uint64(len(commonWords))

const sha256Prefix = "sha256:"

// Bits of the first byte.
const (
	packedOK = 1 << iota
	packedEarlier
)

// Pack packs a result, but for its lists. image is the result's, as somebody
// keeps it anyway.
func (r *Result) Pack(image *imagelist.Image) Packed {
	bits := byte(0)
	if r.OK() {
		bits |= packedOK
	}
	if r.Earlier {
		bits |= packedEarlier
	}
	packed := append(make([]byte, 0, 256), bits)
	packed = binary.AppendUvarint(packed, uint64(r.Attempts))
	packed = binary.AppendUvarint(packed, uint64(r.Requests))
	packed = binary.AppendVarint(packed, r.Started.UnixNano())
	packed = binary.AppendVarint(packed, int64(r.Duration))
	for _, word := range []string{string(r.Status), string(r.Reason), r.Message, string(r.Match), r.Waived} {
		packed = appendWord(packed, word)
	}
	for _, p := range r.Platforms {
		packed = appendWord(packed, p.Platform)
		packed = appendWord(packed, p.Source)
		if p.Destination == p.Source {
			packed = append(packed, packedSame)
		} else {
			packed = appendWord(packed, p.Destination)
		}
		packed = appendWord(packed, string(p.Match))
		packed = appendWord(packed, string(p.Reason))
		packed = appendWord(packed, p.Message)
	}
	return Packed{image, string(packed)}
}

func appendWord(packed []byte, word string) []byte {
	for i, common := range commonWords {
		if word == common {
			return append(packed, byte(packedCommon+i))
		}
	}
	if encoded, ok := strings.CutPrefix(word, sha256Prefix); ok && len(encoded) == 64 && validate.CheckDigest(word) == nil {
		packed = append(packed, packedSHA256)
		packed, _ = hex.AppendDecode(packed, []byte(encoded)) // which a digest's digits are
		return packed
	}
	return append(binary.AppendUvarint(packed, packedWord+uint64(len(word))), word...)
}

// OK is that of the result.
func (p Packed) OK() bool { return p.rest[0]&packedOK != 0 }

// Result unpacks the result.
func (p Packed) Result() *Result {
	rest := unpacker(p.rest[1:])
	r := &Result{Image: *p.Image, Earlier: p.rest[0]&packedEarlier != 0}
	r.Attempts, r.Requests = int(rest.uvarint()), int(rest.uvarint())
	r.Started, r.Duration = time.Unix(0, rest.varint()), time.Duration(rest.varint())
	r.Status, r.Reason, r.Message = validate.Status(rest.word("")), validate.Reason(rest.word("")), rest.word("")
	r.Match, r.Waived = validate.Match(rest.word("")), rest.word("")
	for len(rest) > 0 {
		v := validate.PlatformVerdict{Platform: rest.word(""), Source: rest.word("")}
		v.Destination = rest.word(v.Source)
		v.Match, v.Reason, v.Message = validate.Match(rest.word("")), validate.Reason(rest.word("")), rest.word("")
		r.Platforms = append(r.Platforms, v)
	}
	return r
}

// unpacker is what is left to unpack.
type unpacker []byte

func (u *unpacker) uvarint() uint64 {
	value, n := binary.Uvarint(*u)
	*u = (*u)[n:]
	return value
}

func (u *unpacker) varint() int64 {
	value, n := binary.Varint(*u)
	*u = (*u)[n:]
	return value
}

func (u *unpacker) bytes(n uint64) []byte {
	taken := (*u)[:n]
	*u = (*u)[n:]
	return taken
}

func (u *unpacker) word(before string) string {
	switch kind := u.uvarint(); {
	case kind == packedSHA256:
		return sha256Prefix + hex.EncodeToString(u.bytes(32))
	case kind == packedSame:
		return before
	case kind < packedWord:
		return commonWords[kind-packedCommon]
	default:
		return string(u.bytes(kind - packedWord))
	}
}
