package registry_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"mvrun/engine/imagelist"
	"mvrun/engine/registry"
	"mvrun/validate"
)

// refusing returns a registry that answers every request but the ping in the same way.
func refusing(status int, contentType, body string) http.Handler {
	return ping(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		io.WriteString(w, body)
	})
}

// A 404 counts only if its body says that something is not known. A proxy cache may wrap
// the answer of its upstream: then the words of that answer count.
func TestWhoSays404(t *testing.T) {
	const (
		harbor = `{"errors":[{"code":"UNKNOWN","message":"http status code: %d, body: %s"}]}`
		quay   = `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"message":"the requested image may not exist in the upstream registry, ` +
			`or the configured Quay organization credentials have insufficient rights to access it (%s)"}}]}`
	)
	for _, test := range []struct {
		body    string
		missing bool
	}{
		{`{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`, true},
		{`{"errors":[{"code":"MANIFEST_UNKNOWN","message":"The named manifest is not known to the registry.","detail":{"manifest":"library/app"}}]}`, true}, // Artifactory
		{`{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":"unknown tag=denied"}]}`, true},                                       // distribution
		{`{"errors":[{"code":"NAME_UNKNOWN"}]}`, true},
		{`{"errors":[{"code":"NOT_FOUND","message":"artifact app:1 not found"}]}`, true},                 // Harbor
		{`{"errors":[{"code":"TAG_EXPIRED","message":"Tag 1 was deleted or has expired."}]}`, true},      // Quay
		{`{"errors":[{"code":"UNKNOWN","message":"repository docker.io/library/app not found"}]}`, true}, // Harbor
		{`{"errors":[{"message":"manifest for library/app:1 does not exist"}]}`, true},                   // without a code
		{fmt.Sprintf(harbor, 404, `{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"manifest unknown\"}]}`), true},
		{fmt.Sprintf(quay, "404"), true},
		{`{"message":"manifest for library/app:1 not found"}`, true},
		{`Manifest not found`, true},
		{``, true},

		{fmt.Sprintf(harbor, 401, `{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"repository not found\"}]}`), false},
		{fmt.Sprintf(harbor, 503, `manifest unknown`), false},
		{fmt.Sprintf(quay, "503"), false},
		{fmt.Sprintf(quay, "HTTPSConnectionPool(host='registry-1.docker.io'): Max retries exceeded"), false},
		{`{"errors":[{"code":"NOT_FOUND","message":"http status code: 429, body: "}]}`, false},
		{`{"errors":[{"code":"UNKNOWN","message":"manifest not found: dial tcp: connection refused"}]}`, false},
		{`{"errors":[{"status":"404","title":"no healthy upstream"}]}`, false},
		{`{"errors":[{"code":"UNAUTHORIZED"}]}`, false},
		{`{"errors":[{"code":"UNKNOWN"}]}`, false},
		{`{"errors":[{"code":"UNKNOWN","message":"unknown error"}]}`, false},
		{`{"errors":[{"code":"UNKNOWN","message":"pulling repository library/app: unknown error"}]}`, false},
		{`{"errors":[{"code":"UNKNOWN","message":"repository library/app: host not found"}]}`, false},
		{`{"errors":[{"code":"UNKNOWN","message":"host name unknown"}]}`, false},
		{`{"errors":[{"code":"MANIFEST_UNKNOWN"},{"code":"DENIED"}]}`, false},
		{`{"message":"no upstream available"}`, false},
		{`{"message":"no Route matched with those values"}`, false}, // an API gateway
		{`<html>not found</html>`, false},
		{`no route for {path}`, false},
		{`<Error><Code>NoSuchKey</Code></Error>`, false}, // a store in place of the registry
	} {
		host := serve(t, refusing(http.StatusNotFound, "", test.body))
		fact, _, err := newClient(t, registry.Options{}).Read(t.Context(), app(host), manifest)
		if fact.Missing != test.missing || (err == nil) != test.missing {
			t.Errorf("%s: got %+v, %v, want missing: %v", test.body, fact, err, test.missing)
		}
	}
}

