package registry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"mvrun/engine/registry/wire"
)

// saysMissing reports whether an error code means that the registry has looked and
// found nothing, as MANIFEST_UNKNOWN, NAME_UNKNOWN and NOT_FOUND do. A 404 may also
// come with codes such as UNAUTHORIZED or UNKNOWN, which do not mean that.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
func saysMissing(code transport.ErrorCode) bool {
	c := strings.ToUpper(strings.ReplaceAll(string(code), "_", ""))
	return strings.HasSuffix(c, "NOTFOUND") || strings.HasSuffix(c, "UNKNOWN") && c != "UNKNOWN"
}

// checkMissing returns nil if a 404 means that the registry does not have what was
// asked for, else an error. A proxy or an ingress answers 404, too, while the
// registry behind it is down, but not in the JSON of registries.
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
	response.Body.Close() // it holds the slot that the ping below needs
	if len(status.Errors) > 0 {
		if slices.ContainsFunc(status.Errors, func(d transport.Diagnostic) bool { return !saysMissing(d.Code) }) {
			return refused
		}
		return nil
	}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") || bytes.ContainsAny(body.Bytes(), "<{") {
		return refused // a page, or the JSON of something else
	}
	// The specification does not ask a registry for JSON. A ping tells whether the
	// registry is there at all.
	s, err := h.open(ctx)
	if err != nil {
		return err
	}
	request, err := newRequest(ctx, http.MethodGet, s.Scheme, s.Host, "")
	if err != nil {
		return err
	}
	ping, err := h.chain.Contact.RoundTrip(request)
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
