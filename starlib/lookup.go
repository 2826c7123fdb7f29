package starlib

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"mvrun/engine/imagelist"
	"mvrun/starlib/param"
	"mvrun/validate"
)

// Lookup asks registries for the builtins inspect, tags and referrers. A repository
// includes its registry, such as docker.io/library/nginx. A reference is a tag or a
// digest.
type Lookup interface {
	Inspect(ctx context.Context, repository, reference string) (*validate.Inspection, error)
	Tags(ctx context.Context, repository string) ([]string, error)
	Referrers(ctx context.Context, repository, reference string) ([]validate.Descriptor, error)
}

// askAbout reads the argument of a builtin that takes a reference. Then it calls ask
// with the reference, as work of the engine.
func (e *execution) askAbout(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple, ask func(ctx context.Context, repository, tag string) error) (repository, tag string, err error) {
	var value starlark.Value
	if err := param.Unpack(b, args, kwargs, "reference", &value); err != nil {
		return "", "", err
	}
	if repository, tag, err = e.reference(value); err != nil {
		return "", "", fmt.Errorf("%s: %w", b.Name(), err)
	}
	return repository, tag, e.Engine.Work(Context(thread), repository, func(ctx context.Context) error { return ask(ctx, repository, tag) })
}

// inspect implements inspect(reference). It returns the image or artifact that a
// registry has under the reference.
func (e *execution) inspect(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var found *validate.Inspection
	repository, tag, err := e.askAbout(thread, b, args, kwargs, func(ctx context.Context, repository, tag string) (err error) {
		found, err = e.Lookup.Inspect(ctx, repository, tag)
		return err
	})
	if err != nil {
		return nil, err
	}
	return newInspection(e, repository, tag, found), nil
}

// tags implements tags(repository). It returns the tags of a repository.
func (e *execution) tags(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var value starlark.Value
	if err := param.Unpack(b, args, kwargs, "repository", &value); err != nil {
		return nil, err
	}
	word, ok := starlark.AsString(value)
	if _, image := value.(*Image); image {
		return nil, fmt.Errorf("%s: got an image, which has two repositories: want image.source or image.destination", b.Name())
	} else if !ok {
		return nil, fmt.Errorf("%s: got %s, want a repository such as \"docker.io/library/nginx\"", b.Name(), param.Describe(value))
	}
	repository, err := imagelist.ParseRepository(word, e.List)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	var found []string
	err = e.Engine.Work(Context(thread), repository, func(ctx context.Context) (err error) {
		found, err = e.Lookup.Tags(ctx, repository)
		return err
	})
	if err != nil {
		return nil, err
	}
	values := make([]starlark.Value, len(found))
	for i, tag := range found {
		values[i] = starlark.String(tag)
	}
	return starlark.NewList(values), nil
}

// referrers implements referrers(reference). It returns the artifacts that are attached
// to an image, such as signatures.
func (e *execution) referrers(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var found []validate.Descriptor
	_, _, err := e.askAbout(thread, b, args, kwargs, func(ctx context.Context, repository, tag string) (err error) {
		found, err = e.Lookup.Referrers(ctx, repository, tag)
		return err
	})
	if err != nil {
		return nil, err
	}
	values := make([]starlark.Value, len(found))
	for i, referrer := range found {
		values[i] = newReferrer(referrer)
	}
	return starlark.NewList(values), nil
}

func newReferrer(d validate.Descriptor) starlark.Value {
	return starlarkstruct.FromStringDict(starlark.String("referrer"), starlark.StringDict{
		"artifact_type": starlark.String(d.ArtifactType),
		"media_type":    starlark.String(d.MediaType),
		"digest":        starlark.String(d.Digest),
		"size":          starlark.MakeInt64(d.Size),
		"annotations":   frozenDict(d.Annotations),
	})
}

// reference returns the repository and the tag or digest in an argument of a script.
func (e *execution) reference(value starlark.Value) (repository, tag string, err error) {
	if word, ok := starlark.AsString(value); ok {
		return imagelist.ParseReference(word, e.List)
	}
	switch value.(type) {
	case *Image:
		return "", "", errors.New("got an image, which is in two places: want image.source_reference or image.destination_reference")
	case *Result:
		return "", "", errors.New("got a result, whose image is in two places: want result.image.source_reference or result.image.destination_reference")
	}
	return "", "", fmt.Errorf("got %s, want a reference such as \"docker.io/library/nginx:1.27\"", param.Describe(value))
}

// frozenDict returns a frozen dict in the order of its keys.
func frozenDict(m map[string]string) *starlark.Dict {
	dict := starlark.NewDict(len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		_ = dict.SetKey(starlark.String(key), starlark.String(m[key])) // cannot fail: the dict is new, and strings are hashable
	}
	dict.Freeze()
	return dict
}
