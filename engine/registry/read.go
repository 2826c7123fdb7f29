package registry

import (
	"context"
	"errors"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// query is a fact that Client.Read reads.
type query struct {
	image     imagelist.Image
	need      validate.Need
	name      string // the repository with its registry, for messages
	reference string // the tag or digest that is read
}

// read reads a fact of the repository with a path at this host.
func (h *host) read(ctx context.Context, call *wire.Call, path string, q query) (validate.Fact, error) {
	fact, err := h.readNeed(ctx, path, q)
	if gone, ok := errors.AsType[*goneError](err); ok {
		fact, err = validate.Fact{Missing: true, Store: gone.Error()}, nil
	}
	if q.need.Side == validate.Source {
		fact, err = sound(fact, err)
	}
	if ctx.Err() != nil && (err == nil || errors.As(err, new(*contentError))) {
		err = ctx.Err() // the end of the context may have cut the answer short
	}
	if err == nil {
		return fact, nil
	}
	e := h.explain(ctx, call, err, q.need.Side, imagelist.Reference(q.name, q.reference)).
		of(imagelist.Reference(q.name, q.image.Tag), q.need)
	if q.need.Action == validate.ResolveTag || q.need.Action == validate.ResolveTagAgain {
		e.doing = "asking the " + q.need.Side.String() + " with HEAD, as containerd does, for"
	}
	return fact, e
}

func (h *host) readNeed(ctx context.Context, path string, q query) (fact validate.Fact, err error) {
	switch q.need.Action {
	case validate.HeadManifest:
		return h.headManifest(ctx, path, q.reference)
	case validate.ReadManifest:
		return h.readManifest(ctx, path, q.reference)
	case validate.ResolveTag, validate.ResolveTagAgain:
		return h.resolve(ctx, path, q.reference)
	case validate.ReadConfig:
		return h.readConfig(ctx, path, q.reference)
	case validate.HeadBlob:
		return h.headBlob(ctx, path, q.reference)
	case validate.HashBlob, validate.UnpackLayer:
		if q.need.Side == validate.Destination && h.client.sharesBlobs(h.name) {
			return h.readShared(ctx, path, q)
		}
		return h.readBlob(ctx, path, q.need)
	case validate.ListReferrers:
		fact.Referrers, err = h.referrers(ctx, path, q.reference)
	}
	return fact, err
}
