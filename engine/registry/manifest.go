package registry

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry/wire"
	"mvrun/engine/room"
	"mvrun/validate"
)

const (
	// maxManifest is the size of the largest manifest that is read. Registries need
	// not accept a larger one.
	// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests
	maxManifest = 4 << 20
	// maxConfig is the size of the largest config that is read.
	maxConfig = 8 << 20
)

// accept is the header that names all types of manifests. If the type of a
// manifest is not named, a registry may convert the manifest or refuse to send it.
var accept = http.Header{"Accept": {strings.Join(validate.ManifestTypes, ",")}}

// headManifest finds out whether a manifest is there, its digest, and its size if the
// answer names it.
//
// Some registries answer a HEAD request without a digest, or with an error, although
// a GET request works. In these cases headManifest reads the manifest.
func (h *host) headManifest(ctx context.Context, repository, reference string) (validate.Fact, error) {
	response, err := h.do(ctx, http.MethodHead, repository, "manifests/"+reference, accept)
	if err != nil {
		return validate.Fact{}, err
	}
	defer response.Body.Close()
	digest := response.Header.Get("Docker-Content-Digest")
	switch {
	case response.StatusCode == http.StatusOK && validate.CheckDigest(digest) == nil && (!imagelist.IsDigest(reference) || digest == reference):
		return validate.Fact{Digest: digest, Size: max(response.ContentLength, 0)}, nil
	case response.StatusCode == http.StatusOK, response.StatusCode == http.StatusBadRequest, response.StatusCode == http.StatusNotFound,
		response.StatusCode == http.StatusMethodNotAllowed, response.StatusCode == http.StatusNotImplemented,
		wire.IsUnexplained(response) && !h.client.options.Once:
		response.Body.Close() // frees the slot, which the next request needs
		return h.readManifest(ctx, repository, reference)
	}
	return validate.Fact{}, wire.Refusal(response)
}

// resolve asks for the digest of a tag with HEAD, as a node does. Unlike headManifest,
// it hides no answer behind a GET request.
func (h *host) resolve(ctx context.Context, repository, reference string) (validate.Fact, error) {
	response, err := h.do(ctx, http.MethodHead, repository, "manifests/"+reference, accept)
	if err != nil {
		return validate.Fact{}, err
	}
	defer response.Body.Close()
	digest := response.Header.Get("Docker-Content-Digest")
	switch {
	case response.StatusCode == http.StatusNotFound:
		return validate.Fact{Missing: true}, nil
	case response.StatusCode == http.StatusMethodNotAllowed,
		wire.IsUnexplained(response) && !h.client.options.Once: // the GET request that follows finds out why
		return validate.Fact{}, nil
	case response.StatusCode != http.StatusOK:
		return validate.Fact{}, wire.Refusal(response)
	case imagelist.IsDigest(reference): // a node knows the digest, and ignores the one in the answer
		digest = reference
	case digest == "" || response.ContentLength < 0: // a node reads the manifest to find out what is missing
		return validate.Fact{}, nil
	case validate.CheckDigest(digest) != nil:
		return validate.Fact{Refused: fmt.Sprintf("%q, which is no digest", wire.OneLine(digest))}, nil
	}
	if response.ContentLength == 0 {
		return validate.Fact{Refused: "a length of 0 bytes"}, nil
	}
	served, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	return validate.Fact{Digest: digest, Size: max(response.ContentLength, 0), Served: strings.TrimSpace(served)}, nil
}

// readManifest reads a manifest. If its bytes do not have the digest under which the
// registry serves it, readManifest reads it again. If they are wrong again, the fact has
// no manifest, but both digests.
func (h *host) readManifest(ctx context.Context, repository, reference string) (validate.Fact, error) {
	return readTwice(func(fact validate.Fact) bool { return fact.Claimed != "" },
		func() (validate.Fact, error) { return h.readManifestOnce(ctx, repository, reference) })
}

func (h *host) readManifestOnce(ctx context.Context, repository, reference string) (validate.Fact, error) {
	d, err := h.get(ctx, repository, "manifests/"+reference, accept, maxManifest, room.Of(ctx))
	if err != nil || d == nil {
		return validate.Fact{Missing: err == nil}, err
	}
	defer d.free()
	claim := reference
	if !imagelist.IsDigest(reference) {
		claim = d.header.Get("Docker-Content-Digest")
	}
	algorithm, contentType := validate.Algorithm(claim), d.header.Get("Content-Type")
	fact := validate.Fact{Digest: validate.Digest(algorithm, d.body), Size: int64(len(d.body))}
	var manifest *validate.Manifest
	if wrong := d.parse(ctx, func() error {
		manifest, err = validate.ParseManifest(contentType, algorithm, d.body)
		return nil
	}); wrong != nil {
		return validate.Fact{}, wrong
	}
	fact.Manifest = manifest
	if err == nil {
		fact.Digest = manifest.Digest // of a manifest of schema 1, the digest of a part
	}
	switch {
	case err != nil && wire.IsWebPage(contentType, d.body):
		return validate.Fact{}, errWebPage
	case fact.Digest != claim && validate.CheckDigest(claim) == nil: // counts more than bytes that cannot be parsed
		fact.Claimed, fact.Manifest = claim, nil
	case err != nil:
		return validate.Fact{}, &contentError{err}
	default:
		fact.Weight = d.keep()
	}
	return fact, nil
}

// sound turns the fact about a manifest with wrong bytes into an error. Only of the
// destination does a comparison judge such a manifest.
func sound(fact validate.Fact, err error) (validate.Fact, error) {
	if err != nil || fact.Claimed == "" {
		return fact, err
	}
	return validate.Fact{}, &contentError{fmt.Errorf("the registry sent a manifest whose digest is %s instead of %s: its bytes are corrupt, or of another image",
		fact.Digest, fact.Claimed)}
}

// readConfig reads an image's config. If the bytes have a wrong digest, readConfig reads
// it again. If they are wrong again, the fact has this digest and no config.
func (h *host) readConfig(ctx context.Context, repository, digest string) (validate.Fact, error) {
	return readTwice(func(fact validate.Fact) bool { return fact.Digest != digest },
		func() (validate.Fact, error) { return h.readConfigOnce(ctx, repository, digest) })
}

func (h *host) readConfigOnce(ctx context.Context, repository, digest string) (validate.Fact, error) {
	d, err := h.get(ctx, repository, "blobs/"+digest, nil, maxConfig, room.Of(ctx))
	if err != nil || d == nil {
		return validate.Fact{Missing: err == nil}, err
	}
	defer d.free()
	fact := validate.Fact{Digest: validate.Digest(validate.Algorithm(digest), d.body), Size: int64(len(d.body))}
	switch {
	case fact.Digest == digest:
	case wire.IsWebPage(d.header.Get("Content-Type"), d.body):
		return validate.Fact{}, errWebPage
	default:
		return fact, nil
	}
	err = d.parse(ctx, func() (err error) {
		if fact.Config, err = validate.ParseConfig(d.body); err != nil {
			err = &contentError{err}
		}
		return err
	})
	if err != nil {
		return validate.Fact{}, err
	}
	fact.Weight = d.keep()
	return fact, nil
}
