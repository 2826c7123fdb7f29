package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Endpointer is a Registry that may ask elsewhere than a repository's name says:
// at a cache, for instance.
type Endpointer interface {
	// Endpoint returns the HOST[:PORT] at which a repository is asked.
	Endpoint(repository string, side validate.Side) string
}

// Router is a Registry that asks for an image of the destination where a node would ask:
// at one of several mirrors, for instance.
type Router interface {
	// ServedBy returns the host that has answered for an image at the destination. It is
	// "" if none has, or if there was no choice.
	ServedBy(image imagelist.Image) string
	// Place tells images apart that are in the same repository of the destination but
	// are read elsewhere: they share no facts. It is "" for the usual place.
	Place(image imagelist.Image) string
}

// BlobSharer is a Registry that may read a blob of the destination once for several
// repositories.
type BlobSharer interface {
	// SharesBlobs reports whether that holds for the destination of an image.
	SharesBlobs(image imagelist.Image) bool
}

// servedBy returns the host that has answered for an image, or "".
func (e *Engine) servedBy(image imagelist.Image) string {
	if router, ok := e.options.Registry.(Router); ok {
		return router.ServedBy(image)
	}
	return ""
}

// placed returns the image under whose names its facts are shared with other images.
func (e *Engine) placed(image imagelist.Image, side validate.Side) imagelist.Image {
	if router, ok := e.options.Registry.(Router); ok && side == validate.Destination {
		if place := router.Place(image); place != "" {
			image.Destination += " " + place
		}
	}
	return image
}

// questionOf returns the hash of everything that the verdict about an image
// depends on, besides the image itself and the registries' content: what is
// asked, and where. Two results are answers to the same question if their hashes
// are equal.
func (e *Engine) questionOf(image *imagelist.Image, q validate.Question) string {
	asked := asked{
		rules: q.Rules, depth: q.Depth, arch: strings.Join(q.Arch, ","), os: strings.Join(q.OS, ","), sample: q.Sample,
		provenance: q.Provenance, referrers: q.Referrers,
	}
	if endpoints, ok := e.options.Registry.(Endpointer); ok {
		asked.destination = endpoints.Endpoint(image.Destination, validate.Destination)
		if q.Rules.AskSource() {
			asked.source = endpoints.Endpoint(image.Source, validate.Source)
		}
	}
	asked.sharedBlobs = e.termsOf(image, q).SharedBlobs
	e.mu.Lock()
	defer e.mu.Unlock()
	hash, ok := e.questions[asked]
	if !ok {
		hash = asked.hash()
		e.questions[asked] = hash
	}
	return hash
}

// questionAbout returns a question with what it needs to know about the image.
func questionAbout(image *imagelist.Image, q validate.Question) validate.Question {
	q.Source, q.Destination = image.Source, image.Destination
	q.Tag, q.Digest = image.DestinationLookup(), image.Digest()
	return q
}

// Terms are the part of a question that a summary tells: by which rules an image
// was judged, and how deep its destination was looked at. They are empty if nothing
// was asked.
type Terms struct {
	Rules       validate.Rules
	Depth       validate.Depth
	Sampled     bool // only a sample of the blobs was read
	SharedBlobs bool // blobs of the destination were read once for several repositories
}

func (e *Engine) termsOf(image *imagelist.Image, q validate.Question) Terms {
	terms := Terms{Rules: q.Rules, Depth: q.Depth}
	if q.Depth == validate.Data {
		sharer, ok := e.options.Registry.(BlobSharer)
		terms.Sampled, terms.SharedBlobs = !q.Sample.IsEverything(), ok && sharer.SharesBlobs(*image)
	}
	return terms
}

// asked is a question about any image.
type asked struct {
	rules                 validate.Rules
	depth                 validate.Depth
	arch, os              string // with commas
	sample                validate.Sample
	provenance, referrers bool
	source, destination   string // where each side is asked; source is "" if the rules never ask it
	sharedBlobs           bool   // whether blobs of the destination are read once for several repositories
}

func (a asked) hash() string {
	text := fmt.Appendf(nil, "%s|%s|%s|%s|%s|%t|%t|%s|%s", a.rules, a.depth, unordered(a.arch), unordered(a.os), a.sample, a.provenance, a.referrers, a.source, a.destination)
	if a.sharedBlobs { // the hashes of all other questions are those of earlier versions, whose results stay valid
		text = append(text, "|shared blobs"...)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// unordered puts words in order, since platforms are the same in any order.
func unordered(words string) string {
	return strings.Join(slices.Compact(slices.Sorted(strings.SplitSeq(words, ","))), ",")
}

// earlier returns the result of an earlier run for the same question about an
// image, or nil if there is none that needs no further attention.
func (e *Engine) earlier(image *imagelist.Image, question string, terms Terms) *Result {
	result := e.reusable(image, question)
	if result != nil {
		result.Question, result.Terms, result.sequence = question, terms, e.nextSequence()
	}
	return result
}

// reusable returns the result of an earlier run as this run would take it over, without
// a number, or nil.
func (e *Engine) reusable(image *imagelist.Image, question string) *Result {
	if e.options.Earlier == nil || e.isAnswered(image, question) {
		return nil
	}
	if result := e.options.Earlier(image, question); result != nil && result.OK() {
		return result
	}
	return nil
}

// isAnswered reports whether this run itself has an answer to a question about an
// image. Then an earlier run's answer is out of date.
func (e *Engine) isAnswered(image *imagelist.Image, question string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, answered := e.answered[answerKey(image, question)]
	return answered
}

// noteAnswer remembers that this run has asked a question about an image.
func (e *Engine) noteAnswer(image *imagelist.Image, question string) {
	if e.answered == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answered[answerKey(image, question)] = struct{}{}
}

func answerKey(image *imagelist.Image, question string) key {
	return hash(fmt.Appendf(nil, "%d\x00%s\x00%s\x00%s\x00%s\x00%s\x00%s", image.Number, image.List, image.Source, image.SourceTag, image.Destination, image.Tag, question))
}

// nextSequence numbers the results of the run.
func (e *Engine) nextSequence() uint32 { return e.sequence.Add(1) }
