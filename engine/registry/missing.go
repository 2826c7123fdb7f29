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

// meansMissing reports whether an error code means that the registry does not have
// the object. MANIFEST_UNKNOWN, NAME_UNKNOWN and NOT_FOUND mean this. UNAUTHORIZED
// and UNKNOWN do not, although a 404 may have them, too.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
func meansMissing(code transport.ErrorCode) bool {
	c := strings.ToUpper(strings.ReplaceAll(string(code), "_", ""))
	return strings.HasSuffix(c, "NOTFOUND") || strings.HasSuffix(c, "UNKNOWN") && c != "UNKNOWN"
}

// checkMissing returns nil if a 404 means that the registry does not have the
// object. Otherwise it returns an error: a proxy or an ingress also answers 404
// while the registry behind it is down. Their answers differ from a registry's,
// which is JSON of a certain form.
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
	response.Body.Close() // frees the slot, which the ping below needs
	if len(status.Errors) > 0 {
		if slices.ContainsFunc(status.Errors, func(d transport.Diagnostic) bool { return !meansMissing(d.Code) }) {
			return refused
		}
		return nil
	}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") || bytes.ContainsAny(body.Bytes(), "<{") {
		return refused // a web page, or JSON that is not from a registry
	}
	// The answer has no content to judge by, and the specification allows that. So a
	// ping finds out whether the registry is up.
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
