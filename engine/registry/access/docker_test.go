package access

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// FuzzDockerConfig reads logins from a file, and from DOCKER_AUTH_CONFIG, that may hold
// anything. Podman reads the same format.
func FuzzDockerConfig(f *testing.F) {
	auth := base64.StdEncoding.EncodeToString([]byte("robot:s3cret"))
	for _, seed := range []string{
		`{"auths":{"r.example":{"auth":"` + auth + `"}}}`, `{"auths":{"https://r.example/v1/":{"username":"a","password":"b"}}}`,
		`{"auths":{"R.Example":{"identitytoken":"t"}},"credHelpers":{"r.example":"none"}}`, `{"credsStore":"none"}`, `{"auths":{"r.example":{"auth":"!"}}}`,
		`{"auths":null}`, `[]`, `{"auths":{"r.example":{"auth":"OnA="}}}`,
	} {
		f.Add(seed)
	}
	home := f.TempDir()
	for variable, value := range map[string]string{"HOME": home, "DOCKER_CONFIG": home, "PATH": "", "REGISTRY_AUTH_FILE": filepath.Join(home, "config.json")} {
		f.Setenv(variable, value)
	}
	registry, err := name.NewRegistry("r.example")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content string) {
		if err := os.WriteFile(filepath.Join(home, "config.json"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		os.Unsetenv("DOCKER_AUTH_CONFIG")
		check := func(place string, auth authn.Authenticator, err error) {
			if (auth == nil) != (err != nil) {
				t.Errorf("%s: got %v, %v", place, auth, err)
			}
			if err == nil {
				return
			}
			if words := (&CredentialError{err}).Error(); strings.ContainsAny(words, "\n\x1b\x00") || len(words) > 600 {
				t.Errorf("%s: the error is %q", place, words)
			}
		}
		auth, err := dockerLogin(t.Context(), registry)
		check("the Docker configuration", auth, err)
		auth, err = podmanLogin(context.Background(), "r.example", false)
		check("Podman's file", auth, err)
		podmanNamespaces("r.example")
		if os.Setenv("DOCKER_AUTH_CONFIG", content) == nil { // a variable cannot hold a NUL
			auth, err = dockerLogin(t.Context(), registry)
			check("DOCKER_AUTH_CONFIG", auth, err)
		}
	})
}
