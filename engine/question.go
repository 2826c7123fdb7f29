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

// questionOf returns the hash of everything that the verdict about an image
// depends on, besides the image itself and the registries' content: what is
// asked, and where. Two results are answers to the same question if their hashes
// are equal.
func (e *Engine) questionOf(image *imagelist.Image, q validate.Question) string {
	source, destination := "", ""
	if endpoints, ok := e.options.Registry.(Endpointer); ok {
		source, destination = endpoints.Endpoint(image.Source, validate.Source), endpoints.Endpoint(image.Destination, validate.Destination)
	}
	text := fmt.Sprintf("%s|%s|%s|%s|%s|%t|%t|%s|%s", q.Rules, q.Depth, unordered(q.Arch), unordered(q.OS), q.Sample, q.Provenance, q.Referrers, source, destination)
	e.mu.Lock()
	defer e.mu.Unlock()
	hash, ok := e.questions[text]
	if !ok {
		sum := sha256.Sum256([]byte(text))
		hash = hex.EncodeToString(sum[:16])
		e.questions[text] = hash
	}
	return hash
}

// unordered writes words whose order does not matter.
func unordered(words []string) string {
	sorted := slices.Sorted(slices.Values(words))
	return strings.Join(slices.Compact(sorted), ",")
}

// earlier returns the result of an earlier run for the same question about an
// image, or nil if there is none that needs no further attention.
func (e *Engine) earlier(image *imagelist.Image, question string) *Result {
	if e.options.Earlier == nil {
		return nil
	}
	result := e.options.Earlier(image, question)
	if result == nil || !result.OK() {
		return nil
	}
	result.Question, result.sequence = question, e.nextSequence()
	return result
}

// nextSequence numbers the results of the run.
func (e *Engine) nextSequence() uint32 { return e.sequence.Add(1) }
