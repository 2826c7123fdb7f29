package engine

import (
	"hash/maphash"
	"time"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Result is the outcome of one image.
type Result struct {
	Image     *imagelist.Image // which does not change any more; a script may hold it
	Status    validate.Status
	Reason    validate.Reason
	Message   string
	Match     validate.Match
	Platforms []validate.PlatformVerdict

	// Lists are the two manifest lists, if their difference is why the image
	// failed, else nil. Only sinks read them.
	Lists *validate.Lists

	// SourceDigest and DestinationDigest are the digests under the tag; "" if the
	// verdict did not need them, or there is none.
	SourceDigest, DestinationDigest string

	// ServedBy is the host that has answered for the image at the destination, if there
	// was a choice of several; else "".
	ServedBy string

	// Missing and Corrupt are what the destination lacks, and what it has with
	// other bytes.
	Missing, Corrupt []validate.Object

	Warnings []string // about what is not right but changes no verdict

	Question string // the hash of what was asked
	Terms    Terms  // the part of it that a summary tells

	Waived   string // why the result is accepted, "" if it is not waived
	Rejected string // why the script fails the image, "" if it does not

	Earlier bool // an earlier run found this out, from which the run goes on

	sequence uint32 // tells the results of a run apart, in the order in which they came about

	Attempts int // how many times the image was validated
	Requests int // HTTP requests that were sent for this image alone
	Started  time.Time
	Duration time.Duration
}

// OK reports whether the image needs no further attention: it passed, was
// skipped, or its failure is accepted.
func (r *Result) OK() bool { return outcomeOf(r).ok() }

// identity identifies an image as the results file does.
type identity struct {
	list                string
	number              int
	source, destination string
	sourceTag, tag      string // sourceTag is "" if it is the same as tag
}

// key is a hash that stands for a text, since a run remembers hundreds of
// thousands of them. The seeds are new in every process, so that nobody can write
// a list whose lines have equal keys.
type key [2]uint64

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func hash(text []byte) key {
	return key{maphash.Bytes(seeds[0], text), maphash.Bytes(seeds[1], text)}
}

func identify(image *imagelist.Image) identity {
	return identity{image.List, image.Number, image.Source, image.Destination, image.SourceTag, image.Tag}
}
