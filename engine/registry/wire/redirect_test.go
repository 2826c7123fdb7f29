package wire

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
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
		warned := 0
		transport := &redirectTransport{warnDowngrade: func(_, _ *url.URL) { warned++ }, next: roundTripper(func(r *http.Request) (*http.Response, error) {
			urls, shown = append(urls, r.URL.String()), append(shown, r.Header.Get("Authorization"))
			if _, ok := r.Header["Authorization"]; ok && r.Header.Get("Authorization") == "" {
				t.Errorf("%s: an empty header was sent", test.name)
			}
			if referer := r.Header.Get("Referer"); referer != "" {
				t.Errorf("%s: %s was sent as Referer", test.name, referer)
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
		if (warned > 0) != (test.name == "plain HTTP") {
			t.Errorf("%s: %d warnings of plain HTTP", test.name, warned)
		}
		if !slices.Equal(shown, test.want) {
			t.Errorf("%s: of %q the authorizations were %q, want %q", test.name, urls, shown, test.want)
		}
	}
}

// TestRedirectRules shows which redirects are followed.
func TestRedirectRules(t *testing.T) {
	const digest = "/v2/team/app/blobs/sha256:a"
	for _, test := range []struct {
		from, to string
		refused  string // words of the error; "" if the redirect is followed
	}{
		{"https://r.example" + digest, "https://store.example/a", ""},
		{"https://r.example" + digest, "https://8.8.8.8/a", ""},
		{"https://r.example" + digest, "http://169.254.169.254/a", "link-local"},
		{"https://r.example" + digest, "https://[fe80::1]/a", "link-local"},
		{"https://r.example" + digest, "https://[::ffff:169.254.169.254]/a", "link-local"},
		{"https://10.0.0.1" + digest, "https://169.254.169.254/a", "link-local"},
		{"https://8.8.8.8" + digest, "https://127.0.0.1/a", "this machine"},
		{"https://8.8.8.8" + digest, "https://localhost:9000/a", "this machine"},
		{"https://8.8.8.8" + digest, "https://0.0.0.0/a", "this machine"},
		{"https://10.0.0.1" + digest, "https://127.0.0.1/a", "this machine"},
		{"http://127.0.0.1:5000" + digest, "http://127.0.0.1:9000/a", ""},
		{"http://localhost:5000" + digest, "http://[::1]:9000/a", ""},
		{"https://8.8.8.8" + digest, "https://10.0.0.9/a", "its address is private"},
		{"https://8.8.8.8" + digest, "https://100.100.100.200/a", "its address is private"},
		{"https://8.8.8.8" + digest, "https://[fd00:ec2::254]/a", "its address is private"},
		{"https://192.168.1.1" + digest, "https://10.0.0.9/a", ""},
		{"https://r.example" + digest, "http://store.example/a", ""},
		{"https://r.example/v2/team/app/manifests/sha256:a", "http://store.example/a", ""},
		{"https://r.example/v2/team/app/manifests/latest", "http://store.example/a", "plain HTTP"},
		{"https://r.example/v2/team/app/tags/list", "http://store.example/a", "plain HTTP"},
	} {
		transport := &redirectTransport{warnDowngrade: func(_, _ *url.URL) {}, next: roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.String() == test.from {
				return answer(r, http.StatusFound, "", "Location", test.to), nil
			}
			return answer(r, http.StatusOK, ""), nil
		})}
		_, err := transport.RoundTrip(newRequest(t, http.MethodGet, test.from))
		refused := (*RedirectError)(nil)
		switch {
		case test.refused == "" && err != nil, test.refused != "" && !errors.As(err, &refused):
			t.Errorf("%s to %s: got %v", test.from, test.to, err)
		case refused != nil && !strings.Contains(refused.Error(), test.refused):
			t.Errorf("%s to %s: %q does not have %q", test.from, test.to, refused, test.refused)
		}
	}
}

// A name that leads to an address which is not asked is found when the connection is made.
func TestGuard(t *testing.T) {
	asked := t.Context()
	for _, test := range []struct {
		ctx     context.Context
		address string
		refused bool
	}{
		{asked, "169.254.169.254:80", true},
		{asked, "[fe80::1%eth0]:443", true},
		{asked, "127.0.0.1:80", false},
		{asked, "10.0.0.1:443", false},
		{asked, "8.8.8.8:443", false},
		{Redirected(asked, "8.8.8.8"), "127.0.0.1:80", true},
		{Redirected(asked, "10.0.0.1"), "[::1]:80", true},
		{Redirected(asked, "8.8.8.8"), "10.0.0.1:80", false}, // of a store behind split DNS
		{Redirected(asked, "127.0.0.1"), "127.0.0.1:80", false},
		{Redirected(asked, "localhost"), "[::1]:80", false},
		{Redirected(asked, "127.0.0.1"), "169.254.169.254:80", true},
	} {
		if err := guard(test.ctx)("tcp", test.address, nil); (err != nil) != test.refused {
			t.Errorf("%s: got %v", test.address, err)
		}
	}
	n := New(Options{})
	n.NewRegistry(Target{Host: "169.254.0.2"})
	if _, err := n.dial(t.Context(), "tcp", "169.254.0.1:9"); !errors.As(err, new(*AddressError)) {
		t.Errorf("a connection to a link-local address: got %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := n.dial(ended, "tcp", "169.254.0.2:9"); errors.As(err, new(*AddressError)) {
		t.Errorf("a link-local address that the user names: got %v", err)
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
