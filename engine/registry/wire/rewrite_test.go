package wire

import (
	"net/http"
	"testing"
)

// TestRewrite shows the URL and the user agent of the request that is sent.
func TestRewrite(t *testing.T) {
	for _, test := range []struct {
		name, agent, url string
		plain            bool
		want             string // the URL that is sent
		same             bool   // whether the request is sent uncopied
	}{
		{"nothing to change", "mvrun/1", "https://r.example/v2/", false, "https://r.example/v2/", true},
		{"a library's user agent", "go-containerregistry", "https://r.example/v2/", false, "https://r.example/v2/", false},
		{"over plain HTTP", "mvrun/1", "https://r.example/v2/", true, "http://r.example/v2/", false},
		{"already over plain HTTP", "mvrun/1", "http://r.example/v2/", true, "http://r.example/v2/", true},
		{"another host over TLS", "mvrun/1", "https://store.example/v2/", true, "https://store.example/v2/", true},
	} {
		request := newRequest(t, http.MethodGet, test.url)
		request.Header.Set("User-Agent", test.agent)
		transport := &rewriteTransport{userAgent: "mvrun/1", host: "r.example", plain: test.plain, next: roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.UserAgent() != "mvrun/1" || r.URL.String() != test.want || (r == request) != test.same {
				t.Errorf("%s: %s as %q, copied: %v", test.name, r.URL, r.UserAgent(), r != request)
			}
			return answer(r, http.StatusOK, ""), nil
		})}
		transport.RoundTrip(request)
		if request.UserAgent() != test.agent || request.URL.String() != test.url {
			t.Errorf("%s: the caller's request was changed", test.name)
		}
	}
}