// An answer that is not of a registry: the error says what it is, in a few words.
func TestAnswerOfStranger(t *testing.T) {
	const stranger = ": this is no answer of a registry, but of a proxy, an ingress or a login page in front of it"
	for _, test := range []struct {
		name              string
		status            int
		contentType, body string
		reason            validate.Reason
		words             string
	}{
		{"a page", 404, "text/html; charset=utf-8", "<html><head><title>Page not\n found</title>", validate.Unreachable, `: 404 Not Found with a web page, "Page not  found"` + stranger},
		{"a page without a title", 404, "text/html", "<html>oops", validate.Unreachable, ": 404 Not Found with a web page" + stranger},
		{"a page that is not called one", 404, "application/octet-stream", "<!DOCTYPE html><title>Oops</title>", validate.Unreachable, `with a web page, "Oops"`},
		{"a page with a long title", 404, "text/html", "<title>" + strings.Repeat("a", 60_000) + "</title>", validate.Unreachable, "…\"" + stranger},
		{"JSON", 404, "application/json", `{"message":"no Route matched"}`, validate.Unreachable, `: 404 Not Found with {"message":"no Route matched"}` + stranger},
		{"XML", 404, "application/xml", `<Error><Code>NoSuchKey</Code></Error>`, validate.Unreachable, ": 404 Not Found with <Error><Code>NoSuchKey</Code></Error>" + stranger},
		{"a page that refuses", 403, "text/html", "<title>Blocked by the company</title>", validate.Unauthorized, `403 Forbidden with a web page, "Blocked by the company"` + stranger},
		{"a proxy", 501, "text/html", "<title>501 Not Implemented</title>", validate.Unreachable, `501 Not Implemented with a web page, "501 Not Implemented"` + stranger},
		{"the beginning of a layer", 206, "application/octet-stream", "\x1f\x8b\x08\x00\xff\xfe", validate.Unreachable, ": 206 Partial Content: bytes that are no text"},
		{"text whose last shown character is cut", 400, "text/plain", strings.Repeat("ä", 300), validate.Unreachable, ": 400 Bad Request: äää"},
		{"text", 400, "text/plain", "the path is too long", validate.Unreachable, ": 400 Bad Request: the path is too long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			host := serve(t, refusing(test.status, test.contentType, test.body))
			_, _, err := newClient(t, registry.Options{}).Read(t.Context(), app(host), manifest)
			wantError(t, err, test.reason, test.words)
			if text := err.Error(); len(text) > 500 {
				t.Errorf("%d bytes: %s", len(text), text)
			}
		})
	}
}

// Many registries refuse requests for repositories that do not exist. The error says so,
// above all if another repository could be read with the same login.
func TestRefusedRepository(t *testing.T) {
	r, _, _ := filled()
	hidden := func(w http.ResponseWriter, request *http.Request) bool {
		if !strings.Contains(request.URL.Path, "/none/") {
			return false
		}
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
		return true
	}
	login := func(host string) []registry.Login {
		return []registry.Login{{Registry: host, Username: user, Password: password, From: "SOURCE_USERNAME"}}
	}
	none := func(host string) imagelist.Image {
		return imagelist.Image{Source: host + "/library/none", Destination: host + "/library/none", Tag: "1"}
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if !hidden(w, request) {
			r.ServeHTTP(w, request)
		}
	})
	t.Run("without credentials", func(t *testing.T) {
		host := serve(t, handler)
		c := newClient(t, registry.Options{})
		run := `run "docker login ` + host + `"`
		_, _, err := c.Read(t.Context(), none(host), manifest)
		wantError(t, err, validate.Unauthorized, "authentication required (no credentials for "+host+"; "+run+"; or there is no such repository)")
		read(t, c, app(host), manifest)
		_, _, err = c.Read(t.Context(), none(host), manifest)
		wantError(t, err, validate.Unauthorized, "authentication required (no credentials for "+host+", which library/app does not need: there is no such repository, or "+run+")")
	})
	t.Run("with a token", func(t *testing.T) {
		host := serve(t, &tokenRegistry{registry: handler})
		c := newClient(t, registry.Options{Logins: login(host)})
		with := "authentication required (with the credentials for " + host + " of SOURCE_USERNAME"
		_, _, err := c.Read(t.Context(), none(host), manifest)
		wantError(t, err, validate.Unauthorized, with+"; or there is no such repository)")
		read(t, c, app(host), manifest)
		_, _, err = c.Read(t.Context(), none(host), manifest)
		wantError(t, err, validate.Unauthorized, with+", which could read library/app: there is no such repository, or they may not read it)")
	})
	t.Run("with a password", func(t *testing.T) {
		host := serve(t, locked(handler))
		c := newClient(t, registry.Options{Logins: login(host)})
		with := "authentication required (with the credentials for " + host + " of SOURCE_USERNAME"
		_, _, err := c.Read(t.Context(), none(host), manifest)
		wantError(t, err, validate.Unauthorized, with+")") // the password may be wrong
		read(t, c, app(host), manifest)
		_, _, err = c.Read(t.Context(), none(host), manifest)
		wantError(t, err, validate.Unauthorized, with+", which could read library/app: there is no such repository, or they may not read it)")
	})
}
