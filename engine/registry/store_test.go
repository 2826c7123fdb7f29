package registry_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"mvrun/engine/registry"
	"mvrun/validate"
)

const store = "s3.example.com"

// behindStore runs a test with a registry at hub that redirects every request for a blob
// to a store.
func behindStore(t *testing.T, answer http.HandlerFunc, test func(*testing.T, *registry.Client, *recorder)) {
	t.Helper()
	r, _, _ := filled()
	synctest.Test(t, func(t *testing.T) {
		network, asked := newPipes(), record(answer)
		network.serve(t, store+":443", asked)
		network.serve(t, hub+":443", http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			if strings.Contains(request.URL.Path, "/blobs/") {
				stored("https://"+store)(w, request)
				return
			}
			r.ServeHTTP(w, request)
		}))
		test(t, newClient(t, registry.Options{Insecure: true, Dial: network.dial}), asked)
	})
}

// xmlError answers as a store does.
func xmlError(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<?xml version=\"1.0\"?>\n<Error><Code>%s</Code><Message>words of a stranger</Message><Key>docker/registry</Key></Error>", code)
	}
}

func blobNeeds(digest string) []validate.Need {
	return []validate.Need{blob(digest), {Action: validate.HeadBlob, Digest: digest}, {Action: validate.HashBlob, Digest: digest}}
}

// A store says that it does not have a blob. Then the blob is missing, and the fact names
// the store and its word. The store is asked twice, each time with a new redirect.
func TestStoreLacksBlob(t *testing.T) {
	_, _, config := filled()
	for _, code := range []string{"NoSuchKey", "BlobNotFound"} {
		for _, need := range blobNeeds(config) {
			behindStore(t, xmlError(http.StatusNotFound, code), func(t *testing.T, c *registry.Client, asked *recorder) {
				fact := read(t, c, app(hub), need)
				if want := store + " answers 404 " + code; !fact.Missing || fact.Store != want {
					t.Errorf("%+v: got %+v, want that it is missing: %s", need, fact, want)
				}
				wantRequests(t, len(asked.requests("GET")), 2)
			})
		}
	}
}

// A redirect may be old or wrong. The next redirect leads to the blob.
func TestStoreHasBlobAfterAll(t *testing.T) {
	r, _, config := filled()
	for _, need := range blobNeeds(config) {
		var gets atomic.Int64
		behindStore(t, func(w http.ResponseWriter, request *http.Request) {
			if request.Method == http.MethodHead || gets.Add(1) == 1 {
				xmlError(http.StatusNotFound, "NoSuchKey")(w, request)
				return
			}
			r.ServeHTTP(w, request)
		}, func(t *testing.T, c *registry.Client, _ *recorder) {
			if fact := read(t, c, app(hub), need); fact.Missing {
				t.Errorf("%+v: missing", need)
			}
		})
	}
}

// Other answers of a store prove nothing. The error shows the status, the type, and the
// code of an error in XML if that is a word, and nothing else that the store sent.
func TestStoreRefuses(t *testing.T) {
	_, _, config := filled()
	answer := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	for _, test := range []struct {
		name   string
		store  http.HandlerFunc
		reason validate.Reason
		words  string
	}{
		{"no bucket", xmlError(http.StatusNotFound, "NoSuchBucket"), validate.Unreachable, "404 Not Found NoSuchBucket from s3.example.com, to which the registry redirects"},
		{"refused", xmlError(http.StatusForbidden, "AccessDenied"), validate.Unauthorized, "403 Forbidden AccessDenied from s3.example.com, to which"},
		{"a code that is no word", xmlError(http.StatusNotFound, "words of a stranger"), validate.Unreachable, "404 Not Found (application/xml) from s3.example.com"},
		{"a long code", xmlError(http.StatusNotFound, strings.Repeat("a", 1000)), validate.Unreachable, "404 Not Found (application/xml) from s3.example.com"},
		{"a page", answer(http.StatusNotFound, "text/html", "<html><title>words of a stranger</title>"), validate.Unreachable, "404 Not Found (text/html) from s3.example.com"},
		{"text", answer(http.StatusNotFound, "text/plain; charset=utf-8", "words of a stranger"), validate.Unreachable, "404 Not Found (text/plain) from s3.example.com"},
		{"the JSON of a registry", answer(http.StatusForbidden, "application/json", `{"errors":[{"code":"DENIED","message":"words of a stranger"}]}`),
			validate.Unauthorized, "403 Forbidden (application/json) from s3.example.com"},
		{"a type that is none", answer(http.StatusForbidden, "words of a stranger", ""), validate.Unauthorized, "403 Forbidden from s3.example.com"},
		{"broken", answer(http.StatusBadGateway, "text/plain", "words of a stranger"), validate.Unreachable, "502 Bad Gateway (text/plain) from s3.example.com"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, need := range blobNeeds(config) {
				behindStore(t, test.store, func(t *testing.T, c *registry.Client, _ *recorder) {
					_, _, err := c.Read(t.Context(), app(hub), need)
					words := test.words
					if need.Action == validate.HeadBlob { // a HEAD that gets 502 has no body
						words, _, _ = strings.Cut(words, " (")
					}
					wantError(t, err, test.reason, words)
					if text := fmt.Sprint(err); strings.Contains(text, "stranger") || strings.Contains(text, "docker login") || len(text) > 300 {
						t.Error(err)
					}
				})
			}
		})
	}
}

// A registry may redirect to another one, as registry.k8s.io does. What the other one
// says of a manifest counts.
func TestRedirectToRegistry(t *testing.T) {
	r, _, _ := filled()
	r.Delete("library/app", "1")
	behind := serve(t, r)
	host := serve(t, ping(stored("http://"+behind)))
	for _, need := range []validate.Need{head, manifest} {
		if fact := read(t, newClient(t, registry.Options{}), app(host), need); !fact.Missing || fact.Store != "" {
			t.Errorf("got %+v", fact)
		}
	}
}

// The name of a host in a redirect may be of any length. It does not fill the log.
func TestRedirectToLongHost(t *testing.T) {
	_, _, config := filled()
	bubble(t, ping(stored("https://"+strings.Repeat("long.", 10_000)+"example.com")), func(t *testing.T, _ *pipes, c *registry.Client) {
		_, _, err := c.Read(t.Context(), app(hub), blob(config))
		wantError(t, err, validate.Unreachable, "is long.long.", "connection refused")
		if text := err.Error(); len(text) > 600 {
			t.Errorf("%d bytes: %s", len(text), text)
		}
	})
}

// An error of a store, or of a token server, names that host.
func TestStoreSilent(t *testing.T) {
	_, _, config := filled()
	behindStore(t, func(_ http.ResponseWriter, request *http.Request) { <-request.Context().Done() }, func(t *testing.T, c *registry.Client, _ *recorder) {
		_, _, err := c.Read(t.Context(), app(hub), blob(config))
		wantError(t, err, validate.Timeout, "no answer within 1m0s (from "+store+", to which the registry redirects)")
	})
}

// A script that inspects an image reads which store does not have its config.
func TestInspectWithoutStore(t *testing.T) {
	_, _, config := filled()
	behindStore(t, xmlError(http.StatusNotFound, "NoSuchKey"), func(t *testing.T, c *registry.Client, _ *recorder) {
		_, err := c.Inspect(t.Context(), hub+"/library/app", "1")
		wantScriptError(t, err, validate.SourceMissing, "inspecting the config, "+config+", of "+hub+"/library/app:1: the registry redirects to its store, and "+store+" answers 404 NoSuchKey")
	})
}
