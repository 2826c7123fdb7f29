package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"mvrun/engine/registry/wire"
)

// get sends a GET request and reads the whole answer, which may have at most limit
// bytes. If the registry does not have the object, get returns nil and no error. If
// the answer is cut short, get sends the request again.
func (h *host) get(ctx context.Context, repository, path string, header http.Header, limit int64) ([]byte, http.Header, error) {
	var got http.Header
	body, err := wire.RetryCut(ctx, h.client.network.Tries(), func() (body []byte, err error) {
		body, got, err = h.getOnce(ctx, repository, path, header, limit)
		return body, err
	})
	return body, got, err
}

func (h *host) getOnce(ctx context.Context, repository, path string, header http.Header, limit int64) ([]byte, http.Header, error) {
	response, err := h.fetch(ctx, repository, path, header)
	if err != nil || response == nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	if response.ContentLength > limit {
		return nil, nil, &contentError{fmt.Errorf("the answer has %d bytes; registries need not take more than %d, and neither does mvrun", response.ContentLength, limit)}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, nil, &wire.CutError{Err: err}
	}
	if int64(len(body)) > limit {
		return nil, nil, &contentError{fmt.Errorf("the answer has more than %d bytes; registries need not take more, and neither does mvrun", limit)}
	}
	return body, response.Header, nil
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
