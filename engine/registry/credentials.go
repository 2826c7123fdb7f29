package registry

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/credentials"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"mvrun/engine/imagelist"
)

// Whose name and password a registry gets.

// credentials finds the session's: those of the registry's settings, else the
// user's login for this side, else Podman's for the namespace, else the Docker
// configuration and its helpers, else Podman's for the registry.
func (h *host) credentials(ctx context.Context, s *session) error {
	s.auth = authn.Anonymous
	own := authn.AuthConfig{Username: h.settings.Username, Password: h.settings.Password, RegistryToken: h.settings.Token}
	if own != (authn.AuthConfig{}) {
		s.auth, s.from = authn.FromConfig(own), "the script"
	} else if h.login != nil && h.address == h.login.Registry { // not for an endpoint elsewhere
		s.auth, s.from = authn.FromConfig(authn.AuthConfig{Username: h.login.Username, Password: h.login.Password}), h.login.From
	} else if h.namespace != "" {
		auth, err := podmanLogin(h.namespace, true)
		if err != nil {
			return fmt.Errorf("looking for credentials in Podman's auth.json: %w", err)
		}
		s.auth, s.from = auth, "Podman's auth.json"
	} else if !h.client.options.Anonymous {
		for _, keychain := range []struct {
			authn.Keychain
			from string
		}{{dockerKeychain{}, "the Docker configuration"}, {podmanKeychain{}, "Podman's auth.json"}} {
			auth, err := authn.Resolve(ctx, keychain, s.registry)
			if err != nil {
				return fmt.Errorf("looking for credentials in %s: %w", keychain.from, err)
			}
			if auth != authn.Anonymous {
				s.auth, s.from = auth, keychain.from
				break
			}
		}
	}
	found, err := authn.Authorization(ctx, s.auth)
	if err != nil {
		return fmt.Errorf("reading the credentials of %s: %w", s.from, err)
	}
	s.config = *found
	return nil
}

func basic(username, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
}

// dockerKeychain reads Docker's configuration, where there is one. Without one
// authn.DefaultKeychain would read Podman's, and errors name the wrong file.
type dockerKeychain struct{}

func (dockerKeychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	home, _ := os.UserHomeDir()
	for _, folder := range []string{filepath.Join(home, ".docker"), os.Getenv("DOCKER_CONFIG")} {
		if info, err := os.Stat(filepath.Join(folder, "config.json")); folder != "" && err == nil && !info.IsDir() {
			return authn.DefaultKeychain.Resolve(target)
		}
	}
	return authn.Anonymous, nil
}

// podmanKeychain reads Podman's credentials even beside a Docker
// configuration, which authn.DefaultKeychain does not, and knows Docker Hub by
// the name that Podman gives it.
// https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
type podmanKeychain struct{}

func (podmanKeychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	registry := target.RegistryStr()
	if registry == name.DefaultRegistry {
		registry = imagelist.DockerHub // as Podman calls it
	}
	return podmanLogin(registry, false)
}

// podmanLogin returns the login for a registry, or for a namespace of it, which
// helpers have none for.
func podmanLogin(key string, namespace bool) (authn.Authenticator, error) {
	for _, path := range podmanFiles() {
		file, err := podmanFile(path)
		if err != nil {
			return nil, err
		}
		// GetAuthConfig would look for Docker's name of Docker Hub, and take any
		// of several logins that are for one namespace of the registry each.
		found := file.AuthConfigs[key]
		if helper := cmp.Or(file.CredentialHelpers[key], file.CredentialsStore); helper != "" && !namespace {
			found, err = credentials.NewNativeStore(file, helper).Get(key)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		found.ServerAddress = ""
		if found != (types.AuthConfig{}) {
			return authn.FromConfig(authn.AuthConfig{
				Username: found.Username, Password: found.Password, Auth: found.Auth,
				IdentityToken: found.IdentityToken, RegistryToken: found.RegistryToken,
			}), nil
		}
	}
	return authn.Anonymous, nil
}

// podmanFile reads one of Podman's files. One that does not exist is empty.
func podmanFile(path string) (*configfile.ConfigFile, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return configfile.New(path), nil
	}
	if err != nil {
		return nil, err
	}
	file, err := config.LoadFromReader(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// podmanNamespaces returns what Podman has logins for below a registry, such as
// quay.io/team, the narrower ones first.
func podmanNamespaces(registry string) []string {
	var found []string
	for _, path := range podmanFiles() {
		file, err := podmanFile(path)
		if err != nil {
			continue // who looks for the registry's login will say so
		}
		for key := range file.AuthConfigs {
			if strings.HasPrefix(key, registry+"/") && !slices.Contains(found, key) {
				found = append(found, key)
			}
		}
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return found
}

func podmanFiles() []string {
	if path := os.Getenv("REGISTRY_AUTH_FILE"); path != "" {
		return []string{path}
	}
	var paths []string
	if runtime := os.Getenv("XDG_RUNTIME_DIR"); runtime != "" {
		paths = append(paths, filepath.Join(runtime, "containers", "auth.json"))
	} else {
		paths = append(paths, fmt.Sprintf("/run/containers/%d/auth.json", os.Getuid()))
	}
	home, _ := os.UserHomeDir()
	return append(paths, filepath.Join(cmp.Or(os.Getenv("XDG_CONFIG_HOME"), filepath.Join(home, ".config")), "containers", "auth.json"))
}
