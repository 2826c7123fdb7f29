package engine

import (
	"encoding/binary"
	"hash/maphash"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Result is what became of one image.
type Result struct {
	Image     imagelist.Image
	Status    validate.Status
	Reason    validate.Reason
	Message   string
	Match     validate.Match
	Platforms []validate.PlatformVerdict

	// Lists are the manifest lists that differ, for the sinks only; nil if none
	// do.
	Lists *validate.Lists

	Waived string // why it is accepted all the same, "" if it is not

	Earlier bool // it is of an earlier run, which this one goes on from

	Attempts int // how often it was validated
	Requests int // HTTP requests sent for it alone
	Started  time.Time
	Duration time.Duration
}

// OK says whether the image needs no further attention.
func (r *Result) OK() bool { return outcomeOf(r).ok() }

// identity tells images apart whose results are counted apart: the same line
// may be validated against two destinations.
type identity struct {
	list                     string
	number                   int
	source, destination, tag string
}

func (i identity) key() key {
	text := make([]byte, 0, 256)
	for _, word := range []string{i.list, i.source, i.destination, i.tag} {
		text = append(append(text, word...), 0) // which none of them has
	}
	return hash(binary.AppendVarint(text, int64(i.number)))
}

// key stands for a text: a run remembers hundreds of thousands. Its hashes are
// keyed anew in every process, so that no list can aim at two that are equal.
type key [2]uint64

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func hash(text []byte) key {
	return key{maphash.Bytes(seeds[0], text), maphash.Bytes(seeds[1], text)}
}

func identify(image imagelist.Image) identity {
	if image.List == "" { // made by hand, perhaps again for every attempt
		image.Number = 0
	}
	return identity{image.List, image.Number, image.Source, image.Destination, image.Tag}
}
