package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// Scripts call Inspect, Tags and Referrers. A script names any repository, which
// need not belong to a mirror. So these methods have no parameter side.

// Inspect reads the manifest of an image, and its config. repository includes the
// registry, as in docker.io/library/nginx, and reference is a tag or a digest. Every
// error is an *Error, even if the image does not exist.
func (c *Client) Inspect(ctx context.Context, repository, reference string) (*validate.Inspection, error) {
	var inspection *validate.Inspection
	err := c.ask(ctx, "inspecting", repository, reference, func(ctx context.Context, h *host, path string) (err error) {
		inspection, err = h.inspect(ctx, path, reference)
		return err
	})
	return inspection, err
}

// Tags lists the tags of a repository, in the registry's order. Every error is an
// *Error, even if the repository does not exist.
func (c *Client) Tags(ctx context.Context, repository string) ([]string, error) {
	var tags []string
	err := c.ask(ctx, "listing the tags of", repository, "", func(ctx context.Context, h *host, path string) (err error) {
		tags, err = h.tags(ctx, path)
		return err
	})
	return tags, err
}

// Referrers lists the artifacts that are attached to an image. It finds them in the
// registry's list of referrers or under the fallback tag, and under cosign's tags.
// reference is a tag or a digest. Every error is an *Error, even if the image does
// not exist.
func (c *Client) Referrers(ctx context.Context, repository, reference string) ([]validate.Descriptor, error) {
	var referrers []validate.Descriptor
	err := c.ask(ctx, "listing the referrers of", repository, reference, func(ctx context.Context, h *host, path string) error {
		digest := reference
		if !imagelist.IsDigest(reference) {
			top, err := sound(h.headManifest(ctx, path, reference))
			if err != nil {
				return err
			}
			if top.Missing {
				return errNoImage
			}
			digest = top.Digest
		}
		var err error
		referrers, err = h.referrers(ctx, path, digest)
		return err
	})
	return referrers, err
}

var errNoImage = &missingError{words: "the registry has no such image"}

// ask calls do for a repository, and explains its error. The message of the error
// begins with doing, such as "inspecting". reference may be empty.
func (c *Client) ask(ctx context.Context, doing, repository, reference string, do func(ctx context.Context, h *host, path string) error) error {
	name, path, _ := strings.Cut(repository, "/")
	side := c.users.Side(name)
	h := c.host(name, path, side)
	ctx, call := wire.NewCall(ctx)
	err := do(ctx, h, path)
	if err == nil {
		return nil
	}
	what := repository
	if reference != "" {
		what = imagelist.Reference(repository, reference)
	}
	e := h.explain(ctx, call, err, side, what)
	e.doing = doing
	if part, ok := errors.AsType[*partError](err); ok {
		e.doing += " " + part.name + " of"
	}
	return e
}

// partError is an error about a part of an image, such as its config.
type partError struct {
	name string
	err  error
}

func (e *partError) Error() string { return e.err.Error() }
func (e *partError) Unwrap() error { return e.err }

// inspect reads a manifest, and the config of an image.
func (h *host) inspect(ctx context.Context, repository, reference string) (*validate.Inspection, error) {
	top, err := sound(h.readManifest(ctx, repository, reference))
	if err != nil {
		return nil, err
	}
	if top.Missing {
		return nil, errNoImage
	}
	found := &validate.Inspection{Manifest: top.Manifest, Config: top.Manifest.Schema1}
	if !top.Manifest.IsImage() {
		return found, nil
	}
	digest := top.Manifest.Config.Digest
	config, err := h.readConfig(ctx, repository, digest)
	switch {
	case err != nil:
		return nil, &partError{"the config, " + digest + ",", err}
	case config.Missing:
		return nil, &contentError{fmt.Errorf("its config %s is not in the registry", digest)}
	case config.Config == nil:
		return nil, &contentError{fmt.Errorf("the registry sent a config whose digest is %s instead of %s: its bytes are corrupt", config.Digest, digest)}
	}
	found.Config = config.Config
	return found, nil
}
