package registry

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry/wire"
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

// headManifest finds out whether a manifest is there, and its digest.
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
		return validate.Fact{Digest: digest}, nil
	case response.StatusCode == http.StatusOK, response.StatusCode == http.StatusBadRequest, response.StatusCode == http.StatusNotFound,
		response.StatusCode == http.StatusMethodNotAllowed, response.StatusCode == http.StatusNotImplemented,
		wire.IsUnexplained(response) && !h.client.options.Once:
		response.Body.Close() // frees the slot, which the next request needs
		return h.readManifest(ctx, repository, reference)
	}
	return validate.Fact{}, wire.Refusal(response)
}

// readManifest reads a manifest, and checks that its bytes have the right digest.
func (h *host) readManifest(ctx context.Context, repository, reference string) (validate.Fact, error) {
	body, header, err := h.get(ctx, repository, "manifests/"+reference, accept, maxManifest)
	if err != nil || body == nil {
		return validate.Fact{Missing: err == nil}, err
	}
	algorithm := validate.Algorithm(reference)
	if !imagelist.IsDigest(reference) {
		algorithm = validate.Algorithm(header.Get("Docker-Content-Digest"))
	}
	manifest, err := validate.ParseManifest(header.Get("Content-Type"), algorithm, body)
	if err != nil {
		return validate.Fact{}, &contentError{err}
	}
	if claim := header.Get("Docker-Content-Digest"); !imagelist.IsDigest(reference) && validate.CheckDigest(claim) == nil && claim != manifest.Digest {
		return validate.Fact{}, &contentError{fmt.Errorf("the registry says that the manifest's digest is %s, but it is %s", claim, manifest.Digest)}
	}
	if imagelist.IsDigest(reference) && manifest.Digest != reference {
		return validate.Fact{}, &contentError{fmt.Errorf("the registry sent a manifest whose digest is %s: its bytes are corrupt, or of another image", manifest.Digest)}
	}
	return validate.Fact{Digest: manifest.Digest, Manifest: manifest}, nil
}

// readConfig reads an image's config. If the bytes have a wrong digest, the fact has
// this digest and no config.
func (h *host) readConfig(ctx context.Context, repository, digest string) (validate.Fact, error) {
	body, _, err := h.get(ctx, repository, "blobs/"+digest, nil, maxConfig)
	if err != nil || body == nil {
		return validate.Fact{Missing: err == nil}, err
	}
	fact := validate.Fact{Digest: validate.Digest(validate.Algorithm(digest), body), Size: int64(len(body))}
	if fact.Digest != digest {
		return fact, nil
	}
	if fact.Config, err = validate.ParseConfig(body); err != nil {
		return validate.Fact{}, &contentError{err}
	}
	return fact, nil
}
