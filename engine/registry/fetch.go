package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"mvrun/engine/registry/wire"
)

// get sends a GET request and reads the whole answer, which may have at most limit
// bytes. If the registry does not have the object, get returns nil and no error. If
// the answer is cut short, get sends the request again. The caller must free the
// document.
func (h *host) get(ctx context.Context, repository, path string, header http.Header, limit int64, room memoryRoom) (*document, error) {
	return wire.RetryCut(ctx, h.client.network.Tries(), func() (*document, error) { return h.getOnce(ctx, repository, path, header, limit, room) })
}

func (h *host) getOnce(ctx context.Context, repository, path string, header http.Header, limit int64, room memoryRoom) (*document, error) {
	response, err := h.fetch(ctx, repository, path, header)
	if err != nil || response == nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.ContentLength > limit {
		return nil, &contentError{fmt.Errorf("the answer has %d bytes; registries need not take more than %d, and neither does mvrun", response.ContentLength, limit)}
	}
	d := &document{header: response.Header, client: h.client, room: room}
	if err := d.read(response, limit); err != nil {
		d.free()
		return nil, err
	}
	return d, nil
}

// fetch sends a GET request, and returns the answer if its status is 200. The caller
// must close its body. If the registry does not have the object, fetch returns nil and
// no error. If a store behind a redirect does not have it, fetch returns a *goneError.
//
// The 404 of a store counts only if a second one confirms it. For the second one the
// registry is asked for a new redirect, because a redirect may be old or wrong.
func (h *host) fetch(ctx context.Context, repository, path string, header http.Header) (*http.Response, error) {
	for confirmed := false; ; confirmed = true {
		response, err := h.do(ctx, http.MethodGet, repository, path, header)
		if err != nil {
			return nil, err
		}
		switch response.StatusCode {
		case http.StatusOK:
			return response, nil
		case http.StatusNotFound:
			err = h.checkMissing(ctx, response)
		default:
			err = wire.Refusal(response)
		}
		response.Body.Close()
		if confirmed || !errors.As(err, new(*goneError)) {
			return nil, err
		}
	}
}
