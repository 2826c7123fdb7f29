package access

import (
	"context"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
)

// This file describes how a user gets into a registry, without any secret.

// Found describes credentials.
type Found struct {
	From     string // the place in the order of places, such as "the Docker configuration"; "" if there are none
	Where    string // the file, the program or the service that gave them; "" if From says all
	Username string // "" if they have none
	Kind     string // "password", "identity token" or "token"; "" if there are none
}

// Login describes the credentials of the session.
func (s *Session) Login() Found {
	f := Found{From: s.from, Where: s.where, Username: s.config.Username}
	switch {
	case s.config.RegistryToken != "":
		f.Kind = "token"
	case s.config.IdentityToken != "":
		f.Kind = "identity token"
	case s.config != (authn.AuthConfig{}):
		f.Kind = "password"
	}
	return f
}

// Login describes the credentials of the latest session. known is false before the
// first answer of the registry.
func (a *Account) Login() (found Found, known bool) {
	s := a.session.last()
	if s == nil {
		return Found{}, false
	}
	return s.Login(), true
}

// Challenge is what a registry demands of who reads from it.
type Challenge struct {
	Scheme  string // "" if it demands nothing; in lower case: "basic", "bearer", or another one
	Server  string // the token server, without the query of its URL; "" if there is none
	Service string // the name of the registry at its token server
	Refused error  // why the token server is not asked; nil if it is
	Foreign bool   // another host demands it, to which the registry redirects its first request
}

// Challenge returns what the registry demands.
func (a *Account) Challenge(ctx context.Context, s *Session) Challenge {
	c := Challenge{Scheme: strings.ToLower(s.challenge.Scheme), Foreign: isForeign(s.challenge)}
	if s.wantsToken() {
		realm := s.challenge.Parameters["realm"]
		c.Server, c.Service = shownRealm(realm), s.challenge.Parameters["service"]
		_, c.Refused = a.rules(ctx, s).check(realm)
	}
	return c
}

// IsAccepted reports whether the registry, or its token server, has accepted the
// credentials of the latest session.
func (a *Account) IsAccepted() bool {
	s := a.session.last()
	return s != nil && s.from != "" && s.login.accepted.Load()
}
