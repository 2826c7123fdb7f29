package registry_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"mvrun/engine/registry"
	"mvrun/engine/registry/memory"
	"mvrun/validate"
)

func TestReferrers(t *testing.T) {
	subject := validate.Digest("sha256", []byte("subject"))
	tag := "sha256-" + strings.TrimPrefix(subject, "sha256:")
	index := func(entries ...validate.Descriptor) []byte {
		if entries == nil {
			entries = []validate.Descriptor{}
		}
		body, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": validate.TypeOCIIndex, "manifests": entries})
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	entry := func(artifactType, content string) validate.Descriptor {
		return validate.Descriptor{ArtifactType: artifactType, MediaType: validate.TypeOCIManifest, Digest: validate.Digest("sha256", []byte(content)), Size: 7}
	}
	sbom, scan := entry("sbom", "sbom"), entry("scan", "scan")
	platform := entry("", "a platform of the image")
	signature := fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"annotations":{"by":"me"},"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":%q,"size":2},"layers":[]}`,
		validate.TypeOCIManifest, subject)
	signed := validate.Descriptor{ArtifactType: "application/vnd.dev.cosign.artifact.sig.v1+json", MediaType: validate.TypeOCIManifest,
		Digest: validate.Digest("sha256", signature), Size: int64(len(signature)), Annotations: map[string]string{"by": "me"}}
	api := "/v2/library/app/referrers/" + subject
	manifest := func(tag string) string { return "/v2/library/app/manifests/" + tag }
	type answer struct {
		status            int // the status of an answer without a body
		contentType, link string
		body              []byte
	}
	for _, test := range []struct {
		name     string
		answers  map[string]answer // by path and query
		want     []validate.Descriptor
		requests int
	}{
		{"nothing, no API", nil, nil, 5},
		{"nothing", map[string]answer{api: {contentType: validate.TypeOCIIndex, body: index()}}, nil, 4},
		{"the API", map[string]answer{api: {contentType: validate.TypeOCIIndex + "; charset=utf-8", body: index(scan, sbom, platform)}},
			[]validate.Descriptor{platform, sbom, scan}, 4},
		{"pages", map[string]answer{
			api:             {contentType: validate.TypeOCIIndex, body: index(scan), link: "<?page=2>; rel=next"},
			api + "?page=2": {contentType: validate.TypeOCIIndex, body: index(sbom)},
		}, []validate.Descriptor{sbom, scan}, 5},
		{"the fallback tag, without entries that have no artifact type", map[string]answer{manifest(tag): {contentType: validate.TypeOCIIndex, body: index(scan, platform)}},
			[]validate.Descriptor{scan}, 5},
		{"a page for the API", map[string]answer{
			api:           {contentType: "text/html", body: []byte("<html>")},
			manifest(tag): {contentType: validate.TypeOCIIndex, body: index(scan)},
		}, []validate.Descriptor{scan}, 5},
		{"400 for the API", map[string]answer{
			api:           {status: http.StatusBadRequest},
			manifest(tag): {contentType: validate.TypeOCIIndex, body: index(scan)},
		}, []validate.Descriptor{scan}, 5},
		{"the fallback tag has an image", map[string]answer{manifest(tag): {contentType: validate.TypeOCIManifest, body: signature}}, nil, 5},
		{"cosign", map[string]answer{manifest(tag + ".sig"): {contentType: validate.TypeOCIManifest, body: signature}}, []validate.Descriptor{signed}, 5},
		{"cosign's tag beside the API", map[string]answer{
			api:                    {contentType: validate.TypeOCIIndex, body: index(signed)},
			manifest(tag + ".sig"): {contentType: validate.TypeOCIManifest, body: signature},
		}, []validate.Descriptor{signed}, 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			host := serve(t, ping(func(w http.ResponseWriter, r *http.Request) {
				a, ok := test.answers[r.URL.RequestURI()]
				switch {
				case !ok:
					w.WriteHeader(http.StatusNotFound)
					fmt.Fprint(w, `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`)
				case a.status != 0:
					w.WriteHeader(a.status)
				default:
					w.Header().Set("Content-Type", a.contentType)
					if a.link != "" {
						w.Header().Set("Link", a.link)
					}
					w.Write(a.body)
				}
			}))
			c := newClient(t, registry.Options{})
			got, err := c.Referrers(t.Context(), host+"/library/app", subject)
			if err != nil || !reflect.DeepEqual(got, test.want) && len(got)+len(test.want) > 0 {
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
			wantRequests(t, c.Requests()-2, test.requests) // without the two pings over HTTPS and HTTP

			fact := read(t, c, app(host), validate.Need{Action: validate.ListReferrers, Digest: subject})
			if !reflect.DeepEqual(fact.Referrers, got) {
				t.Errorf("for a comparison: got %+v, want %+v", fact.Referrers, got)
			}
		})
	}
}

// GitLab answers the request for a referrers tag with the image itself.
func TestReferrersTagIsTheImage(t *testing.T) {
	r := memory.New()
	child := r.PushImage("library/app", "", memory.Image{Platform: linux, OCI: true})
	body := fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"manifests":[{"artifactType":"x","mediaType":%q,"digest":%q,"size":%d}]}`,
		validate.TypeOCIIndex, child.MediaType, child.Digest, child.Size)
	digest := r.PushManifest("library/app", "1", validate.TypeOCIIndex, body).Digest
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		request.URL.Path = strings.Replace(request.URL.Path, "/manifests/sha256-", "/manifests/sha256:", 1)
		if strings.Contains(request.URL.Path, "/referrers/") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		r.ServeHTTP(w, request)
	}))
	for _, reference := range []string{"1", digest} {
		got, err := newClient(t, registry.Options{}).Referrers(t.Context(), host+"/library/app", reference)
		if err != nil || len(got) > 0 {
			t.Errorf("%s: got %+v, %v, want none", reference, got, err)
		}
	}
}

