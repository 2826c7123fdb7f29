package wire

import (
	"errors"
	"net/http"
	"net/url"
)

// locationTransport refuses a redirect to a broken URL. net/http would refuse it,
// too, but its error shows the whole URL. The URL may have a signature, which is a
// secret.
type locationTransport struct {
	next http.RoundTripper
}

var errLocation = errors.New("the registry redirects to a broken URL")

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
