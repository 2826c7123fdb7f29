package access

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/docker/cli/cli/config/types"
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
	return append([]source{
		{"the Docker configuration", func(ctx context.Context) (authn.Authenticator, error) { return dockerLogin(ctx, a.registry) }},
		{podmanSource, func(ctx context.Context) (authn.Authenticator, error) {
			return podmanLogin(ctx, podmanKey(a.registry), false)
		}},
	}, a.cloudSources()...)
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
	if at, ok := found.(*placedLogin); ok {
		s.where, s.life = at.where, at.life
	}
	return nil
}

// placedLogin is a login that knows its place. It implements authn.Authenticator.
type placedLogin struct {
	authn.AuthConfig
	where string        // the file, the program or the service that gave it
	life  time.Duration // how long it may be used; 0 if nobody knows
}

// Authorization implements authn.Authenticator.
func (l *placedLogin) Authorization() (*authn.AuthConfig, error) { return &l.AuthConfig, nil }

// programLife is how long a login is used that a program gave. Programs for clouds give
// logins that are valid for as little as an hour.
const programLife = 30 * time.Minute

// loginAt returns a login that was found in a configuration, as the other packages need
// it.
func loginAt(login types.AuthConfig, where string) authn.Authenticator {
	placed := &placedLogin{where: where, AuthConfig: authn.AuthConfig{
		Username: login.Username, Password: login.Password, Auth: login.Auth,
		IdentityToken: login.IdentityToken, RegistryToken: login.RegistryToken,
	}}
	if strings.HasPrefix(where, helperPrefix) {
		placed.life = programLife
	}
	return placed
}
