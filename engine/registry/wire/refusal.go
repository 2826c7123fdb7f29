package wire

import (
	"errors"
	"io"
	"net/http"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// maxRefusal is how many bytes are read of the body of an answer that refuses a
// request.
const maxRefusal = 64 << 10

// Refusal makes an error of an answer that refuses a request. The error is a
// *transport.Error with the message of the registry, or a *CutError if the body was
// cut short.
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
