package access

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/credentials"
	"github.com/google/go-containerregistry/pkg/authn"

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
	case login != nil && imagelist.IsSameRegistry(a.Address, login.Registry): // another host, set as the endpoint, must not get the login
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
	s.auth = authn.Anonymous
	for _, source := range a.sources() {
		auth, err := source.find(ctx)
		if err != nil {
			return fmt.Errorf("looking for credentials in %s: %w", source.name, err)
		}
		if auth != authn.Anonymous {
			s.auth, s.from = auth, source.name
			break
		}
	}
	config, err := authn.Authorization(ctx, s.auth)
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
			auth, err := authn.DefaultKeychain.Resolve(target)
			if err != nil || auth != authn.Anonymous {
				return auth, err
			}
			return resolveOtherSpelling(target)
		}
	}
	return authn.Anonymous, nil
}

// resolveOtherSpelling finds credentials that Docker's configuration has for the same
// registry under another name: its host in capitals, or another name of Docker Hub.
func resolveOtherSpelling(target authn.Resource) (authn.Authenticator, error) {
	file, err := config.Load(os.Getenv("DOCKER_CONFIG"))
	if err != nil {
		return nil, err
	}
	keys := slices.Concat(slices.Collect(maps.Keys(file.AuthConfigs)), slices.Collect(maps.Keys(file.CredentialHelpers)))
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		host := credentials.ConvertToHostname(key)
		if host == target.RegistryStr() || !imagelist.IsSameRegistry(host, target.RegistryStr()) {
			continue
		}
		auth, err := authn.DefaultKeychain.Resolve(spelling(host))
		if err != nil || auth != authn.Anonymous {
			return auth, err
		}
	}
	return authn.Anonymous, nil
}

// spelling is the name of a registry as a configuration has it.
type spelling string

func (s spelling) String() string      { return string(s) }
func (s spelling) RegistryStr() string { return string(s) }

// podmanKeychain reads Podman's credentials. Unlike authn.DefaultKeychain, it also
// reads them if there is a Docker configuration.
// https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
type podmanKeychain struct{}

func (podmanKeychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	return podmanLogin(imagelist.CanonicalRegistry(target.RegistryStr()), false)
}
