package wire

import (
	"errors"
	"net/http"
	"net/url"
)

// locationTransport refuses a redirect that net/http could not follow. The words
// of net/http's own error would show the whole of the location, with its
// signature.
type locationTransport struct {
	next http.RoundTripper
}

var errLocation = errors.New("the registry redirects to what is no URL")

func (t *locationTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if location := response.Header.Get("Location"); location != "" {
		if _, err := url.Parse(location); err != nil {
			response.Body.Close()
			return nil, errLocation
		}
	}
	return response, nil
}
