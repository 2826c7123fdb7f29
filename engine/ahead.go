package engine

import (
	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Preparer is a Registry that can do ahead what the first request for a repository has
// to wait for: it fetches a token, for instance.
type Preparer interface {
	// CanPrepare reports whether Prepare may have anything to do.
	CanPrepare() bool
	// Prepare begins to prepare for reading a repository, and does not wait. If that
	// fails, the image that needs it meets the error.
	Prepare(repository string, side validate.Side)
}

// Ahead returns for how many images, after those that are validated, the registries are
// prepared at most.
func (e *Engine) Ahead() int {
	if e.places != nil {
		return 2 * e.places.Limit()
	}
	return 2 * e.options.Jobs
}

// CanPrepare reports whether Prepare may have anything to do. It has nothing to do where
// a person types the images, because the next one is not known.
func (e *Engine) CanPrepare() bool {
	preparer, ok := e.options.Registry.(Preparer)
	return ok && !e.options.Fresh && preparer.CanPrepare()
}

// noteQuestion remembers the question that is asked about an image.
func (e *Engine) noteQuestion(q validate.Question) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.latest = q
}

// Prepare has the registries prepared for an image that is validated soon, and does not
// wait. Nobody knows yet what the script will ask about the image. So Prepare expects the
// question that was asked last, about another image. It does nothing if an earlier run
// has the answer.
func (e *Engine) Prepare(image *imagelist.Image) {
	e.mu.Lock()
	q := e.latest
	e.mu.Unlock()
	preparer, ok := e.options.Registry.(Preparer)
	if !ok || q.Rules == "" || e.reusable(image, e.questionOf(image, q)) != nil {
		return
	}
	preparer.Prepare(image.Destination, validate.Destination)
	if q.Rules.AskSource() {
		preparer.Prepare(image.Source, validate.Source)
	}
}
