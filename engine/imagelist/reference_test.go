package imagelist

import (
	"strings"
	"testing"
)

func TestParseReference(t *testing.T) {
	flags := Options{Source: "hub", Destination: "mirror.example:5000", DefaultProject: "project"}
	for _, test := range []struct{ word, repository, tag string }{
		{"nginx", "docker.io/library/nginx", "latest"},
		{"nginx:1.27", "docker.io/library/nginx", "1.27"},
		{"docker.io/nginx", "docker.io/library/nginx", "latest"},
		{"bitnami/nginx:1", "docker.io/bitnami/nginx", "1"},
		{"localhost:5000/nginx", "localhost:5000/nginx", "latest"},
		{"quay.io/skopeo/stable:v1@" + digest256, "quay.io/skopeo/stable", digest256},
		{"nginx@" + digest512, "docker.io/library/nginx", digest512},
		{"hub/team/app:1", "hub/team/app", "1"},
		{"hub/app:1", "hub/app", "1"},
		{"hub:1", "docker.io/library/hub", "1"},
		{"hubs/app:1", "docker.io/hubs/app", "1"},
		{"hub/quay.io/app", "hub/quay.io/app", "latest"},
		{"mirror.example:5000/quay.io/app", "mirror.example:5000/quay.io/app", "latest"},
		{"mirror.example:5000/app", "mirror.example:5000/app", "latest"},
	} {
		repository, tag, err := ParseReference(test.word, flags)
		if err != nil || repository != test.repository || tag != test.tag {
			t.Errorf("%s: got %s, %s, %v, want %s, %s", test.word, repository, tag, err, test.repository, test.tag)
		}
		if word, digest, _ := strings.Cut(test.word, "@"); digest == "" && !strings.Contains(word, ":1") {
			if repository, err := ParseRepository(test.word, flags); err != nil || repository != test.repository {
				t.Errorf("repository %s: got %s, %v, want %s", test.word, repository, err, test.repository)
			}
		}
	}
}

func TestParseReferenceFails(t *testing.T) {
	for _, test := range []struct{ word, err string }{
		{"", "the name is missing"},
		{"Nginx", "lower case"},
		{"nginx:", "tag"},
		{"nginx:a b", "tag"},
		{"nginx@sha256:beef", "want sha256: and 64"},
		{"nginx:" + digest256, `a digest follows an @: "nginx@` + digest256[:20]},
		{"https://docker.io/nginx", "leave out the scheme"},
		{"/nginx", "between two slashes"},
		{"hub/", "the name is missing"},
	} {
		_, _, err := ParseReference(test.word, Options{Source: "hub"})
		if err == nil || !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: got %v, want %s", test.word, err, test.err)
		}
	}
	hints := Options{Hints: Hints{PlainHTTP: "THIS"}}
	if _, _, err := ParseReference("http://r.io/nginx", hints); err == nil || !strings.Contains(err.Error(), "for plain HTTP give THIS") {
		t.Errorf("reference with a scheme: got %v", err)
	}
	if _, err := ParseRepository("http://r.io/nginx", hints); err == nil || !strings.Contains(err.Error(), "for plain HTTP give THIS") {
		t.Errorf("repository with a scheme: got %v", err)
	}
	for _, word := range []string{"nginx:1", "hub/nginx:1", "nginx@" + digest256} {
		if _, err := ParseRepository(word, Options{Source: "hub"}); err == nil || !strings.Contains(err.Error(), "no tag or digest: leave it out") {
			t.Errorf("repository %s: got %v", word, err)
		}
	}
}
