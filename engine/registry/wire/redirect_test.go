package wire

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"testing"
)

// TestRedirect shows which hosts get a request, and which of them get the authorization.
func TestRedirect(t *testing.T) {
	const first = "https://r.example/v2/team/app/blobs/sha256:a"
	for _, test := range []struct {
		name string
		to   []string // the redirects, one after the other
		want []string // the authorization of each request
	}{
		{"none", nil, []string{"secret"}},
		{"the same host", []string{"/elsewhere"}, []string{"secret", "secret"}},
		{"the same host in capitals", []string{"https://R.Example/elsewhere"}, []string{"secret", "secret"}},
		{"another host", []string{"https://store.example/a"}, []string{"secret", ""}},
		{"a part of the host", []string{"https://store.r.example/a"}, []string{"secret", ""}},
		{"another port", []string{"https://r.example:8443/a"}, []string{"secret", ""}},
		{"plain HTTP", []string{"http://r.example/a"}, []string{"secret", ""}},
		{"there and back", []string{"https://store.example/a", "https://r.example/b"}, []string{"secret", "", "secret"}},
	} {
		var urls, shown []string
		transport := &redirectTransport{next: roundTripper(func(r *http.Request) (*http.Response, error) {
			urls, shown = append(urls, r.URL.String()), append(shown, r.Header.Get("Authorization"))
			if _, ok := r.Header["Authorization"]; ok && r.Header.Get("Authorization") == "" {
				t.Errorf("%s: an empty header was sent", test.name)
			}
			if n := len(urls) - 1; n < len(test.to) {
				return answer(r, http.StatusTemporaryRedirect, "", "Location", test.to[n]), nil
			}
			return answer(r, http.StatusOK, ""), nil
		})}
		request := newRequest(t, http.MethodGet, first)
		request.Header.Set("Authorization", "secret")
		response, err := transport.RoundTrip(request)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("%s: got %v, %v", test.name, response, err)
		}
		if !slices.Equal(shown, test.want) {
			t.Errorf("%s: of %q the authorizations were %q, want %q", test.name, urls, shown, test.want)
		}
	}
}

// TestRedirectFails shows that a loop of redirects ends. It also shows that an error
// names the URL that failed, as the errors of http.Client do.
func TestRedirectFails(t *testing.T) {
	sent := 0
	loop := &redirectTransport{next: roundTripper(func(r *http.Request) (*http.Response, error) {
		sent++
		return answer(r, http.StatusFound, "", "Location", r.URL.String()), nil
	})}
	if _, err := loop.RoundTrip(newRequest(t, http.MethodGet, "https://r.example/v2/")); err == nil || sent != 10 {
		t.Errorf("got %v after %d requests", err, sent)
	}

	refused := &redirectTransport{next: roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == "r.example" {
			return answer(r, http.StatusFound, "", "Location", "https://store.example/a"), nil
		}
		return nil, errRefused
	})}
	for first, last := range map[string]string{"https://r.example/v2/": "https://store.example/a", "https://s.example/v2/": "https://s.example/v2/"} {
		_, err := refused.RoundTrip(newRequest(t, http.MethodHead, first))
		failed := (*url.Error)(nil)
		if !errors.As(err, &failed) || failed.URL != last || failed.Op != "Head" || !errors.Is(err, errRefused) {
			t.Errorf("%s: got %v", first, err)
		}
	}
}
