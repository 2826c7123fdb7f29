package registry_test

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"mvrun/engine/registry"
	"mvrun/validate"
)

// atDestination returns the same need about the destination.
func atDestination(need validate.Need) validate.Need {
	need.Side = validate.Destination
	return need
}

// bodies returns a registry that answers the GET requests of one object with one body
// after the other, and then with the last one again. If a body ends with "…", the answer
// announces more bytes than it has. The body "404" is an answer 404.
func bodies(contentType, header string, bodies ...string) http.Handler {
	asked := 0
	return ping(func(w http.ResponseWriter, r *http.Request) {
		body := bodies[min(asked, len(bodies)-1)]
		if r.Method == http.MethodGet {
			asked++
		}
		if body == "404" {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`)
			return
		}
		w.Header().Set("Content-Type", contentType)
		if header != "" {
			w.Header().Set("Docker-Content-Digest", header)
		}
		if half, isCut := strings.CutSuffix(body, "…"); isCut {
			withLength(w, half)
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		io.WriteString(w, body)
	})
}

// TestReadTwice shows that bytes with a wrong digest are read again, and what follows
// from the second read.
func TestReadTwice(t *testing.T) {
	index := `{"schemaVersion":2,"mediaType":"` + validate.TypeOCIIndex + `","manifests":[]}`
	config := `{"architecture":"amd64","os":"linux"}`
	flipped := strings.Replace(index, "manifests", "mbnifests", 1)
	noType := strings.Replace(index, "index.v1", "indey.v1", 1)
	noJSON := strings.Replace(index, "{", "[", 1)
	for _, kind := range []struct {
		name, right, wrong, other string
		need                      validate.Need
	}{
		{"manifest", index, flipped, noType, validate.Need{Action: validate.ReadManifest, Digest: sha([]byte(index))}},
		{"manifest with a wrong media type", index, noType, flipped, validate.Need{Action: validate.ReadManifest, Digest: sha([]byte(index))}},
		{"manifest that is no JSON", index, noJSON, flipped, validate.Need{Action: validate.ReadManifest, Digest: sha([]byte(index))}},
		{"manifest after a HEAD", index, flipped, noType, validate.Need{Action: validate.HeadManifest, Digest: sha([]byte(index))}},
		{"manifest by its tag", index, flipped, noType, validate.Need{Action: validate.ReadManifest}},
		{"config", config, config + " ", config + "\n", validate.Need{Action: validate.ReadConfig, Digest: sha([]byte(config))}},
		{"layer", "the layer", "the lbyer", "the lcyer", validate.Need{Action: validate.HashBlob, Digest: sha([]byte("the layer")), Size: 9}},
		{"unpacked layer", "the layer", "the lbyer", "the lcyer", validate.Need{Action: validate.UnpackLayer, Digest: sha([]byte("the layer")), Size: 9}},
		{"longer layer", "the layer", "the layer and more", "the lcyer", validate.Need{Action: validate.HashBlob, Digest: sha([]byte("the layer")), Size: 9}},
	} {
		digest, wrong := sha([]byte(kind.right)), sha([]byte(kind.wrong))
		if kind.name == "longer layer" { // reading stops at one byte too many
			wrong = sha([]byte(kind.wrong[:10]))
		}
		header := ""
		isManifest := strings.HasPrefix(kind.name, "manifest")
		if kind.need.Digest == "" { // the registry names the digest in the header alone
			header = digest
		}
		for _, test := range []struct {
			name     string
			bodies   []string
			requests int
			corrupt  bool   // both digests are reported
			misread  bool   // the second read is right
			words    string // of the error "unreachable"; "" is none
		}{
			{"right", []string{kind.right}, 1, false, false, ""},
			{"twice the same wrong bytes", []string{kind.wrong, kind.wrong}, 2, true, false, ""},
			{"wrong bytes, then right ones", []string{kind.wrong, kind.right}, 2, false, true, ""},
			{"two different wrong bytes", []string{kind.wrong, kind.other}, 2, false, false, "two reads gave two contents: the way is bad"},
			{"wrong bytes, then 404", []string{kind.wrong, "404"}, 2, false, false, "two reads gave two contents: the way is bad"},
			{"cut short, then right", []string{kind.wrong[:5] + "…", kind.right}, 2, false, false, ""},
			{"wrong, cut short, then right", []string{kind.wrong, kind.right[:3] + "…", kind.right}, 3, false, true, ""},
		} {
			t.Run(kind.name+"/"+test.name, func(t *testing.T) {
				bubble(t, bodies(validate.TypeOCIIndex, header, test.bodies...), func(t *testing.T, _ *pipes, c *registry.Client) {
					fact, requests, err := c.Read(t.Context(), app(hub), atDestination(kind.need))
					if kind.need.Action == validate.HeadManifest {
						requests-- // the HEAD, whose answer names no digest
					}
					wantRequests(t, requests, test.requests)
					if test.words != "" {
						wantError(t, err, validate.Unreachable, test.words)
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					want := validate.Fact{Digest: digest}
					if test.corrupt {
						want.Digest = wrong
						if isManifest {
							want.Claimed = digest
						}
					}
					if test.misread {
						want.Misread = wrong
					}
					parsed := fact.Manifest != nil || fact.Config != nil
					if wantParsed := !test.corrupt && (isManifest || kind.name == "config"); parsed != wantParsed {
						t.Errorf("parsed: %v, want %v", parsed, wantParsed)
					}
					got := validate.Fact{Digest: fact.Digest, Claimed: fact.Claimed, Misread: fact.Misread}
					if !reflect.DeepEqual(got, want) {
						t.Errorf("got  %+v\nwant %+v", got, want)
					}
				})
			})
		}
	}
	t.Run("at the source", func(t *testing.T) {
		bubble(t, bodies(validate.TypeOCIIndex, "", flipped), func(t *testing.T, _ *pipes, c *registry.Client) {
			for _, action := range []validate.Action{validate.ReadManifest, validate.HeadManifest} {
				_, _, err := c.Read(t.Context(), app(hub), validate.Need{Action: action, Digest: sha([]byte(index))})
				wantError(t, err, validate.BadManifest, "the registry sent a manifest whose digest is "+sha([]byte(flipped))+" instead of "+sha([]byte(index)))
			}
		})
	})
	t.Run("a web page", func(t *testing.T) {
		bubble(t, bodies("text/html; charset=utf-8", "", "<html>Log in"), func(t *testing.T, _ *pipes, c *registry.Client) {
			_, requests, err := c.Read(t.Context(), app(hub), atDestination(validate.Need{Action: validate.ReadManifest, Digest: sha([]byte(index))}))
			wantError(t, err, validate.Unreachable, "200 OK with a web page")
			wantRequests(t, requests, 1)
		})
	})
}

// TestResolve shows what is made of the answer to a HEAD request for a tag. None is hidden
// behind a GET request.
func TestResolve(t *testing.T) {
	r, pushed, _ := filled()
	other := validate.Digest("sha256", []byte("other"))
	with := func(status int, digest, length, mediaType string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for key, value := range map[string]string{"Docker-Content-Digest": digest, "Content-Length": length, "Content-Type": mediaType} {
				if value != "" {
					w.Header().Set(key, value)
				}
			}
			w.WriteHeader(status)
		}
	}
	answer := func(status int, digest string) http.HandlerFunc { return with(status, digest, "7", "") }
	sized := func(digest, length string) http.HandlerFunc { return with(200, digest, length, "") }
	typed := func(digest, mediaType string) http.HandlerFunc { return with(200, digest, "7", mediaType) }
	const doing = "asking the destination with HEAD, as containerd does, for registry.example.com/library/app"
	for _, test := range []struct {
		name, tag string
		head      http.HandlerFunc
		want      validate.Fact
		reason    validate.Reason // of an error
		words     string
		requests  int
	}{
		{"the registry's own answer", "1", r.ServeHTTP, validate.Fact{Digest: pushed.Digest, Size: int64(pushed.Size), Served: validate.TypeDockerManifest}, "", "", 1},
		{"a digest", "1", answer(200, other), validate.Fact{Digest: other, Size: 7}, "", "", 1},
		{"no digest", "1", answer(200, ""), validate.Fact{}, "", "", 1},
		{"nonsense for a digest", "1", answer(200, "sha256:beef"), validate.Fact{Refused: `"sha256:beef", which is no digest`}, "", "", 1},
		{"a length of 0", "1", sized(other, "0"), validate.Fact{Refused: "a length of 0 bytes"}, "", "", 1},
		{"a length of 0, by digest", pushed.Digest, sized("", "0"), validate.Fact{Refused: "a length of 0 bytes"}, "", "", 1},
		{"no length", "1", sized(other, ""), validate.Fact{}, "", "", 1},
		{"no length, by digest", pushed.Digest, sized(other, ""), validate.Fact{Digest: pushed.Digest}, "", "", 1},
		{"a type with a parameter", "1", typed(other, "text/plain; charset=utf-8"), validate.Fact{Digest: other, Size: 7, Served: "text/plain"}, "", "", 1},
		{"another digest than the one that was asked for", pushed.Digest, answer(200, other), validate.Fact{Digest: pushed.Digest, Size: 7}, "", "", 1},
		{"no digest, by digest", pushed.Digest, answer(200, ""), validate.Fact{Digest: pushed.Digest, Size: 7}, "", "", 1},
		{"404", "1", answer(404, ""), validate.Fact{Missing: true}, "", "", 1},
		{"404, by digest", pushed.Digest, answer(404, ""), validate.Fact{Missing: true}, "", "", 1},
		{"405", "1", answer(405, ""), validate.Fact{}, "", "", 1},
		{"401", "1", answer(401, ""), validate.Fact{}, validate.Unauthorized, doing + ":1: 401 Unauthorized", 1},
		{"403", "1", answer(403, ""), validate.Fact{}, validate.Unauthorized, doing + ":1: 403 Forbidden", 1},
		{"403, by digest", pushed.Digest, answer(403, ""), validate.Fact{}, validate.Unauthorized, doing + "@" + pushed.Digest + ": 403 Forbidden", 1},
		{"500", "1", answer(500, ""), validate.Fact{}, validate.Unreachable, doing + ":1: 500 Internal Server Error", 10},
		{"503", "1", answer(503, ""), validate.Fact{}, validate.Unreachable, "503 Service Unavailable", 10},
	} {
		for _, action := range []validate.Action{validate.ResolveTag, validate.ResolveTagAgain} {
			t.Run(fmt.Sprint(test.name, " ", action), func(t *testing.T) {
				seen := record(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
					if request.Method == http.MethodHead {
						test.head(w, request)
						return
					}
					r.ServeHTTP(w, request)
				}))
				bubble(t, seen, func(t *testing.T, _ *pipes, c *registry.Client) {
					image := app(hub)
					image.Tag = test.tag
					fact, requests, err := c.Read(t.Context(), image, atDestination(validate.Need{Action: action}))
					if test.reason != "" {
						wantScriptError(t, err, test.reason, test.words)
					} else if err != nil || !reflect.DeepEqual(fact, test.want) {
						t.Errorf("got %+v, %v, want %+v", fact, err, test.want)
					}
					wantRequests(t, requests, test.requests)
					if gets := seen.requests("GET /v2/library"); len(gets) > 0 {
						t.Errorf("%d GET requests were sent", len(gets))
					}
				})
			})
		}
	}
}
