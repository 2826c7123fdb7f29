package wire

import (
	"net/http"
	"strings"
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

// TestMirror shows what a mirror changes of a request, and of which requests.
func TestMirror(t *testing.T) {
	mirror := Mirror{Base: "/artifactory/api/docker/hub/v2", Namespace: "docker.io", Header: http.Header{"X-Corp": {"secret"}}, Scheme: "https"}
	for _, test := range []struct {
		url, want string
		redirect  bool
		header    bool
	}{
		{"https://r.example/v2/a/manifests/1", "https://r.example/artifactory/api/docker/hub/v2/a/manifests/1?ns=docker.io", false, true},
		{"https://r.example/v2/a/tags/list?n=5", "https://r.example/artifactory/api/docker/hub/v2/a/tags/list?n=5&ns=docker.io", false, true},
		{"https://r.example/v2/", "https://r.example/artifactory/api/docker/hub/v2/", false, true},
		{"https://r.example/v2/a/blobs/x", "https://r.example/v2/a/blobs/x?ns=docker.io", true, true}, // a redirect has its whole path
		{"https://r.example/store/x", "https://r.example/store/x", true, true},
		{"http://r.example/store/x", "http://r.example/store/x", true, false}, // a header is never sent over plain HTTP
		{"https://other.example/v2/a/manifests/1", "https://other.example/v2/a/manifests/1", false, false},
	} {
		request := newRequest(t, http.MethodGet, test.url)
		request.Header.Set("User-Agent", "mvrun/1")
		if test.redirect {
			request.Response = &http.Response{}
		}
		transport := &rewriteTransport{userAgent: "mvrun/1", host: "r.example", mirror: mirror, next: roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.String() != test.want || (r.Header.Get("X-Corp") != "") != test.header {
				t.Errorf("%s: %s, %v", test.url, r.URL, r.Header)
			}
			return answer(r, http.StatusNotFound, ""), nil
		})}
		response, err := transport.RoundTrip(request)
		if err != nil || response.Request != request || request.URL.String() != test.url || request.Header.Get("X-Corp") != "" {
			t.Errorf("%s: the links above see %v, %v", test.url, response.Request, err)
		}
		wantStatus := http.StatusNotFound
		if strings.HasSuffix(test.url, "/v2/") {
			wantStatus = http.StatusOK
		}
		if response.StatusCode != wantStatus {
			t.Errorf("%s: %d", test.url, response.StatusCode)
		}
	}
}
