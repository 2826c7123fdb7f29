package access

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"mvrun/engine/imagelist"
)

// source is a place that may have credentials.
type source struct {
	name string // for messages
	// find returns authn.Anonymous if the place has none for this registry.
	find func(context.Context) (authn.Authenticator, error)
}

// sources returns the places where credentials are looked for, in this order. The
// first place that has credentials counts.
func (a *Account) sources() []source {
	settings := authn.AuthConfig{Username: a.Settings.Username, Password: a.Settings.Password, RegistryToken: a.Settings.Token}
	login := a.User.Login
	switch {
	case settings != (authn.AuthConfig{}):
		return []source{{"the script", given(settings)}}
	case login != nil && a.Address == login.Registry: // another host, set as the endpoint, must not get the login
		return []source{{login.From, given(authn.AuthConfig{Username: login.Username, Password: login.Password})}}
	case a.User.Namespace != "":
		return []source{{podmanSource, func(context.Context) (authn.Authenticator, error) { return podmanLogin(a.User.Namespace, true) }}}
	case a.Anonymous:
		return nil
	}
	return []source{
		{"the Docker configuration", a.resolve(dockerKeychain{})},
		{podmanSource, a.resolve(podmanKeychain{})},
	}
}

// given returns a function that finds the credentials of config.
func given(config authn.AuthConfig) func(context.Context) (authn.Authenticator, error) {
	return func(context.Context) (authn.Authenticator, error) { return authn.FromConfig(config), nil }
}

// resolve returns a function that finds the account's credentials in a keychain.
func (a *Account) resolve(keychain authn.Keychain) func(context.Context) (authn.Authenticator, error) {
	return func(ctx context.Context) (authn.Authenticator, error) {
		return authn.Resolve(ctx, keychain, a.registry)
	}
}

// findCredentials finds the credentials of a session, and sets them in it.
func (a *Account) findCredentials(ctx context.Context, s *Session) error {
	found := authn.Authenticator(authn.Anonymous)
	for _, source := range a.sources() {
		auth, err := source.find(ctx)
		if err != nil {
			return fmt.Errorf("looking for credentials in %s: %w", source.name, err)
		}
		if auth != authn.Anonymous {
			found, s.from = auth, source.name
			break
		}
	}
	config, err := authn.Authorization(ctx, found)
	if err != nil {
		return fmt.Errorf("reading the credentials of %s: %w", s.from, err)
	}
	s.config = *config
	return nil
}

// dockerKeychain reads Docker's configuration. If there is none, it finds no
// credentials. authn.DefaultKeychain would then read Podman's configuration, and its
// errors would name the wrong file.
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

// podmanKeychain reads Podman's credentials. Unlike authn.DefaultKeychain, it also
// reads them if there is a Docker configuration.
// https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
type podmanKeychain struct{}

func (podmanKeychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	registry := target.RegistryStr()
	if registry == name.DefaultRegistry { // Podman calls Docker Hub as lists do
		registry = imagelist.DockerHub
	}
	return podmanLogin(registry, false)
}
