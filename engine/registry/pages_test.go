package registry

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
)

// FuzzLink shows that no Link header leads out of the repository, whose token the request
// carries, or to another host.
func FuzzLink(f *testing.F) {
	for _, seed := range []string{
		`</v2/library/app/tags/list?last=a&n=100>; rel="next"`, `<?n=1>; rel=next`, `<https://evil.example/v2/library/app/tags/list>; rel=next`,
		`</v2/library/app/%2e%2e/secret/tags/list>; rel=next`, `</v2/library/app/..%2f..%5csecret>; rel=next`, `<//evil.example/v2/library/app/x>`, `<:%>; rel=next`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, link string) {
		const repository = "library/app"
		next, err := nextPage(http.Header{"Link": {link}}, repository, "tags/list")
		if err != nil || next == "" {
			return
		}
		request, err := newRequest(t.Context(), http.MethodGet, "https", "r.example", repository+"/"+next)
		if err != nil {
			return // then nothing is sent
		}
		u := request.URL
		sent, err := url.PathUnescape(u.EscapedPath())
		if err != nil || u.Host != "r.example" || !strings.HasPrefix(path.Clean(sent), "/v2/"+repository) || strings.Contains(sent, "/../") {
			t.Errorf("%q leads to %s", link, u)
		}
	})
}
