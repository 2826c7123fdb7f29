package engine

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
	"unique"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Packed is a result in a third of the memory. It cannot change.
//
// A script may hold the results of all images of a long list. The largest parts
// of a result are digests of 64 digits, and words that nearly all results have.
// Where scripts held a Result instead, a run over 300,000 lines took 420 MiB
// instead of 244, and going on from the results of 100,000 lines took 219 MiB
// instead of 137. Both were measured before results had the digests of tags, and
// take more now. TestMemory allows 286 and 200.
type Packed struct {
	Image    *imagelist.Image
	question unique.Handle[packedQuestion] // many results share one
	rest     string                        // everything else, but for the lists
}

// packedQuestion is what was asked for a result.
type packedQuestion struct {
	hash string
	Terms
}

// The rest begins with a byte of flags and five numbers. Then come the words of
// the result, and after them the words of each platform. Every word begins with
// a number, its kind, which says how the word is packed.
const (
	kindDigest = iota // the 32 bytes of a SHA-256 digest follow
	kindSame          // the word is equal to the one before it
	kindCommon        // this kind and the following ones stand for commonWords
)

// kindLiteral and greater kinds say that so many bytes follow as the kind is
// greater than kindLiteral: the word itself.
var kindLiteral = kindCommon + uint64(len(commonWords))

var commonWords = []string{"",
	string(validate.Pass), string(validate.Fail), string(validate.Skip), string(validate.Error),
	string(validate.Identical), string(validate.SamePlatforms), string(validate.Converted), string(validate.Recompressed),
	"linux/amd64", "linux/arm64", "linux/arm64/v8",
}

const sha256Prefix = "sha256:"

// Flags of a packed result.
const (
	flagOK = 1 << iota
	flagEarlier
)

// Pack packs a result without its lists.
func (r *Result) Pack() Packed {
	flags := byte(0)
	if r.OK() {
		flags |= flagOK
	}
	if r.Earlier {
		flags |= flagEarlier
	}
	packed := append(make([]byte, 0, 256), flags)
	packed = binary.AppendUvarint(packed, uint64(r.sequence))
	packed = binary.AppendUvarint(packed, uint64(r.Attempts))
	packed = binary.AppendUvarint(packed, uint64(r.Requests))
	packed = binary.AppendVarint(packed, r.Started.UnixNano())
	packed = binary.AppendVarint(packed, int64(r.Duration))
	for _, word := range []string{string(r.Status), string(r.Reason), r.Message, string(r.Match), r.ServedBy, r.Waived, r.Rejected} {
		packed = appendWord(packed, word)
	}
	packed = appendPair(packed, r.SourceDigest, r.DestinationDigest)
	packed = appendObjects(appendObjects(packed, r.Missing), r.Corrupt)
	packed = binary.AppendUvarint(packed, uint64(len(r.Warnings)))
	for _, warning := range r.Warnings {
		packed = appendWord(packed, warning)
	}
	for _, p := range r.Platforms {
		packed = appendWord(packed, p.Platform)
		packed = append(packed, wantedByte[p.Wanted])
		packed = appendPair(packed, p.Source, p.Destination)
		packed = appendWord(packed, string(p.Match))
		packed = appendWord(packed, string(p.Reason))
		packed = appendWord(packed, p.Message)
	}
	return Packed{r.Image, unique.Make(packedQuestion{r.Question, r.Terms}), string(packed)}
}

// wantedByte packs whether a platform is wanted.
var wantedByte = map[bool]byte{false: 0, true: 1}

// appendPair appends two words that are often equal.
func appendPair(packed []byte, first, second string) []byte {
	packed = appendWord(packed, first)
	if first == second {
		return append(packed, kindSame)
	}
	return appendWord(packed, second)
}

// appendObjects appends the objects that are missing or corrupt, of which most
// results have none.
func appendObjects(packed []byte, objects []validate.Object) []byte {
	packed = binary.AppendUvarint(packed, uint64(len(objects)))
	for _, o := range objects {
		packed = appendWord(packed, o.Digest)
		packed = appendWord(packed, string(o.Kind))
		packed = appendWord(packed, o.Platform)
		packed = binary.AppendUvarint(packed, uint64(o.Layer))
	}
	return packed
}

// appendWord appends a word in its shortest form.
func appendWord(packed []byte, word string) []byte {
	for i, common := range commonWords {
		if word == common {
			return append(packed, byte(kindCommon+i))
		}
	}
	if encoded, ok := strings.CutPrefix(word, sha256Prefix); ok && len(encoded) == 64 && validate.CheckDigest(word) == nil {
		packed = append(packed, kindDigest)
		packed, _ = hex.AppendDecode(packed, []byte(encoded)) // CheckDigest has found the digits to be hexadecimal
		return packed
	}
	return append(binary.AppendUvarint(packed, kindLiteral+uint64(len(word))), word...)
}

// OK reports whether the image needs no further attention, like Result.OK.
func (p Packed) OK() bool { return p.rest[0]&flagOK != 0 }

// sequence returns the number of the result.
func (p Packed) sequence() uint32 {
	rest := unpacker(p.rest[1:])
	return uint32(rest.uvarint())
}

// Result returns the result without its lists.
func (p Packed) Result() *Result {
	rest := unpacker(p.rest[1:])
	question := p.question.Value()
	r := &Result{Image: p.Image, Earlier: p.rest[0]&flagEarlier != 0, Question: question.hash, Terms: question.Terms}
	r.sequence = uint32(rest.uvarint())
	r.Attempts, r.Requests = int(rest.uvarint()), int(rest.uvarint())
	r.Started, r.Duration = time.Unix(0, rest.varint()), time.Duration(rest.varint())
	r.Status, r.Reason, r.Message = validate.Status(rest.word("")), validate.Reason(rest.word("")), rest.word("")
	r.Match, r.ServedBy, r.Waived = validate.Match(rest.word("")), rest.word(""), rest.word("")
	r.Rejected = rest.word("")
	r.SourceDigest = rest.word("")
	r.DestinationDigest = rest.word(r.SourceDigest)
	r.Missing, r.Corrupt = rest.objects(), rest.objects()
	for range rest.uvarint() {
		r.Warnings = append(r.Warnings, rest.word(""))
	}
	for len(rest) > 0 {
		v := validate.PlatformVerdict{Platform: rest.word("")}
		v.Wanted = rest.bytes(1)[0] == wantedByte[true]
		v.Source = rest.word("")
		v.Destination = rest.word(v.Source)
		v.Match, v.Reason, v.Message = validate.Match(rest.word("")), validate.Reason(rest.word("")), rest.word("")
		r.Platforms = append(r.Platforms, v)
	}
	return r
}

// unpacker holds the bytes that are not unpacked yet.
type unpacker []byte

func (u *unpacker) objects() []validate.Object {
	var objects []validate.Object
	for range u.uvarint() {
		o := validate.Object{Digest: u.word(""), Kind: validate.Kind(u.word("")), Platform: u.word("")}
		o.Layer = int(u.uvarint())
		objects = append(objects, o)
	}
	return objects
}

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

// word takes the next word. before is what a word of kindSame is equal to.
func (u *unpacker) word(before string) string {
	switch kind := u.uvarint(); {
	case kind == kindDigest:
		return sha256Prefix + hex.EncodeToString(u.bytes(32))
	case kind == kindSame:
		return before
	case kind < kindLiteral:
		return commonWords[kind-kindCommon]
	default:
		return string(u.bytes(kind - kindLiteral))
	}
}
