package registry

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"mvrun/engine/registry/wire"
)

// get reads a whole answer of at most so many bytes. It returns nil without an
// error if the registry does not have what was asked for. An answer that is cut
// short is asked for again.
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
