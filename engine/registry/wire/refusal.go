package wire

import (
	"errors"
	"io"
	"net/http"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// maxRefusal is how much is read of an answer that says no.
const maxRefusal = 64 << 10

// Refusal turns an answer that says no into a *transport.Error with the
// registry's own words, or into a *CutError if the words were cut short.
func Refusal(response *http.Response) error {
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, maxRefusal), response.Body}
	err := transport.CheckError(response)
	if !errors.As(err, new(*transport.Error)) {
		return &CutError{err}
	}
	return err
}
