package wire

import (
	"net/http"
	"testing"
)

// TestLocation shows that a redirect to a broken URL is an error that does not show the
// URL. Every other answer is returned unchanged.
func TestLocation(t *testing.T) {
	for location, want := range map[string]error{
		"":                                  nil,
		"/elsewhere":                        nil,
		"https://store.example/a?Signature": nil,
		"http://store.example:port/":        errLocation,
		"http://store.example/%zz":          errLocation,
	} {
		open := 1
		transport := &locationTransport{next: roundTripper(func(r *http.Request) (*http.Response, error) {
			response := answer(r, http.StatusFound, "", "Location", location)
			response.Body = &countedBody{response.Body, &open}
			return response, nil
		})}
		response, err := transport.RoundTrip(newRequest(t, http.MethodGet, "https://r.example/v2/"))
		if err != want || (response == nil) != (want != nil) || (open == 0) != (want != nil) {
			t.Errorf("%s: got %v, %v; %d bodies are open", location, response, err, open)
		}
	}
	transport := &locationTransport{next: roundTripper(func(*http.Request) (*http.Response, error) { return nil, errRefused })}
	if _, err := transport.RoundTrip(newRequest(t, http.MethodGet, "https://r.example/v2/")); err != errRefused {
		t.Errorf("got %v", err)
	}
}
