package registry_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"mvrun/engine/registry"
	"mvrun/engine/registry/memory"
	"mvrun/validate"
)

// diagnose examines a registry with the login of these tests. What the diagnosis says
// must hold no secret and no character that a terminal obeys, and be short.
func diagnose(t *testing.T, host, repository, tag string) *registry.Diagnosis {
	t.Helper()
	found := registry.Diagnose(t.Context(), registry.Options{
		InsecureHint: insecureHint,
		Logins:       []registry.Login{{Side: validate.Source, Registry: host, Username: user, Password: password, From: "SOURCE_USERNAME"}},
	}, registry.Target{Written: host, Registry: host, Repository: repository, Tag: tag})
	shown, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	wantNoSecret(t, "diagnosis", string(shown))
	var back any
	if err := json.Unmarshal(shown, &back); err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(back); strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) || len(text) > 8000 {
		t.Errorf("the diagnosis has %d bytes: %q", len(text), text)
	}
	return found
}

// TestDiagnoseHostile shows that a registry which repeats secrets and sends control
// characters everywhere shows none of them to the user.
func TestDiagnoseHostile(t *testing.T) {
	const token = secret + "-token-0123456789"
	nasty := func(r *http.Request) string {
		return "\x1b[31m" + password + "\a " + r.Header.Get("Authorization") + strings.Repeat("x", 3000) + " " + token
	}
	store, _, _ := filled()
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request){
		"the message": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]string{"code": nasty(r), "message": nasty(r)}}})
		},
		"the type": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/"+strings.ReplaceAll(password, " ", ""))
			w.Header().Set("RateLimit-Remaining", "5;w=99999999999999")
			fmt.Fprintf(w, `{"schemaVersion":2,"mediaType":%q,"config":{},"layers":[]}`, nasty(r))
		},
		"the tags": func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/tags/list") {
				json.NewEncoder(w).Encode(map[string]any{"name": "app", "tags": []string{"../../" + password, nasty(r), "\x1b[31m", password}})
				return
			}
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`)
		},
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "https://10.0.0.1/?"+token+password)
			w.WriteHeader(http.StatusTemporaryRedirect)
		},
		"a blob": func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/blobs/") {
				w.Header().Set("Location", "http://"+password+".invalid/"+token)
				w.WriteHeader(http.StatusTemporaryRedirect)
				return
			}
			store.ServeHTTP(w, r)
		},
	} {
		host := ""
		host = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch given := r.Header.Get("Authorization"); {
			case r.URL.Path == "/token":
				fmt.Fprintf(w, `{"token":%q}`, token)
			case given != "Bearer "+token:
				w.Header().Set("WWW-Authenticate", fmt.Sprintf("Bearer realm=\"http://%s/token\",service=\"a\u202eb\"", host))
				w.WriteHeader(http.StatusUnauthorized)
			default:
				answer(w, r)
			}
		}))
		for _, tag := range []string{"1", ""} {
			found := diagnose(t, host, "library/app", tag)
			if found.Status != registry.Wrong || len(found.Problems) == 0 || found.Problems[0].Advice == "" {
				t.Errorf("%s: got %+v", name, found)
			}
			if c := found.Credentials; c.Username != user || c.Accepted == nil || !*c.Accepted {
				t.Errorf("%s: got the credentials %+v", name, c)
			}
		}
	}
}

// TestDiagnoseRequests shows how often a registry is asked, and that wrong credentials
// are not tried so often that they lock an account.
func TestDiagnoseRequests(t *testing.T) {
	r, _, _ := filled()
	open := record(r)
	if found := diagnose(t, serve(t, open), "library/app", "1"); found.Status != registry.Healthy || *found.Range.Supported != true {
		t.Errorf("got %+v", found)
	}
	wantRequests(t, len(open.requests("")), 5) // the ping, HEAD, GET, the referrers, and a byte of the config
	if given := open.authorizations(); len(given) > 0 && !strings.HasPrefix(given[0], "Basic ") {
		t.Errorf("the registry got %q", given)
	}

	refusing := record(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	for _, repository := range []string{"", "library/app"} {
		before := len(refusing.authorizations())
		found := diagnose(t, serve(t, refusing), repository, "")
		if found.Status != registry.Wrong || *found.Credentials.Accepted {
			t.Errorf("got %+v", found)
		}
		wantRequests(t, len(refusing.authorizations())-before, 1)
	}
}

// TestDiagnoseNothing shows the exit of an examination that finds nobody, and of one
// that finds a registry without the image.
func TestDiagnoseNothing(t *testing.T) {
	gone := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { cut(w) }))
	if found := diagnose(t, gone, "library/app", "1"); found.Status != registry.NoAnswer || found.Answers || found.Credentials.From != "SOURCE_USERNAME" {
		t.Errorf("got %+v", found)
	}
	empty := serve(t, memory.New())
	if found := diagnose(t, empty, "library/app", ""); found.Status != registry.Wrong || found.Pull.Granted || found.Tag != "latest" {
		t.Errorf("got %+v", found)
	}
}
