package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// Manifests and configs: answers to facts.

const (
	// maxManifest is what registries must accept of a manifest, and so all that
	// a client need read of one.
	// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests
	maxManifest = 4 << 20
	maxConfig   = 8 << 20
)

// accept asks for manifests as they are stored: a registry may convert, or
// deny, what a client does not say it can read.
var accept = http.Header{"Accept": {strings.Join(validate.ManifestTypes, ",")}}

// head asks whether a manifest is there, and for its digest.
//
// A registry may answer a HEAD without a digest, or deny what it would serve
// to a GET: then the manifest itself is read.
func (h *host) head(ctx context.Context, repository, reference string) (validate.Fact, error) {
	response, err := h.do(ctx, http.MethodHead, repository, "manifests/"+reference, accept)
	if err != nil {
		return validate.Fact{}, err
	}
	defer response.Body.Close()
	digest := response.Header.Get("Docker-Content-Digest")
	switch {
	case response.StatusCode == http.StatusOK && validate.CheckDigest(digest) == nil && (!isDigest(reference) || digest == reference):
		return validate.Fact{Digest: digest}, nil
	case response.StatusCode == http.StatusOK, response.StatusCode == http.StatusBadRequest, response.StatusCode == http.StatusNotFound,
		response.StatusCode == http.StatusMethodNotAllowed, response.StatusCode == http.StatusNotImplemented,
		wire.IsUnexplained(response) && !h.client.options.Once:
		response.Body.Close() // it takes the room that the next request needs
		return h.manifest(ctx, repository, reference)
	}
	return validate.Fact{}, wire.Refusal(response)
}

// manifest reads a manifest and proves its digest.
func (h *host) manifest(ctx context.Context, repository, reference string) (validate.Fact, error) {
	body, header, err := h.get(ctx, repository, "manifests/"+reference, accept, maxManifest)
	if err != nil || body == nil {
		return validate.Fact{Missing: err == nil}, err
	}
	algorithm := validate.Algorithm(reference)
	if !isDigest(reference) {
		algorithm = validate.Algorithm(header.Get("Docker-Content-Digest"))
	}
	manifest, err := validate.ParseManifest(header.Get("Content-Type"), algorithm, body)
	if err != nil {
		return validate.Fact{}, &contentError{err}
	}
	if claim := header.Get("Docker-Content-Digest"); !isDigest(reference) && validate.CheckDigest(claim) == nil && claim != manifest.Digest {
		return validate.Fact{}, &contentError{fmt.Errorf("the registry says that the manifest's digest is %s, but it is %s", claim, manifest.Digest)}
	}
	if isDigest(reference) && manifest.Digest != reference {
		return validate.Fact{}, &contentError{fmt.Errorf("the registry sent a manifest whose digest is %s: its bytes are corrupt, or of another image", manifest.Digest)}
	}
	return validate.Fact{Digest: manifest.Digest, Manifest: manifest}, nil
}

// config reads an image's config. Where the digest of its bytes is another, it
// is none.
func (h *host) config(ctx context.Context, repository, digest string) (validate.Fact, error) {
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

func isDigest(reference string) bool { return strings.Contains(reference, ":") }

// get reads a whole answer; nil without an error if the registry has it not. A
// body that is cut short is asked for again.
func (h *host) get(ctx context.Context, repository, path string, header http.Header, most int64) ([]byte, http.Header, error) {
	var got http.Header
	body, err := wire.RetryCut(ctx, h.client.network.Tries(), func() (body []byte, err error) {
		body, got, err = h.getOnce(ctx, repository, path, header, most)
		return body, err
	})
	return body, got, err
}

func (h *host) getOnce(ctx context.Context, repository, path string, header http.Header, most int64) ([]byte, http.Header, error) {
	response, err := h.do(ctx, http.MethodGet, repository, path, header)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusOK:
	case response.StatusCode == http.StatusNotFound:
		return nil, nil, h.checkMissing(ctx, response)
	default:
		return nil, nil, wire.Refusal(response)
	}
	if response.ContentLength > most {
		return nil, nil, &contentError{fmt.Errorf("the answer has %d bytes; registries need not take more than %d, and neither does mvrun", response.ContentLength, most)}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	if err != nil {
		return nil, nil, &wire.CutError{Err: err}
	}
	if int64(len(body)) > most {
		return nil, nil, &contentError{fmt.Errorf("the answer has more than %d bytes; registries need not take more, and neither does mvrun", most)}
	}
	return body, response.Header, nil
}

// saysMissing tells codes such as MANIFEST_UNKNOWN, NAME_UNKNOWN and NOT_FOUND
// from those, and from none, that say even with a 404 that nobody looked.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
func saysMissing(code transport.ErrorCode) bool {
	c := strings.ToUpper(strings.ReplaceAll(string(code), "_", ""))
	return strings.HasSuffix(c, "NOTFOUND") || strings.HasSuffix(c, "UNKNOWN") && c != "UNKNOWN"
}

// checkMissing says why a 404 does not mean that the registry has not what was
// asked for. A proxy or an ingress says 404, too, while the registry behind it
// is away; unlike a registry, it does not say it in the registries' JSON.
func (h *host) checkMissing(ctx context.Context, response *http.Response) error {
	var body bytes.Buffer
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(response.Body, &body), response.Body}
	refused := wire.Refusal(response)
	var status *transport.Error
	if !errors.As(refused, &status) {
		return refused
	}
	response.Body.Close() // it may take the room that the ping below needs
	if len(status.Errors) > 0 {
		if slices.ContainsFunc(status.Errors, func(d transport.Diagnostic) bool { return !saysMissing(d.Code) }) {
			return refused
		}
		return nil
	}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") || bytes.ContainsAny(body.Bytes(), "<{") {
		return refused // a page, or the JSON of something else
	}
	// The specification does not ask for JSON: is the registry there at all?
	s, err := h.open(ctx)
	if err != nil {
		return err
	}
	request, err := newRequest(ctx, http.MethodGet, s.Scheme, s.Host, "")
	if err != nil {
		return err
	}
	ping, err := h.way.Contact.RoundTrip(request)
	if err != nil {
		return err
	}
	defer ping.Body.Close()
	switch ping.StatusCode {
	case http.StatusOK, http.StatusUnauthorized, http.StatusForbidden:
		return nil
	}
	return refused
}
