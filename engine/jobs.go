package engine

import (
	"context"
	"strings"

	"mvrun/engine/imagelist"
	"mvrun/engine/level"
	"mvrun/validate"
)

// enter waits until one of the jobs is free. It returns the context in which registries
// are asked, and a function that frees the job. The error is the cause of the end of ctx.
func (e *Engine) enter(ctx context.Context, pair level.Pair) (entered context.Context, leave func(), err error) {
	if e.places != nil {
		return e.places.Enter(ctx, pair)
	}
	select {
	case e.jobs <- struct{}{}:
		return ctx, func() { <-e.jobs }, nil
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
}

// Levels returns how many images were validated at once, at most, for each pair of
// registries. It is empty unless Options.Auto is set.
func (e *Engine) Levels() []level.Found {
	if e.places == nil {
		return nil
	}
	return e.places.Found()
}

// PairOf returns the registries of an image.
func PairOf(image *imagelist.Image) level.Pair {
	return level.Pair{Source: registryOf(image.Source), Destination: registryOf(image.Destination)}
}

// askedAbout returns the registries that are asked about an image.
func askedAbout(image *imagelist.Image, q validate.Question) level.Pair {
	pair := PairOf(image)
	if !q.Rules.AskSource() {
		pair.Source = ""
	}
	return pair
}

// registryOf returns the registry of a repository.
func registryOf(repository string) string {
	registry, _, _ := strings.Cut(repository, "/")
	return registry
}
