package access

import (
	"context"
	"fmt"

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
	case a.Given != (authn.AuthConfig{}):
		return []source{{a.GivenFrom, given(a.Given)}}
	case a.User.Namespace != "":
		return []source{{podmanSource, func(ctx context.Context) (authn.Authenticator, error) {
			return podmanLogin(ctx, a.User.Namespace, true)
		}}}
	case a.Anonymous:
		return nil
	}
	return []source{
		{"the Docker configuration", func(ctx context.Context) (authn.Authenticator, error) { return dockerLogin(ctx, a.registry) }},
		{podmanSource, func(ctx context.Context) (authn.Authenticator, error) {
			return podmanLogin(ctx, podmanKey(a.registry), false)
		}},
	}
}

// given returns a function that finds the credentials of config.
func given(config authn.AuthConfig) func(context.Context) (authn.Authenticator, error) {
	return func(context.Context) (authn.Authenticator, error) { return authn.FromConfig(config), nil }
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
