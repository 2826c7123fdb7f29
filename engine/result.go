package engine

import (
	"encoding/binary"
	"hash/maphash"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Result is the outcome of one image.
type Result struct {
	Image     imagelist.Image
	Status    validate.Status
	Reason    validate.Reason
	Message   string
	Match     validate.Match
	Platforms []validate.PlatformVerdict

	// Lists are the two manifest lists, if their difference is why the image
	// failed, else nil. Only sinks read them.
	Lists *validate.Lists

	Waived string // why the result is accepted although it is not OK; "" if it is not accepted

	Earlier bool // the result is from the run that this run goes on from

	Attempts int // how many times the image was validated
	Requests int // HTTP requests that were sent for this image alone
	Started  time.Time
	Duration time.Duration
}

// OK reports whether the image needs no further attention: it passed, was
// skipped, or its failure is accepted.
func (r *Result) OK() bool { return outcomeOf(r).ok() }

// identity identifies the image that a result counts for. A line may have
// several: a script may validate it at two destinations.
type identity struct {
	list                     string
	number                   int
	source, destination, tag string
}

func (i identity) key() key {
	text := make([]byte, 0, 256)
	for _, word := range []string{i.list, i.source, i.destination, i.tag} {
		text = append(append(text, word...), 0) // no word contains a zero byte
	}
	return hash(binary.AppendVarint(text, int64(i.number)))
}

// key is a hash that stands for a text, since a run remembers hundreds of
// thousands of them. The seeds are new in every process, so that nobody can write
// a list whose lines have equal keys.
type key [2]uint64

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func hash(text []byte) key {
	return key{maphash.Bytes(seeds[0], text), maphash.Bytes(seeds[1], text)}
}

func identify(image imagelist.Image) identity {
	if image.List == "" { // a script made it, and may make it again, with a new number, for every attempt
		image.Number = 0
	}
	return identity{image.List, image.Number, image.Source, image.Destination, image.Tag}
}