func TestReferrersOfSHA512(t *testing.T) {
	digest := validate.Digest("sha512", []byte("subject"))
	seen := record(ping(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`)
	}))
	got, err := newClient(t, registry.Options{}).Referrers(t.Context(), serve(t, seen)+"/library/app", digest)
	if err != nil || len(got) > 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	tag := "sha512-" + strings.TrimPrefix(digest, "sha512:")[:64]
	if asked := seen.requests("GET /v2/library/app/manifests/"); len(asked) != 1 || !strings.HasSuffix(asked[0].URL.Path, "/"+tag) {
		t.Errorf("%d tags asked for, want %s alone", len(asked), tag)
	}
}

// Referrers that could not be read are an error, and not "no referrers".
func TestReferrersFail(t *testing.T) {
	subject := validate.Digest("sha256", []byte("subject"))
	index := `{"schemaVersion":2,"mediaType":"` + validate.TypeOCIIndex + `","manifests":%s}`
	for _, test := range []struct {
		name, reference string
		answer          http.HandlerFunc
		reason          validate.Reason
		words           []string
	}{
		{"no image", "1", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`)
		}, validate.SourceMissing, []string{"app:1: the registry has no such image"}},
		{"denied", subject, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, validate.Unauthorized, []string{"403 Forbidden"}},
		{"an ingress", subject, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusNotFound)
		}, validate.Unreachable, []string{"404 Not Found"}},
		{"no digest", subject, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", validate.TypeOCIIndex)
			fmt.Fprintf(w, index, `[{"digest":"beef"}]`)
		}, validate.BadManifest, []string{`"beef" is no digest`}},
		{"no manifests", subject, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", validate.TypeOCIIndex)
			fmt.Fprint(w, `{}`)
		}, validate.BadManifest, nil},
		{"an image", subject, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", validate.TypeOCIIndex)
			fmt.Fprintf(w, `{"schemaVersion":2,"mediaType":%q,"config":{"digest":%q}}`, validate.TypeOCIManifest, subject)
		}, validate.BadManifest, []string{"no list of referrers"}},
		{"a second page that is no index", subject, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.RawQuery != "":
				w.Header().Set("Content-Type", "text/html")
				w.WriteHeader(http.StatusNotFound)
			case strings.Contains(r.URL.Path, "/referrers/"):
				w.Header().Set("Content-Type", validate.TypeOCIIndex)
				w.Header().Set("Link", "<?n=1>; rel=next")
				fmt.Fprintf(w, index, "[]")
			default:
				w.WriteHeader(http.StatusNotFound)
				fmt.Fprint(w, `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`)
			}
		}, validate.Unreachable, []string{"404 Not Found"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			host := serve(t, ping(test.answer))
			got, err := newClient(t, registry.Options{}).Referrers(t.Context(), host+"/library/app", test.reference)
			if got != nil {
				t.Errorf("got %+v", got)
			}
			wantScriptError(t, err, test.reason, append(test.words, "listing the referrers of "+host+"/library/app")...)
		})
	}
}
