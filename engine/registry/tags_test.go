package registry_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"mvrun/engine/registry"
	"mvrun/validate"
)

func TestTags(t *testing.T) {
	for _, test := range []struct {
		name  string
		pages []string // the body of each page; after a tab, its Link header
		want  []string
	}{
		{"one page", []string{`{"name":"library/app","tags":["a","b"]}`}, []string{"a", "b"}},
		{"none", []string{`{"name":"library/app","tags":[]}`}, nil},
		{"what is no tag is left out", []string{`{"name":"library/app","tags":["a","-b","c d","\u001b[2J","","ä","b"]}`}, []string{"a", "b"}},
		{"null", []string{`{"name":"library/app","tags":null}`}, nil},
		{"pages that overlap", []string{
			"{\"tags\":[\"a\",\"b\"]}\t</v2/library/app/tags/list?page=1>; rel=\"next\"",
			"{\"tags\":[\"b\",\"c\"]}\t<?page=2>;rel=next",
			"{\"tags\":[\"d\"]}\t<http://elsewhere.example/v2/library/app/tags/list?page=3>; title=\"x\"; rel=\"next\"",
			"{\"tags\":[]}\t<list?page=4>",
			"{\"tags\":[\"e\"]}\t</v2/library/app/tags/list?page=0>; rel=\"prev\", </v2/library/app/tags/list?page=5>; rel=\"next\"",
			"{\"tags\":[\"f\"]}\t</v2/library/app/tags/list>; rel=\"first\"",
		}, []string{"a", "b", "c", "d", "e", "f"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			host := serve(t, paged(test.pages))
			var warnings []string
			c := newClient(t, registry.Options{Warn: func(message string) { warnings = append(warnings, message) }})
			got, err := c.Tags(t.Context(), host+"/library/app")
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
			if warned := strings.Contains(strings.Join(warnings, ""), `lists 5 tags of library/app that are no tags, such as "-b": they are left out`); warned != strings.HasPrefix(test.name, "what is no tag") {
				t.Errorf("got the warnings %q", warnings)
			}
		})
	}
}

// paged answers ?page=N with page N.
func paged(pages []string) http.Handler {
	return ping(func(w http.ResponseWriter, r *http.Request) {
		n := 0
		fmt.Sscan(r.URL.Query().Get("page"), &n)
		body, link, _ := strings.Cut(pages[n], "\t")
		if link != "" {
			w.Header().Set("Link", link)
		}
		fmt.Fprint(w, body)
	})
}

func TestTagsFail(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		reason validate.Reason
		words  []string
	}{
		{"no repository", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"errors":[{"code":"NAME_UNKNOWN"}]}`)
		}, validate.SourceMissing, []string{"the registry has no such repository"}},
		{"an HTML page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>Log in") }, validate.BadManifest, []string{"no listing"}},
		{"other JSON", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }, validate.BadManifest, []string{"neither name nor tags"}},
		{"a circle", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</v2/library/app/tags/list>; rel=next")
			fmt.Fprint(w, `{"tags":["a"]}`)
		}, validate.BadManifest, []string{"has no end"}},
		{"pages without end", func(w http.ResponseWriter, r *http.Request) {
			n := 0
			fmt.Sscan(r.URL.Query().Get("n"), &n)
			w.Header().Set("Link", fmt.Sprintf("<?n=%d>; rel=next", n+1))
			fmt.Fprint(w, `{"tags":[]}`)
		}, validate.BadManifest, []string{"more than 2000 pages"}},
		{"bytes without end", func(w http.ResponseWriter, r *http.Request) {
			n := 0
			fmt.Sscan(r.URL.Query().Get("n"), &n)
			w.Header().Set("Link", fmt.Sprintf("<?n=%d>; rel=next", n+1))
			fmt.Fprintf(w, `{"tags":[%s"a"]}`, strings.Repeat(" ", 8<<20))
		}, validate.BadManifest, []string{"more than 33554432 bytes"}},
		{"a next page that does not exist", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery != "" {
				w.WriteHeader(http.StatusNotFound)
				fmt.Fprint(w, `{"errors":[{"code":"NAME_UNKNOWN"}]}`)
				return
			}
			w.Header().Set("Link", "<?n=1>; rel=next")
			fmt.Fprint(w, `{"tags":["a"]}`)
		}, validate.BadManifest, []string{"says that there is a next page"}},
		{"a next page in another repository", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</v2/library/other/tags/list>; rel=next")
			fmt.Fprint(w, `{"tags":["a"]}`)
		}, validate.BadManifest, []string{`"/v2/library/other/tags/list", outside of the repository`}},
		{"a next page that climbs out of the repository", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</v2/library/app/%2e%2e/%2E%2e/secret/tags/list>; rel=next")
			fmt.Fprint(w, `{"tags":["a"]}`)
		}, validate.BadManifest, []string{"outside of the repository"}},
		{"a next page that climbs by an escaped slash", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</v2/library/app/..%2f..%2Fsecret/tags/list>; rel=next")
			fmt.Fprint(w, `{"tags":["a"]}`)
		}, validate.BadManifest, []string{"outside of the repository"}},
		{"a next page that is no URL", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "<:%>; rel=next")
			fmt.Fprint(w, `{"tags":["a"]}`)
		}, validate.BadManifest, []string{"no URL"}},
		{"denied", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, validate.Unauthorized, []string{"403 Forbidden"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			host := serve(t, ping(test.answer))
			got, err := newClient(t, registry.Options{}).Tags(t.Context(), host+"/library/app")
			if got != nil {
				t.Errorf("got %q", got)
			}
			wantScriptError(t, err, test.reason, append(test.words, "listing the tags of "+host+"/library/app: ")...)
		})
	}
}

// TestTooManyTags shows that a listing of more tags than anybody has is refused before
// it takes memory.
func TestTooManyTags(t *testing.T) {
	host := serve(t, paged([]string{`{"name":"library/app","tags":[` + strings.Repeat(`"",`, 1_000_001) + `""]}`}))
	_, err := newClient(t, registry.Options{}).Tags(t.Context(), host+"/library/app")
	wantScriptError(t, err, validate.BadManifest, "more than 1000000 tags")
}
